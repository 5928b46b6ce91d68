import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DiskError } from '../../../../src/bytes/errors.ts'
import { memorySource, type Source } from '../../../../src/bytes/source.ts'
import { countPackages } from '../../../../src/disk/root/rpm-database/index.ts'
import { loadBerkeleyDb, recordPackages, recordsOf } from '../../../sbom/rpm-root.ts'
import { mutants } from '../../../support/mutants.ts'
import { counted } from './counted.ts'
import { treeWith } from './tree-with.ts'

// A database comes from an ISO, so it may contain anything: then there is no count, soon.

const pageSize = 512
const copies = 8
const count = 2 * copies

let dir = ''
/** With values in overflow pages. */
let sound: Buffer
/** With values in the hash pages. */
let large: Buffer
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-rpm-damage-'))
  recordPackages(
    join(dir, 'sqlite'),
    ['bash', 'gpg-pubkey', 'zlib'].map((Name) => ({ Name, Version: '1', Release: '1', License: 'MIT' })),
  )
  const load = (name: string, settings: Record<string, number>) => {
    loadBerkeleyDb(join(dir, name), recordsOf(join(dir, 'sqlite'), { copies }), settings)
    return readFileSync(join(dir, name))
  }
  sound = load('small-pages', { db_pagesize: pageSize, db_lorder: 1234, h_ffactor: 20 })
  large = load('large-pages', { db_pagesize: 65_536, db_lorder: 1234, h_ffactor: 20 })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const countIn = (bytes: Buffer) => countPackages(treeWith(bytes))

/** The positions of all pages of a type. */
function pagesOf(bytes: Buffer, type: number): number[] {
  const size = bytes.readUInt32LE(20)
  return Array.from({ length: bytes.length / size }, (_, number) => number * size).filter((at) => bytes[at + 25] === type)
}

const numberOf = (at: number) => at / pageSize
const hashPages = () => pagesOf(sound, 13)
const overflowPages = () => pagesOf(sound, 7)
/** Hash pages that have pairs. */
const filledPages = () => hashPages().filter((at) => sound.readUInt16LE(at + 20) > 0)
/** The first page of each value. */
const firstPages = () => overflowPages().filter((at) => sound.readUInt32LE(at + 12) === 0)

test('without damage, all are counted; so are those of CentOS 5, whose pages are of another type', () => {
  expect([countIn(sound), countIn(large)]).toEqual([count, count])
  expect([filledPages().length > 1, firstPages().length]).toEqual([true, 3 * copies])
  const older = Buffer.from(sound)
  older.writeUInt32LE(8, 16)
  for (const at of hashPages()) older[at + 25] = 2
  expect(countIn(older)).toBe(count)
})

type Damage = (bytes: Buffer) => void

