import { expect, test } from '@jest/globals'
import { ext } from '../../../../src/disk/filesystem/ext/index.ts'
import { readImage } from '../../../support/filesystem.ts'
import { noCorpus, noMountOf } from '../../../support/machine.ts'
import { unless } from '../../../support/skip.ts'
import { fromCorpus, type Listed, parseLines, readCorpus, walkMounted, withMount, withTempDir } from '../../../support/tools.ts'

const sound = [
  'dfvfs-ext2.raw.gz',
  'dissect-ext4_symlink_test.img.gz',
  'ext4view-test_disk_ext2.img.zst',
  'ext4view-test_disk_ext3.img.zst',
  'goext4-hierarchy_32.img.gz',
  'goext4-hierarchy_64.img.gz',
  'goext4-jbd2-tiny.img.gz',
  'goext4-tiny.img.gz',
  'keramics-ext2.raw.gz',
  'lde-test.ext2.img.gz',
  'lde-test.ext3.img.gz',
  'lde-test.ext4.img.gz',
  'util-linux-ext2.img.xz',
  'util-linux-ext3.img.xz',
]

unless(noCorpus).describe('images that others made equal what the kernel said of them', () => {
  test.each(sound)('%s', async (file) => {
    await withTempDir(async (dir) => {
      const image = fromCorpus(`ext/other/${file}`, dir)
      const { entries, unreadable } = readImage(image, ext.open)
      expect(unreadable).toEqual({})
      expect(entries).toEqual(manifest(file))
    })
  })

  unless(noMountOf('ext4')).test.each(sound)('%s equals what this kernel says of it', async (file) => {
    await withTempDir(async (dir) => {
      const image = fromCorpus(`ext/other/${file}`, dir)
      expect(readImage(image, ext.open).entries).toEqual(await withMount(image, walkMounted))
    })
  })

  test('with an encrypted directory, which is named', async () => {
    await withTempDir((dir) => {
      const file = 'ext4view-test_disk1.img.zst'
      const { entries, unreadable } = readImage(fromCorpus(`ext/other/${file}`, dir), ext.open)
      expect(unreadable).toEqual({ encrypted_dir: "inode 11032 of the image: it is encrypted and can't be read without its key" })
      expect(entries.map(({ path }) => path)).toContain('encrypted_dir')
      expect(entries).toEqual(manifest(file).filter(({ path }) => !path.startsWith('encrypted_dir/')))
    })
  })

  test('one that stops before its superblock', async () => {
    await withTempDir((dir) => {
      expect(() => readImage(fromCorpus('ext/other/ext4view-not_ext4.bin', dir), ext.open)).toThrow(
        /^the image: 1024 bytes are needed at byte 1024/,
      )
    })
  })

  test('one with holes in a directory', async () => {
    await withTempDir((dir) => {
      const { warnings } = readImage(fromCorpus('ext/other/faux-f_holedir3.img.gz', dir), ext.open)
      expect(warnings).toEqual([
        'inode 12 of the image: 3 blocks of the directory are missing, starting with block 2; the names in them are lost',
      ])
    })
  })
})

/** Its modes are Python's (`0o755`), and it also has numbers of sectors. */
function manifest(file: string): Listed[] {
  const lines = parseLines(readCorpus(`manifest/other_${file.replace(/(\.img|\.raw)?\.\w+$/, '')}.jsonl`))
  return lines.map(({ blocks, ...line }) => ({ ...line, mode: String(line.mode).slice(2).padStart(4, '0') }) as unknown as Listed)
}
