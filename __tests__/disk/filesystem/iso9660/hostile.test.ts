import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { DiskError } from '../../../../src/bytes/errors.ts'
import { bytesAt, memorySource } from '../../../../src/bytes/source.ts'
import { openIso } from '../../../../src/disk/filesystem/iso9660/index.ts'
import { resolve, walk } from '../../../../src/disk/filesystem/tree.ts'
import { expectToSurviveDamage } from '../../../support/mutation.ts'
import { withTempDir } from '../../../support/tools.ts'
import { bothEndian32, continuation, dots, entry, image, posix, record, rockRidgeRoot } from './builder.ts'
import { makeIso, makePlainTree } from './support.ts'

const open = (bytes: Buffer, warnings: string[] = []) => openIso(memorySource(bytes, 'x.iso'), (sentence) => warnings.push(sentence))

function paths(bytes: Buffer, warnings: string[] = []): string[] {
  return [...walk(open(bytes, warnings))].map(({ path }) => path.toString())
}

/** An ISO with Rock Ridge and one file, of which only the system use field is given. */
const withFile = (systemUse: Buffer, sectors: Record<number, Buffer[]> = {}) =>
  image({
    18: [dots(18, rockRidgeRoot), record('FILE.;1', { location: 19, length: 5, systemUse })],
    19: [Buffer.from('hello')],
    ...sectors,
  })

describe('directory records', () => {
  test('a valid one', () => {
    expect(paths(image({ 18: [dots(18), record('FILE.;1', { location: 19, length: 5 })] }))).toEqual(['FILE'])
  })

  test.each([1, 2, 33])('a length of %i', (length) => {
    const bytes = record('FILE.;1', { location: 19, length: 5 })
    bytes[0] = length
    expect(() => paths(image({ 18: [dots(18), bytes] }))).toThrow(`a directory record has a length of ${length}, but the minimum is 34`)
  })

  test.each([0, 100, 255])('a name of %i bytes', (length) => {
    const bytes = record('FILE.;1', { location: 19, length: 5 })
    bytes[32] = length
    expect(() => paths(image({ 18: [dots(18), bytes] }))).toThrow(`a directory record of 40 bytes has a name of ${length}`)
  })

  test('one that crosses its sector', () => {
    const fill = Array.from({ length: 10 }, (_, index) => record(`${index}`.repeat(181), { location: 19, length: 5 }))
    expect(() => paths(image({ 18: [dots(18), ...fill] }))).toThrow("doesn't end in the sector, or the directory, in which it begins")
  })

  test('a directory that contains itself, or lies within another', () => {
    const self = image({ 18: [dots(18), record('SELF', { location: 18, length: 2048, flags: 2 })] })
    expect(() => paths(self)).toThrow('/SELF: directory inode 36864 occurs in two places')
    const overlap = image({
      18: [dots(18), record('A', { location: 19, length: 4096, flags: 2 }), record('B', { location: 20, length: 2048, flags: 2 })],
      19: [dots(19)],
      20: [dots(20)],
    })
    expect(() => paths(overlap)).toThrow('overlap')
  })

  test('a directory past the end, and one that is missing', () => {
    const far = (location: number, length = 2048) => image({ 18: [dots(18), record('FAR', { location, length, flags: 2 })], 20: [] })
    expect(() => paths(far(0xffffffff))).toThrow(DiskError)
    expect(() => paths(far(19, 0xffffffff))).toThrow('but the ISO ends at byte 43008')
    expect(() => paths(far(19))).toThrow('a directory record has a length of 0')
  })

  test('a file past the end can be listed, not read', () => {
    const iso = open(image({ 18: [dots(18), record('FAR', { location: 1000, length: 5 })] }))
    expect(() => resolve(iso, 'FAR')!.content()).toThrow(
      'FAR (directory record at byte 36932) of x.iso: its content should be at bytes 2048000 to 2048005, but the ISO ends at byte 40960; the ISO is damaged',
    )
  })

  test('several extents are one file, and an endless one is damage', () => {
    const extents = [record('BIG', { location: 19, length: 5, flags: 0x80 }), record('BIG', { location: 20, length: 6 })]
    const iso = open(image({ 18: [dots(18), ...extents], 19: [Buffer.from('hello')], 20: [Buffer.from(' world')] }))
    const content = resolve(iso, 'BIG')!.content()
    expect(bytesAt(content, 0, content.size).toString()).toBe('hello world')
    const endless = image({ 18: [dots(18), extents[0]!, record('C', { location: 19, length: 5 })] })
    expect(() => paths(endless)).toThrow('BIG should continue in the next directory record, but that is missing')
    expect(() => paths(image({ 18: [dots(18), extents[0]!] }))).toThrow(/BIG should continue/)
  })

  test('extended attribute records are skipped, interleaved files refused, associated files left out', () => {
    const records = [
      record('A', { location: 19, length: 5, flags: 4 }),
      record('A', { location: 19, length: 5, earBlocks: 1 }),
      record('I', { location: 19, length: 5, interleave: 1 }),
    ]
    const warnings: string[] = []
    const bytes = image({ 18: [dots(18), ...records], 19: [Buffer.from('hello')], 20: [Buffer.from('world')] })
    const iso = open(bytes, warnings)
    expect(bytesAt(resolve(iso, 'A')!.content(), 0, 5).toString()).toBe('world')
    expect(() => resolve(iso, 'I')!.content()).toThrow("the file is interleaved with others, which can't be read")
    expect(warnings).toEqual([expect.stringContaining('associated files, such as resource forks, are left out')])
  })

  test('blocks of 512 bytes', () => {
    const bytes = image({ 18: [dots(72), record('A', { location: 77, length: 5 })], 19: [Buffer.alloc(512), Buffer.from('hello')] }, 512)
    expect(bytesAt(resolve(open(bytes), 'A')!.content(), 0, 5).toString()).toBe('hello')
  })

  test('if little-endian and big-endian values differ, the little-endian one is used, with a warning', () => {
    const bytes = record('A', { location: 19, length: 5 })
    bytes[17] = 99
    const warnings: string[] = []
    expect(resolve(open(image({ 18: [dots(18), bytes] }), warnings), 'A')!.size).toBe(5)
    expect(warnings).toEqual([expect.stringContaining('different little-endian and big-endian values')])
  })
})