describe('there is no count', () => {
  test.each<[string, Damage]>([
    ['the magic number is another one', (bytes) => bytes.writeUInt32LE(0x053162, 12)],
    ['the version is older', (bytes) => bytes.writeUInt32LE(6, 16)],
    ['the version is newer', (bytes) => bytes.writeUInt32LE(11, 16)],
    ['the first page is of another type', (bytes) => bytes.writeUInt8(9, 25)],
    ['the first page has another number', (bytes) => bytes.writeUInt32LE(1, 8)],
    ['it is encrypted', (bytes) => bytes.writeUInt8(1, 24)],
    ['it has flags', (bytes) => bytes.writeUInt8(2, 26)],
    ...[0, 1, 256, 513, 131_072, 0xffffffff].map((size): [string, Damage] => [
      `pages have ${size} bytes`,
      (bytes) => bytes.writeUInt32LE(size, 20),
    ]),
    ['it has more pages than bytes', (bytes) => bytes.writeUInt32LE(0xffffffff, 32)],
    ['it has one page too many', (bytes) => bytes.writeUInt32LE(sound.length / pageSize, 32)],
    ['it has only the meta page', (bytes) => bytes.writeUInt32LE(0, 32)],
    ['it has more buckets than pages', (bytes) => bytes.writeUInt32LE(0xffffffff, 72)],
    ['a bucket lies outside the file', (bytes) => bytes.writeUInt32LE(0xffffff00, 96)],
    ['a bucket is the meta page', (bytes) => bytes.writeUInt32LE(0, 96)],
    ['a bucket is an overflow page', (bytes) => bytes.writeUInt32LE(numberOf(overflowPages()[0]!), 96)],
    ['a hash page has the number of another', (bytes) => bytes.writeUInt32LE(1234, filledPages()[0]! + 8)],
    ['a hash page has an odd number of items', (bytes) => bytes.writeUInt16LE(3, filledPages()[0]! + 20)],
    ['a hash page has more items than bytes', (bytes) => bytes.writeUInt16LE(0xfffe, filledPages()[0]! + 20)],
    ['an item lies in the header', (bytes) => bytes.writeUInt16LE(10, filledPages()[0]! + 26)],
    ['an item lies outside its page', (bytes) => bytes.writeUInt16LE(600, filledPages()[0]! + 26)],
    ['an item lies behind the one before', (bytes) => bytes.writeUInt16LE(511, filledPages()[0]! + 28)],
    ['a list of hash pages is a circle', (bytes) => bytes.writeUInt32LE(numberOf(filledPages()[0]!), filledPages()[0]! + 16)],
    ['a key is longer than a number', (bytes) => bytes.writeUInt16LE(506, filledPages()[0]! + 26)],
    ['a key is not in its page', (bytes) => bytes.writeUInt8(3, filledPages()[0]! + bytes.readUInt16LE(filledPages()[0]! + 26))],
    ['a value is a list of duplicates', (bytes) => bytes.writeUInt8(2, filledPages()[1]! + bytes.readUInt16LE(filledPages()[1]! + 32))],
    [
      'a value lies outside the file',
      (bytes) => bytes.writeUInt32LE(99_999, filledPages()[1]! + bytes.readUInt16LE(filledPages()[1]! + 32) + 4),
    ],
    [
      'a value is shorter than its header',
      (bytes) => bytes.writeUInt32LE(9, filledPages()[1]! + bytes.readUInt16LE(filledPages()[1]! + 32) + 8),
    ],
    [
      'a value begins in the meta page',
      (bytes) => bytes.writeUInt32LE(0, filledPages()[1]! + bytes.readUInt16LE(filledPages()[1]! + 32) + 4),
    ],
    ['a value begins in a hash page', (bytes) => bytes.writeUInt8(13, firstPages()[0]! + 25)],
    ['an overflow page has the number of another', (bytes) => bytes.writeUInt32LE(1234, firstPages()[0]! + 8)],
    ['an overflow page is empty', (bytes) => bytes.writeUInt16LE(0, firstPages()[0]! + 22)],
    ['an overflow page has more bytes than it can', (bytes) => bytes.writeUInt16LE(487, firstPages()[0]! + 22)],
    ['a value ends too early', (bytes) => bytes.writeUInt32LE(0, firstPages()[0]! + 16)],
    ['a value is a circle', (bytes) => bytes.writeUInt32LE(numberOf(firstPages()[0]!), firstPages()[0]! + 16)],
    ['a header has more tags than bytes', (bytes) => bytes.writeUInt32BE(0xffffffff, firstPages()[0]! + 26)],
    ['a header has no tags', (bytes) => bytes.writeUInt32BE(0, firstPages()[0]! + 26)],
    ['a header has more data than bytes', (bytes) => bytes.writeUInt32BE(0xffffffff, firstPages()[0]! + 30)],
    ['a header has less data than its name needs', (bytes) => bytes.writeUInt32BE(1, firstPages()[0]! + 30)],
    ['a header has no name', (bytes) => bytes.writeUInt32BE(1999, nameEntry(bytes))],
    ['a name is a number', (bytes) => bytes.writeUInt32BE(4, nameEntry(bytes) + 4)],
    ['a name lies outside its header', (bytes) => bytes.writeUInt32BE(0xffffffff, nameEntry(bytes) + 8)],
  ])('if %s', (_title, damage) => {
    const bytes = Buffer.from(sound)
    damage(bytes)
    expect(bytes.equals(sound)).toBe(false)
    expect(countIn(bytes)).toBeUndefined()
  })

  test('if it is cut short anywhere', () => {
    for (const length of [0, 1, 71, 511, 512, 513, 5000, sound.length - 1]) expect(countIn(sound.subarray(0, length))).toBeUndefined()
  })

  test('if a long list of values leads to the same page', () => {
    const bytes = Buffer.from(sound)
    const first = numberOf(firstPages()[0]!)
    for (const at of filledPages()) {
      for (let index = 1; index < bytes.readUInt16LE(at + 20); index += 2) {
        const item = at + bytes.readUInt16LE(at + 26 + 2 * index)
        if (bytes[item] === 3) bytes.writeUInt32LE(first, item + 4)
      }
    }
    for (const at of overflowPages()) bytes.writeUInt32LE(first, at + 16)
    expect(countIn(bytes)).toBeUndefined()
  })
})

