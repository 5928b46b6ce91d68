import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ext } from '../../../../../src/disk/filesystem/ext/index.ts'
import { readImage, withFileSystem } from '../../../../support/filesystem.ts'
import { noCorpus, noMountOf } from '../../../../support/machine.ts'
import { unless } from '../../../../support/skip.ts'
import { byPath, fromCorpus, parseLines, readCorpus, run, withTempDir } from '../../../../support/tools.ts'
import { makeImage } from '../support.ts'
import { crashedImage, journalOf, looksLikeJournal, mountedByKernel, overwriteJournal } from './support.ts'

/** Many small transactions, with names and blocks freed and used again, and files that look like a journal. */
const busy = `
for number in range(8): os.mkdir(f'd{number}')
for number in range(90):
    write(f'd{number % 7}/f{number}', os.urandom(number * 1500))
    write(f'd1/e{number}', b'\\xc0\\x3b\\x39\\x98' + b'hello' * (number * 40))
    if number % 5 == 0:
        for name in os.listdir(f'd{number % 3}'): os.unlink(f'd{number % 3}/{name}')
        os.rmdir(f'd{number % 3}'); os.mkdir(f'd{number % 3}')
    fsync('d7')
os.unlink('d1/e88')
`

const configurations: [string, string, string, RegExp][] = [
  ['ext3', '-t ext3 -b 4096', 'data=ordered', /journal_incompat_revoke$/m],
  ['ext3 with data in its journal', '-t ext3 -b 1024', 'data=journal', /Journal features/],
  ['ext4', '-t ext4 -b 4096', 'data=ordered', /64bit journal_checksum_v3/],
  ['ext4 with data in its journal, many times around it', '-t ext4 -b 1024 -J size=4', 'data=journal', /64bit journal_checksum_v3/],
  ['ext4 without 64bit', '-t ext4 -b 1024 -O ^64bit', 'data=ordered', /journal_checksum_v3/],
  [
    'checksums of kind v1',
    '-t ext4 -b 4096 -O ^metadata_csum',
    'data=ordered,journal_checksum',
    /journal_checksum journal_incompat_revoke/,
  ],
  ['asynchronous commits', '-t ext4 -b 4096 -O ^metadata_csum,^64bit', 'data=writeback,journal_async_commit', /journal_async_commit/],
]

unless(noMountOf('ext4')).describe('the journal of a filesystem in use', () => {
  test.each(configurations)('%s', async (_name, mkfs, mount, features) => {
    await withTempDir(async (dir) => {
      const image = await crashedImage(dir, mkfs, mount, busy)
      expect(run('dumpe2fs', ['-h', image], { stdio: 'pipe' })).toMatch(features)
      const mounted = await mountedByKernel(image)
      const { entries, unreadable, warnings } = readImage(image, ext.open)
      expect({ unreadable, warnings }).toEqual({ unreadable: {}, warnings: [] })
      expect(mounted!.length).toBeGreaterThan(50)
      expect(entries).toEqual(mounted)
      withFileSystem(image, ext.open, ({ info }) =>
        expect(info.notes).toEqual([expect.stringMatching(/^journal replayed: \d+ transactions$/)]),
      )
    })
  })

  test('an asynchronous commit that fails its checksum was never finished if it is the last, and is damage if it is not', async () => {
    await withTempDir(async (dir) => {
      const image = await crashedImage(dir, '-t ext4 -b 1024 -O ^metadata_csum,^64bit', 'data=writeback,journal_async_commit', busy)
      const journal = journalOf(image)
      const start = journal.readUInt32BE(28)
      const isCommit = (at: number) => journal.subarray(at * 1024, at * 1024 + 4).equals(looksLikeJournal) && journal[at * 1024 + 7] === 2
      const commits = Array.from({ length: journal.length / 1024 - start }, (_, index) => start + index).filter(isCommit)
      const sequence = (at: number) => journal.readUInt32BE(at * 1024 + 8)
      const end = commits.findIndex((at, index) => sequence(at) !== sequence(commits[0]!) + index)
      const last = commits.at(end < 0 ? -1 : end - 1)!
      overwriteJournal(image, last, 16, Buffer.from('spoilt'))
      const mounted = await mountedByKernel(image)
      expect(mounted).toBeDefined()
      expect(readImage(image, ext.open).entries).toEqual(mounted)
      overwriteJournal(image, commits[3]!, 16, Buffer.from('spoilt'))
      expect(await mountedByKernel(image)).toBeUndefined()
      expect(() => readImage(image, ext.open)).toThrow(/fails its checksum/)
    })
  })
})

test('a journal with nothing in it changes nothing', async () => {
  await withTempDir((dir) => {
    const image = makeImage(join(dir, 'image'), '-t ext4 -b 4096', '32M')
    withFileSystem(image, ext.open, ({ info }) => expect(info.notes).toEqual([]))
  })
})

unless(noCorpus).test('the journal of an image that others made', async () => {
  await withTempDir((dir) => {
    const image = fromCorpus('ext/other/ext4view-test_disk_4k_block_journal.img.zst', dir)
    const expected = byPath(parseLines(readCorpus('manifest/other_ext4view-test_disk_4k_block_journal.replayed.jsonl')))
    const { entries, unreadable, warnings } = readImage(image, ext.open)
    expect({ unreadable, warnings }).toEqual({ unreadable: {}, warnings: [] })
    expect(entries).toHaveLength(774)
    // The manifest has Python's octal numbers, `0o755`.
    expect(entries.map((entry) => ({ ...entry, mode: `0o${Number(entry.mode)}` }))).toEqual(expected)
  })
})
