import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DiskError } from '../../../../../src/bytes/errors.ts'
import { ext } from '../../../../../src/disk/filesystem/ext/index.ts'
import { readImage } from '../../../../support/filesystem.ts'
import { noMountOf } from '../../../../support/machine.ts'
import { unless } from '../../../../support/skip.ts'
import { type Listed, withTempDir } from '../../../../support/tools.ts'
import { copyImage, crashedImage, journalOf, mountedByKernel, noFastCommits, overwriteJournal, replay } from './support.ts'

const { describe: suite } = unless(noMountOf('ext4') ?? noFastCommits())

const before = `
os.mkdir('a'); os.mkdir('b'); os.mkdir('a/empty')
for number in range(60): write('b/%04d' % number, b'%d' % number * 700)
for name in ['old', 'gone', 'moved', 'over', 'kept', 'punched', 'scattered']: write('a/' + name, name.encode() * 4000)
os.link('a/kept', 'a/kept too')
os.sync()
begin()
`
const changes: Record<string, string> = {
  'a new file': `write('a/new', b'new' * 4000); fsync('a/new')`,
  'files that grow and shrink': `
write('a/old', b'more' * 4000, 'ab'); fsync('a/old'); os.truncate('a/kept', 3000); fsync('a/kept')
write('a/new', b'longer' * 9000); fsync('a/new'); os.truncate('a/new', 7); fsync('a/new'); os.truncate('a/new', 70000); fsync('a/new')`,
  'names that come and go': `
os.rename('a/moved', 'b/moved'); fsync('b/moved'); os.link('b/moved', 'b/moved too'); fsync('b/moved'); os.unlink('a/kept too'); fsync('a/kept')`,
  'a file that replaces another': `os.rename('a/old', 'a/over'); fsync('a/over')`,
  'a file with the number of one that is gone, and a hole where that had data': `
os.unlink('a/gone')
with open('a/again', 'wb') as file: file.seek(12000); file.write(b'again')
fsync('a/again')`,
  'a name given anew': `os.unlink('a/gone'); write('a/gone', b'not gone'); fsync('a/gone')`,
  'a file with a hole and unwritten blocks': `
import ctypes
fallocate = ctypes.CDLL('libc.so.6').fallocate
fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]
for name, mode, start, length in [('a/punched', 3, 8192, 12000), ('a/reserved', 0, 0, 50000)]:
    fd = os.open(name, os.O_RDWR | os.O_CREAT)
    assert fallocate(fd, mode, start, length) == 0
    os.pwrite(fd, b'in the middle', 20000); os.fsync(fd); os.close(fd)`,
  'a file that grows in many places': `
fd = os.open('a/scattered', os.O_RDWR)
for place in range(0, 60, 2): os.pwrite(fd, b'%02d' % place * 2000, place * 4096); os.fsync(fd)
os.close(fd)`,
  'owner, mode and time': `os.chmod('a/old', 0o4755); os.chown('a/old', 70000, 6); os.utime('a/old', (1, -2)); fsync('a/old')`,
  directories: `
os.mkdir('a/dir'); write('a/dir/x', b'x'); os.mkdir('a/dir/sub'); os.rename('a/punched', 'a/dir/sub/moved'); fsync('a/dir/x')
os.rmdir('a/empty'); write('a/dir/y', b'y'); os.mkdir('b/empty'); write('b/empty/not', b''); fsync('a/dir/y')`,
  'many names': `
for number in range(0, 60, 3): os.unlink('b/%04d' % number)
for number in range(100): write('b/new%04d%s' % (number, 'x' * number), b'%d' % number * 70)
fsync('b/new0000')`,
}
changes['all of it, one after the other'] = Object.values(changes)
  .filter((script) => !/gone|replaces|'a\/over'/.test(script))
  .join('\n')

const filesystems: [string, string][] = [
  ['blocks of 1 KiB', '-t ext4 -b 1024 -O fast_commit -J size=8,fast_commit_size=1024'],
  ['inline data, and no checksums', '-t ext4 -b 4096 -O fast_commit,inline_data,^metadata_csum -J size=8,fast_commit_size=1024'],
]

