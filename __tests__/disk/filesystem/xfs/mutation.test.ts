import { join } from 'node:path'
import { noMountOf } from '../../../support/machine.ts'
import { expectToSurviveDamage } from '../../../support/mutation.ts'
import { unless } from '../../../support/skip.ts'
import { sh, withMount, withTempDir } from '../../../support/tools.ts'
import { makeImage } from './support.ts'

const tree = `mkdir -p few many/deeper; seq 30000 > numbers; ln numbers few/linked; ln -s target link; ln -s ${'long/'.repeat(120)} longlink
  mkfifo fifo; mknod null c 1 3; echo small > few/small; truncate -s 9M hole; echo end >> hole
  for i in $(seq 0 2 400); do dd if=numbers of=pieces bs=1024 count=1 seek=$i conv=notrunc status=none; done
  setfattr -n user.small -v 1 few/small; for i in $(seq 60); do setfattr -n user.large$i -v $(seq -s, $i) numbers; done
  setfattr -n user.remote -v $(seq -s, 2000) few/small; setfacl -m u:7:rx,d:u:8:rwx few
  for i in $(seq 600); do : > many/$i-nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn; done; for i in $(seq 20); do : > many/deeper/$i; done`

unless(noMountOf('xfs')).test('damaged copies are read or refused, soon: version 5', async () => {
  await withTempDir(async (dir) => {
    const image = makeImage(join(dir, 'image'), '-b size=1024', '20M')
    await withMount(image, (mounted) => void sh(`cd ${mounted}; ${tree}`), 'rw')
    expectToSurviveDamage(image, 250)
  })
})
