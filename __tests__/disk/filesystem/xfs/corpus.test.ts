import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { xfs } from '../../../../src/disk/filesystem/xfs/index.ts'
import { readImage } from '../../../support/filesystem.ts'
import { noCorpus } from '../../../support/machine.ts'
import { unless } from '../../../support/skip.ts'
import { byPath, corpus, fromCorpus, type Listed, parseLines, readCorpus, withTempDir } from '../../../support/tools.ts'

const images = noCorpus ? [] : readdirSync(join(corpus, 'xfs'))
const manifestOf = (file: string) => `xfs_${file.replace('.img.zst', '.jsonl')}`
const withManifest = new Set(noCorpus ? [] : readdirSync(join(corpus, 'manifest')))
const sound = images.filter((file) => withManifest.has(manifestOf(file)))

unless(noCorpus).describe('images that others made', () => {
  test('are there', () => {
    expect(sound).toHaveLength(24)
    expect(images).toHaveLength(27)
  })

  test.each(sound)('%s equals what the kernel or xfs_db said of it', async (file) => {
    await withTempDir((dir) => {
      const { entries, unreadable } = readImage(fromCorpus(`xfs/${file}`, dir), xfs.open)
      expect(unreadable).toEqual({})
      const expected = byPath(parseLines(readCorpus(`manifest/${manifestOf(file)}`)))
      // xfs_db's copies have no numbers of inodes, and no modes of symlinks.
      const known = new Map(expected.map((line) => [line.path, Object.keys(line)]))
      const comparable = (entry: Listed) =>
        Object.fromEntries(
          Object.entries(entry).filter(([field]) => field === 'xattrs' || (known.get(entry.path) ?? [field]).includes(field)),
        )
      expect(entries.map(comparable)).toEqual(expected)
    })
  })

  test.each(['util-linux-xfs-v5.img.zst', 'util-linux-xfs.img.zst'])('%s has an empty root', async (file) => {
    await withTempDir((dir) => {
      expect(readImage(fromCorpus(`xfs/${file}`, dir), xfs.open)).toMatchObject({ entries: [], unreadable: {} })
    })
  })

  test('the contents of realtime files are refused by name', async () => {
    await withTempDir((dir) => {
      const { entries } = readImage(fromCorpus('xfs/xfuse-xfs_rt1.img.zst', dir), xfs.open)
      expect(entries.map(({ path, size, error }) => [path, size, error])).toEqual([
        ['files', undefined, undefined],
        ['files/btree2.txt', 262_144, "inode 133 of the image: its content is on the filesystem's realtime device, which can't be read"],
        ['files/rtfile.txt', 33_558_528, "inode 132 of the image: its content is on the filesystem's realtime device, which can't be read"],
      ])
    })
  })
})
