import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { xfs } from '../../../../src/disk/filesystem/xfs/index.ts'
import { readImage } from '../../../support/filesystem.ts'
import { noMountOf } from '../../../support/machine.ts'
import { unless } from '../../../support/skip.ts'
import { run, sh, walkMounted, withMount, withTempDir } from '../../../support/tools.ts'
import { fill, makeImage } from './support.ts'

const { describe: suite } = unless(noMountOf('xfs'))

const configurations: readonly [name: string, blockSize: number, options: string, size?: string][] = [
  ['as mkfs.xfs makes it', 4096, ''],
  ['blocks of 1 KiB', 1024, '-b size=1024'],
  ['blocks of 2 KiB, directory blocks of 64 KiB', 2048, '-b size=2048 -n size=65536'],
  ['directory blocks of 8 KiB, inodes of 2 KiB', 4096, '-n size=8192 -i size=2048'],
  ['sectors of 4 KiB, inodes of 1 KiB', 4096, '-s size=4096 -i size=1024'],
  ['70 groups, not of a power of two blocks', 4096, '-d agcount=70', '5000M'],
  ['every feature', 4096, '-m crc=1,rmapbt=1,reflink=1,bigtime=1,inobtcount=1,finobt=1 -i sparse=1,nrext64=1'],
  ['few features', 4096, '-m crc=1,rmapbt=0,reflink=0,bigtime=0,inobtcount=0,finobt=0 -i sparse=0,nrext64=0'],
  ['another UUID than in its metadata', 4096, '-L label'],
]

suite('equals what the kernel says', () => {
  test.each(configurations)('%s', async (...[name, blockSize, options, size]) => {
    await withTempDir(async (dir) => {
      const image = makeImage(join(dir, 'image'), options, size)
      if (name.startsWith('another UUID')) run('xfs_admin', ['-U', 'generate', image], { stdio: 'pipe' })
      await fill(image, blockSize)
      const mounted = await withMount(image, walkMounted)
      const { entries, unreadable, warnings } = readImage(image, xfs.open)
      expect(unreadable).toEqual({})
      expect(warnings).toEqual([])
      expect(mounted.length).toBeGreaterThan(5000)
      expect(entries).toEqual(mounted)
    })
  })

  test('a map of several levels, in a file and in a directory', async () => {
    await withTempDir(async (dir) => {
      const image = makeImage(join(dir, 'image'), '-b size=1024 -i size=512')
      await withMount(
        image,
        (mounted) =>
          void sh(`cd ${mounted}; python3 -c "
import os
with open('pieces', 'wb') as file:
    for index in range(9000):
        file.seek(2048 * index)
        file.write(b'%d' % index)
os.mkdir('dir')
for index in range(4000):
    open('dir/%0200d' % index, 'wb').close()
    if index % 4 == 0: open('between%d' % index, 'wb').write(bytes(1024))"`),
        'rw',
      )
      const levels = (path: string) => Number(/= (\d+)/.exec(sh(`xfs_db -r -c 'path ${path}' -c 'p u3.bmbt.level' ${image}`))![1])
      expect(levels('/pieces')).toBe(2)
      expect(levels('/dir')).toBe(1)
      const { entries, unreadable } = readImage(image, xfs.open)
      expect(unreadable).toEqual({})
      expect(entries).toEqual(await withMount(image, walkMounted))
    })
  })
})