/**
 * Fast commits don't log directories: of those that changed, the kernel shows when and how it replayed them, not what was. If a sync() of another
 * program has already written a directory to its place, the kernel's replay adds some of its names a second time.
 */
function comparable(entries: readonly Listed[]): unknown[] {
  const texts = entries.map((entry) => JSON.stringify(entry.type === 'dir' ? { ...entry, mtime: '', nlink: 0 } : entry))
  return [...new Set(texts)].map((text) => JSON.parse(text))
}

suite('fast commits', () => {
  const [plain, inline] = filesystems
  const cases = Object.entries(changes)
  const all = cases.at(-1)!
  test.each([...cases.map((change) => [...change, ...plain!]), [...all, ...inline!]])('%s', async (_what, script, _on, mkfs) => {
    await withTempDir(async (dir) => {
      const image = await crashedImage(dir, mkfs, 'rw', `${before}\n${script}\n${assertFastCommits}`, { undisturbed: 'preferred' })
      const { entries, unreadable, warnings } = readImage(image, ext.open)
      expect({ unreadable, warnings }).toEqual({ unreadable: {}, warnings: [] })
      expect(comparable(entries)).toEqual(comparable((await mountedByKernel(image))!))
    })
  })
})

/** Without this, a test might hold the reader against a journal without any. If a sync() has come between, it is made anew. */
const assertFastCommits = `
counts = dict(reversed(line.split(maxsplit=1)) for line in open(f'/proc/fs/ext4/{loop()}/fc_info').read().splitlines()[1:4])
assert transactions() != begun or int(counts['commits']) > 0 and int(counts['ineligible']) == 0, counts
`

suite('damaged fast commits', () => {
  const twoCommits = `${before}\nwrite('a/one', b'one'); fsync('a/one'); write('a/two', b'two'); fsync('a/two')\n${assertFastCommits}`

  let made: string
  let area: number
  beforeAll(async () => {
    made = mkdtempSync(join(tmpdir(), 'xenserver-ddk-test-'))
    const image = await crashedImage(made, filesystems[0]![1], 'rw', twoCommits, { undisturbed: 'required' })
    const journal = journalOf(image)
    area = journal.readUInt32BE(16) - journal.readUInt32BE(84) + 1
  })
  afterAll(() => rmSync(made, { recursive: true }))

  /** Changes one byte of them; with which value can't be said, since checksums and identifiers are others each time. */
  async function damaged(at: number, offset: number, change: number, use: (image: string) => void): Promise<void> {
    await withTempDir((dir) => {
      const image = join(dir, 'image')
      copyImage(join(made, 'crashed'), image)
      const was = journalOf(image)[(area + at) * 1024 + offset]!
      overwriteJournal(image, area + at, offset, Buffer.from([was ^ change]))
      use(image)
    })
  }
  const files = (image: string) => readImage(image, ext.open).entries.flatMap(({ path }) => (/^a\/(one|two)$/.test(path) ? [path] : []))

  test('none are', () => damaged(0, 1020, 0, (image) => expect(files(image)).toEqual(['a/one', 'a/two'])))

  test('the second was never finished', () => damaged(1, 40, 0x55, (image) => expect(files(image)).toEqual(['a/one'])))

  test('the first was never finished', () =>
    damaged(0, 40, 0x55, (image) => {
      expect(files(image)).toEqual([])
      expect(readImage(image, ext.open).warnings).toEqual([
        expect.stringContaining('its only fast commit is unfinished or damaged, and is ignored'),
      ])
    }))

  test('they are of another transaction', () => damaged(0, 8, 0x77, (image) => expect(files(image)).toEqual([])))

  test('they have an unknown feature', () =>
    damaged(0, 4, 0x02, (image) => expect(() => readImage(image, ext.open)).toThrow(/fast commits have features that can't be read: 0x2/)))

  test('are replayed or left out wherever a byte is changed', () =>
    damaged(0, 1020, 0, (image) => {
      const journal = journalOf(image)
      for (let at = area * 1024; at < (area + 2) * 1024; at += 3) {
        const was = journal[at]!
        for (const value of [0, was ^ 1, 0xff]) {
          journal[at] = value
          try {
            replay(image, journal)
          } catch (error) {
            expect(error).toBeInstanceOf(DiskError)
          }
        }
        journal[at] = was
      }
    }))
})