/** The entry of the name in the first header; it is in the first page. */
function nameEntry(bytes: Buffer): number {
  const start = firstPages()[0]! + 26
  for (let at = start + 8; ; at += 16) if (bytes.readUInt32BE(at) === 1000) return at
}

test("a disk that can't be read is an error, not a database without a count", () => {
  const memory = memorySource(sound, 'memory')
  const broken: Source = {
    ...memory,
    read(into, offset) {
      if (offset > 0) throw new DiskError('disk', "it can't be read", 'input-output')
      memory.read(into, offset)
    },
  }
  expect(() => countPackages(treeWith(broken))).toThrow(DiskError)
})

test('of pages that are full of pairs, no more are read than any database has', () => {
  const [size, pages, pairs] = [65_536, 14, 6000]
  const bytes = Buffer.alloc((pages + 1) * size)
  large.copy(bytes, 0, 0, 512)
  bytes.writeUInt32LE(pages, 32)
  bytes.writeUInt32LE(0, 72)
  bytes.writeUInt32LE(1, 96)
  for (let number = 1; number <= pages; number++) {
    const page = bytes.subarray(number * size, (number + 1) * size)
    page.writeUInt32LE(number, 8)
    page.writeUInt32LE(number - 1, 12)
    page.writeUInt32LE(number < pages ? number + 1 : 0, 16)
    page.writeUInt16LE(2 * pairs, 20)
    page.writeUInt8(13, 25)
    // A key of four bytes, and a value of none.
    for (let index = 0; index < pairs; index++) {
      page.writeUInt16LE(size - 6 * index - 5, 26 + 4 * index)
      page.writeUInt16LE(size - 6 * index - 6, 28 + 4 * index)
      page[size - 6 * index - 5] = 1
      page[size - 6 * index - 6] = 1
    }
  }
  const { source, read } = counted(bytes)
  expect(countPackages(treeWith(source))).toBeUndefined()
  expect(read()).toBe(512 + 11 * size)
})

test.each([
  ['small', () => sound],
  ['large', () => large],
])('whatever is damaged in a file of %s pages, no more is read than the file has, and nothing is thrown', (_title, original) => {
  const bytes = original()
  const size = bytes.readUInt32LE(20)
  const starts = pagesOf(bytes, 13)
    .concat(pagesOf(bytes, 7))
    .map((at) => [at, at + 512] as const)
  const results = new Set<number | undefined>()
  for (const mutant of mutants(bytes, { seed: 1, count: 1500, ranges: [[0, 128], [0, 128], [0, size], ...starts] })) {
    const { source, read } = counted(mutant)
    results.add(countPackages(treeWith(source)))
    expect(read()).toBeLessThanOrEqual(mutant.length + 512)
  }
  expect(results.has(undefined) && results.has(count)).toBe(true)
  for (const found of results) expect(found ?? 1).toBeLessThanOrEqual(3 * copies)
})
