import { join } from 'node:path'
import { test } from '@jest/globals'
import { expectToSurviveDamage } from '../../../support/mutation.ts'
import { sh, withTempDir } from '../../../support/tools.ts'
import { makeImage } from './support.ts'

const tree = `mkdir -p few many/deeper; seq 30000 > numbers; ln numbers few/linked; ln -s target link; ln -s ${'long/'.repeat(30)} longlink
  mkfifo fifo; mknod null c 1 3 2>/dev/null || true; echo small > few/small; truncate -s 9M hole; echo end >> hole
  for i in $(seq 0 2 40); do dd if=numbers of=pieces bs=1024 count=1 seek=$i conv=notrunc status=none; done
  setfattr -n user.small -v 1 few/small; setfattr -n user.large -v $(seq -s, 200) numbers; setfacl -m u:7:rx,d:u:8:rwx few
  for i in $(seq 150); do : > many/$i-nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn; done`

/** Without checksums, damage gets past the first look. */
test.each([
  ['ext2', '-t ext2 -b 1024 -I 128'],
  ['ext4', '-t ext4 -b 1024 -O ^metadata_csum,^has_journal'],
  ['ext4 with checksums', '-t ext4 -b 1024 -O ^has_journal'],
  [
    'ext4 with inline data and attribute inodes',
    '-t ext4 -b 1024 -O ^metadata_csum,^has_journal,inline_data,ea_inode,large_dir,bigalloc,^resize_inode',
  ],
])('damaged copies are read or refused, soon: %s', async (_name, options) => {
  await withTempDir((dir) => {
    const from = join(dir, 'from')
    sh(`mkdir ${from}; cd ${from}; ${tree}`)
    const image = makeImage(join(dir, 'image'), `${options} -N 256`, '2M', ['-d', from])
    // Directories by hash come from e2fsck, as mke2fs makes none.
    sh(`e2fsck -fyD ${image} >/dev/null || [ $? = 1 ]`)
    expectToSurviveDamage(image, 250)
  })
})
