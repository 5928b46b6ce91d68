import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32c } from '../../../src/bytes/crc32c.ts'
import { ext as format } from '../../../src/disk/filesystem/ext/index.ts'
import { sh, walkMounted, withMount } from '../../support/tools.ts'
import type { Checker, Seed, Target } from '../seed.ts'
import { metadataRanges } from './trace.ts'

/** A small tree with one of everything. */
export const tree = `mkdir -p few many/deeper; seq 30000 > numbers; ln numbers few/linked; ln -s target link; ln -s ${'long/'.repeat(30)} longlink
  mkfifo fifo; mknod null c 1 3 2>/dev/null || true; echo small > few/small; truncate -s 9M hole; echo end >> hole
  for i in $(seq 0 2 40); do dd if=numbers of=pieces bs=1024 count=1 seek=$i conv=notrunc status=none; done
  setfattr -n user.small -v 1 few/small; setfattr -n user.large -v $(seq -s, 200) numbers; setfacl -m u:7:rx,d:u:8:rwx few
  for i in $(seq 150); do : > many/$i-nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn; done
  find . -exec touch --no-dereference --date=@1421841600 {} +`

/** Readers can be led past checksums only where there are none: nearly every structure has its own. */
const configurations: readonly (readonly [name: string, options: string])[] = [
  ['ext2', '-t ext2 -b 1024 -I 128'],
  ['ext3 with a journal', '-t ext3 -b 1024 -J size=1'],
  ['ext4 without checksums', '-t ext4 -b 1024 -O ^metadata_csum,^has_journal'],
  [
    'ext4 with inline data and attribute inodes',
    '-t ext4 -b 1024 -O ^metadata_csum,^has_journal,inline_data,ea_inode,large_dir,bigalloc,^resize_inode',
  ],
  ['ext4', '-t ext4 -b 1024 -O ^has_journal'],
]

export const ext: Target = {
  name: 'ext',
  async seeds(dir) {
    const from = join(dir, 'ext')
    mkdirSync(from)
    sh(`cd ${from}; ${tree}`)
    const checker = extChecker()
    return configurations.map(([name, options]): Seed => {
      const image = join(dir, 'ext.img')
      const env = { ...process.env, E2FSPROGS_FAKE_TIME: '1421841600', E2FSCK_TIME: '1421841600' }
      const fixed = '-U 6f1d2c3b-4a59-4687-9876-5a4b3c2d1e0f -E hash_seed=6f1d2c3b-4a59-4687-9876-5a4b3c2d1e0f'
      sh(`rm -f ${image}; mke2fs -q -F ${options} ${fixed} -N 256 -d ${from} ${image} 4M`, { env })
      // Only e2fsck makes directories with hash trees.
      sh(`e2fsck -fyD ${image} >/dev/null || [ $? = 1 ]`, { env })
      const bytes = readFileSync(image)
      return { name, bytes, ranges: metadataRanges(bytes, format), repair: repairSuperblock, ...(checker && { checker }) }
    })
  },
}

/** The checksum of a superblock that has one (Ext4 disk layout, "Super Block": s_checksum). */
function repairSuperblock(mutant: Buffer): void {
  const superblock = mutant.subarray(1024, 2048)
  superblock.writeUInt32LE(crc32c(0xffffffff, superblock.subarray(0, 1020)) >>> 0, 1020)
}

/** What the kernel sees in an image that e2fsck finds clean. Mounting takes root. */
function extChecker(): Checker | undefined {
  if (process.getuid?.() !== 0) return undefined
  return {
    isClean: (path) => spawnSync('e2fsck', ['-fn', path]).status === 0,
    async list(path) {
      try {
        return await withMount(path, walkMounted, 'ro,noload')
      } catch {
        return undefined
      }
    },
  }
}