describe('system use entries', () => {
  test('continuations that form a loop, or never end', () => {
    const loop = withFile(continuation(20, 0, 28), { 20: [continuation(20, 0, 28)] })
    expect(() => paths(loop)).toThrow('form a loop, or never end')
    const chain = Array.from({ length: 60 }, (_, index) => continuation(20, 28 * (index + 1), 28))
    expect(() => paths(withFile(continuation(20, 0, 28), { 20: chain }))).toThrow('form a loop, or never end')
    expect(() => paths(withFile(continuation(0, 0, 0xffffffff)))).toThrow('form a loop, or never end')
    expect(() => paths(withFile(continuation(0xffffffff, 0, 28)))).toThrow('past the end of the ISO')
  })

  test('many records that share one long continuation', () => {
    const records = Array.from({ length: 25 }, () => record('F', { location: 19, length: 1, systemUse: continuation(20, 0, 64_000) }))
    const sectors: Record<number, Buffer[]> = { 52: [] }
    for (let number = 60; number < 90; number++) sectors[number] = [number === 60 ? dots(60) : Buffer.alloc(0), ...records]
    const big = record('BIG', { location: 60, length: 30 * 2048, flags: 2, systemUse: posix(0o40755) })
    expect(() => paths(image({ 18: [dots(18, rockRidgeRoot), big], ...sectors }))).toThrow('far longer than any names need')
  })

  test.each([1, 2, 3, 200])('an entry with a length of %i ends its area, and is warned of', (length) => {
    const broken = entry('NM', 0, Buffer.from('name'))
    broken[2] = length
    const warnings: string[] = []
    expect(paths(withFile(Buffer.concat([posix(0o100644), broken])), warnings)).toEqual(['FILE'])
    expect(warnings).toEqual([expect.stringContaining(`a system use entry has an impossible length of ${length}`)])
  })

  test('names in pieces, and one that is too long', () => {
    const pieces = Buffer.concat([entry('NM', 1, Buffer.from('na')), entry('NM', 0, Buffer.from('me'))])
    expect(paths(withFile(Buffer.concat([posix(0o100644), pieces])))).toEqual(['name'])
    const many = Array.from({ length: 4 }, () => entry('NM', 1, Buffer.alloc(100, 'n')))
    expect(() => paths(withFile(continuation(20, 0, 420), { 20: many }))).toThrow('a name of 400 bytes')
    expect(() => paths(withFile(entry('NM', 0, Buffer.from('../x'))))).toThrow('impossible name')
  })

  test('a link’s components', () => {
    const link = (...components: Buffer[]) => resolve(open(withFile(Buffer.concat([posix(0o120777), ...components]))), '')
    expect(link()).toBeDefined()
    const target = (systemUse: Buffer, warnings: string[] = []) => {
      const [file] = walk(open(withFile(Buffer.concat([posix(0o120777), systemUse])), warnings))
      return file!.node.target().toString()
    }
    expect(target(entry('SL', 0, Buffer.from([8, 0, 0, 1, 97, 4, 0, 2, 0, 1, 1, 98, 0, 1, 99])))).toBe('/a/.././bc')
    expect(target(Buffer.concat([entry('SL', 1, Buffer.from([1, 1, 97])), entry('SL', 0, Buffer.from([0, 1, 98]))]))).toBe('ab')
    expect(() => target(Buffer.alloc(0))).toThrow('the symlink has no target')
    const warnings: string[] = []
    expect(target(entry('SL', 0, Buffer.from([0, 1, 97, 0, 200, 98])), warnings)).toBe('a')
    expect(warnings).toEqual([expect.stringContaining('component is longer than its entry')])
  })

  test('times with hundredths, and the fields before the modification', () => {
    const long = (text: string) => Buffer.concat([Buffer.from(text), Buffer.from([4])])
    const times = entry('TF', 0x83, long('1999010203040500'), long('2001020304050678'))
    const [file] = walk(open(withFile(Buffer.concat([posix(0o100644), times]))))
    expect(file!.node.mtime).toEqual({ seconds: Date.UTC(2001, 1, 3, 3, 5, 6) / 1000, nanoseconds: 780_000_000 })
  })

  test('entries too short for what they are', () => {
    for (const signature of ['PX', 'PN', 'CL', 'TF', 'ZF', 'SF']) {
      expect(() => paths(withFile(entry(signature)))).toThrow(`a directory record's ${signature} entry has only 4 bytes`)
    }
  })

  test('a directory moved to its own parent, and one moved to nowhere', () => {
    expect(() => paths(withFile(entry('CL', bothEndian32(18))))).toThrow('occurs in two places')
    expect(() => paths(withFile(entry('CL', bothEndian32(19))))).toThrow(DiskError)
    expect(() => paths(withFile(entry('CL', bothEndian32(0xfffffff))))).toThrow('a directory should begin here')
  })

  test('a sparse file is refused by name', () => {
    const [file] = walk(open(withFile(entry('SF', bothEndian32(0)))))
    expect(() => file!.node.content()).toThrow('FILE (directory record at byte 36975) of x.iso: the file is stored as a sparse file (SF)')
  })
})

test('a thousand directories, each in the last', () => {
  const sectors: Record<number, Buffer[]> = {}
  for (let depth = 0; depth < 1000; depth++) {
    sectors[18 + depth] = [dots(18 + depth), record('D', { location: 19 + depth, length: 2048, flags: 2 })]
  }
  sectors[1018] = [dots(1018)]
  expect(paths(image(sectors))).toHaveLength(1000)
})

test('damaged copies are read or refused, soon', async () => {
  await withTempDir((dir) => {
    makePlainTree(join(dir, 'tree'))
    expectToSurviveDamage(makeIso('xorriso -as mkisofs -R -J', join(dir, 'tree'), join(dir, 'sound.iso')), 400)
  })
}, 100_000)
