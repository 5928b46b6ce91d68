import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { bytesAt } from '../../../../src/bytes/source.ts'
import { ext } from '../../../../src/disk/filesystem/ext/index.ts'
import { resolve } from '../../../../src/disk/filesystem/tree.ts'
import { readImage, withFileSystem } from '../../../support/filesystem.ts'
import { noMountOf } from '../../../support/machine.ts'
import { unless } from '../../../support/skip.ts'
import { run, sh, walkMounted, withMount, withTempDir } from '../../../support/tools.ts'
import { fill, makeImage } from './support.ts'

const { describe: suite } = unless(noMountOf('ext4'))

const configurations: readonly [name: string, blockSize: number, options: string, ...fill: string[]][] = [
  ['ext2', 1024, '-t ext2 -b 1024 -I 128 -N 12000'],
  ['ext2, revision 0', 1024, '-r 0 -O none -b 1024 -N 12000'],
  ['ext2 without filetype', 4096, '-t ext2 -b 4096 -O ^filetype'],
  ['ext3 with inodes of 128 bytes', 4096, '-t ext3 -b 4096 -I 128'],
  ['ext3 with inodes of 256 bytes', 2048, '-t ext3 -b 2048 -I 256'],
  ['ext4', 4096, '-t ext4 -b 4096'],
  ['ext4 with blocks of 1 KiB', 1024, '-t ext4 -b 1024 -N 12000'],
  ['ext4 without 64bit', 4096, '-t ext4 -b 4096 -O ^64bit'],
  ['ext4 without extents', 4096, '-t ext4 -b 4096 -O ^extent,^64bit'],
  ['ext4 with uninit_bg and 64bit', 1024, '-t ext4 -b 1024 -N 12000 -O ^metadata_csum,uninit_bg -E lazy_itable_init=1'],
  ['ext4 with uninit_bg', 1024, '-t ext4 -b 1024 -N 12000 -O ^metadata_csum,^64bit,uninit_bg'],
  ['ext4 without checksums', 4096, '-t ext4 -b 4096 -O ^metadata_csum'],
  ['ext4 with metadata_csum_seed', 4096, '-t ext4 -b 4096 -O metadata_csum_seed'],
  ['ext4 with meta_bg', 1024, '-t ext4 -b 1024 -g 1024 -N 12000 -O meta_bg,^resize_inode,^flex_bg'],
  ['ext4 with sparse_super2', 1024, '-t ext4 -b 1024 -g 1024 -N 12000 -O sparse_super2,meta_bg,^resize_inode'],
  ['ext4 with bigalloc', 4096, '-t ext4 -b 4096 -O bigalloc -C 16384'],
  ['ext4 with bigalloc and blocks of 1 KiB', 1024, '-t ext4 -b 1024 -N 12000 -O bigalloc -C 4096'],
  ['ext4 with inline_data', 4096, '-t ext4 -b 4096 -O inline_data'],
  ['ext4 with inline_data in inodes of 1 KiB', 4096, '-t ext4 -b 4096 -I 1024 -O inline_data'],
  ['ext4 with ea_inode', 4096, '-t ext4 -b 4096 -O ea_inode', 'large-attributes'],
  [
    'ext4 with ea_inode and inline_data, without checksums',
    1024,
    '-t ext4 -b 1024 -N 12000 -O ea_inode,inline_data,^metadata_csum',
    'large-attributes',
  ],
  ['ext4 with checksums, without filetype', 4096, '-t ext4 -b 4096 -O ^filetype'],
  ['ext4 with checksums, without filetype and dir_index', 1024, '-t ext4 -b 1024 -N 12000 -O ^filetype,^dir_index'],
  ['ext4 without dir_index', 4096, '-t ext4 -b 4096 -O ^dir_index'],
  ['ext4 with orphan_file and mmp', 4096, '-t ext4 -b 4096 -O orphan_file,mmp'],
]

suite('equals what the kernel says', () => {
  test.each(configurations)('%s', async (_name, blockSize, options, ...fillOptions) => {
    await withTempDir(async (dir) => {
      const image = makeImage(join(dir, 'image'), options)
      await fill(image, blockSize, ...fillOptions)
      const mounted = await withMount(image, walkMounted)
      const { entries, unreadable, warnings } = readImage(image, ext.open)
      expect(unreadable).toEqual({})
      expect(warnings).toEqual([])
      expect(mounted.length).toBeGreaterThan(1500)
      expect(entries).toEqual(mounted)
    })
  })

  test('a file of more than 4 GiB, with blocks at every depth of the block map', async () => {
    await withTempDir(async (dir) => {
      const image = makeImage(join(dir, 'image'), '-t ext3 -b 4096 -I 128')
      const places = [0, 11, 12, 1035, 1036, 1037, 500_000, 1_049_612, 1_310_719].map((block) => block * 4096 + 100)
      await withMount(
        image,
        (mounted) => {
          for (const at of places) sh(`echo block at ${at} | dd of=${mounted}/file bs=1 seek=${at} conv=notrunc status=none`)
          const size = statSync(join(mounted, 'file')).size
          run('sync', ['-f', mounted])
          withFileSystem(image, ext.open, (fs) => {
            const file = resolve(fs, 'file')!
            expect(file.size).toBe(size)
            const fd = openSync(join(mounted, 'file'), 'r')
            // Backwards too, since a reader that remembers where it was must find its way back.
            for (const at of [...places, ...places.toReversed()]) {
              const from = Math.max(0, at - 50_000)
              const expected = Buffer.alloc(Math.min(100_000, size - from))
              readSync(fd, expected, 0, expected.length, from)
              expect(expected.includes(`block at ${at}`)).toBe(true)
              expect(bytesAt(file.content(), from, expected.length).equals(expected)).toBe(true)
            }
            closeSync(fd)
          })
        },
        'rw',
      )
    })
  })

  test('a directory whose hash tree has three levels (large_dir)', async () => {
    await withTempDir(async (dir) => {
      const image = makeImage(join(dir, 'image'), '-t ext4 -b 1024 -O large_dir')
      await withMount(
        image,
        (mounted) =>
          void sh(`cd ${mounted}; : > one; python3 -c "
import os
for index in range(40000): os.link('one', str(index).rjust(250, 'n'))
for index in range(5000): os.link('one', '%d-' % index + 'm' * 240)"`),
        'rw',
      )
      expect(sh(`debugfs -R 'htree_dump /' ${image} 2>/dev/null | head -20`)).toContain('Indirect levels: 2')
      const names = await withMount(image, (mounted) => readdirSync(mounted).sort())
      expect(withFileSystem(image, ext.open, (fs) => [...fs.entries(fs.root)].map(({ name }) => name.toString()).sort())).toEqual(names)
    })
  })
})

describe('equals what mke2fs was given, where the kernel may not know the feature', () => {
  test.each([
    ['blocks of 64 KiB', '-t ext4 -b 65536'],
    ['blocks of 64 KiB, without checksums', '-t ext4 -b 65536 -O ^metadata_csum'],
    ['casefold', '-t ext4 -O casefold'],
    ['quota, project and verity', '-t ext4 -O quota,project,verity'],
  ])('%s', async (_name, options) => {
    await withTempDir((dir) => {
      const from = join(dir, 'from')
      sh(`mkdir -p ${from}/sub/deeper; cd ${from}; seq 100000 > numbers; ln numbers sub/linked; ln -s numbers sub/link; truncate -s 3M hole; mkfifo fifo
        printf %s ${'long/'.repeat(40)} > target; ln -s "$(cat target)" longlink; for i in $(seq 3000); do : > sub/deeper/$i-${'n'.repeat(40)}; done`)
      const image = makeImage(join(dir, 'image'), options, '256M', ['-d', from])
      const { entries, unreadable } = readImage(image, ext.open)
      expect(unreadable).toEqual({})
      // mke2fs gives inodes of its own, cuts times to seconds, and adds a directory.
      const comparable = (list: typeof entries) => list.map(({ ino, mtime, ...rest }) => ({ ...rest, mtime: String(mtime).split('.')[0] }))
      expect(comparable(entries.filter(({ path }) => path !== 'lost+found'))).toEqual(comparable(walkMounted(from)))
    })
  })
})
