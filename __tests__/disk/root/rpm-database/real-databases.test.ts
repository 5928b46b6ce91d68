import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { memorySource } from '../../../../src/bytes/source.ts'
import { ext } from '../../../../src/disk/filesystem/ext/index.ts'
import { countPackages } from '../../../../src/disk/root/rpm-database/index.ts'
import { loadBerkeleyDb, type RecordOptions, recordPackages, recordsOf, type Tags } from '../../../sbom/rpm-root.ts'
import { run } from '../../../support/tools.ts'
import { makeExt } from '../made-root.ts'
import { counted } from './counted.ts'
import { treeWith } from './tree-with.ts'

// Databases of headers that rpm wrote, in files that Berkeley DB's own loader made. rpm itself, which still reads them, says how many packages
// each has.

const tags = { Version: '1.0', Release: '1', License: 'MIT' }
const packages: readonly Tags[] = [
  { ...tags, Name: 'bash' },
  { ...tags, Name: 'g' },
  // What `rpm --import` records for a key, and packages whose names only resemble it.
  { ...tags, Name: 'gpg-pubkey' },
  { ...tags, Name: 'gpg-pubkey-tools' },
  { ...tags, Name: 'gpg-pubke' },
  { ...tags, Name: 'large', License: 'x'.repeat(100_000) },
]

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-rpm-databases-'))
  recordPackages(join(dir, 'sqlite'), packages)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function databaseOf(options: RecordOptions, settings: Readonly<Record<string, number>>): string {
  const folder = mkdtempSync(join(dir, 'database-'))
  loadBerkeleyDb(join(folder, 'Packages'), recordsOf(join(dir, 'sqlite'), options), settings)
  return folder
}

/** How many packages rpm lists, without keys. */
function listedByRpm(folder: string): number {
  const names = run('rpm', ['--dbpath', folder, '--define', '_db_backend bdb_ro', '-qa', '--queryformat', '%{NAME}\\n'])
  return names.split('\n').filter((name) => name !== '' && name !== 'gpg-pubkey').length
}

describe.each([512, 1024, 4096, 8192, 65_536])('pages of %i bytes', (pageSize) => {
  test.each([
    ['little-endian', false],
    ['big-endian', true],
  ])('that are %s', (_order, bigEndian) => {
    const settings = { db_pagesize: pageSize, db_lorder: bigEndian ? 4321 : 1234 }
    for (const copies of [1, 40]) {
      const folder = databaseOf({ copies, bigEndian }, settings)
      const count = countPackages(treeWith(readFileSync(join(folder, 'Packages'))))
      expect(count).toBe(5 * copies)
      expect(count).toBe(listedByRpm(folder))
    }
  })
})

test.each([1, 1000])('buckets of %i pairs', (pairs) => {
  const folder = databaseOf({ copies: 50 }, { db_pagesize: 512, h_ffactor: pairs })
  expect(countPackages(treeWith(readFileSync(join(folder, 'Packages'))))).toBe(250)
})

test('a file that was made for many more pairs than it has', () => {
  const folder = databaseOf({}, { h_nelem: 10_000 })
  expect(countPackages(treeWith(readFileSync(join(folder, 'Packages'))))).toBe(5)
})

test('the database is found in a filesystem, and where new versions of rpm keep it', () => {
  const work = join(dir, 'filesystem')
  mkdirSync(work)
  const bytes = readFileSync(join(databaseOf({}, { db_pagesize: 4096 }), 'Packages'))
  const countIn = (path: string) => countPackages(ext.open(memorySource(makeExt(work, { [path]: bytes }), 'root'), () => {}))
  expect([countIn('var/lib/rpm/Packages'), countIn('usr/lib/sysimage/rpm/Packages')]).toEqual([5, 5])
})

test('only a few pages are read of each package', () => {
  const bytes = readFileSync(join(databaseOf({ copies: 200 }, { db_pagesize: 4096 }), 'Packages'))
  expect(bytes.length).toBeGreaterThan(20 << 20)
  const { source, read } = counted(bytes)
  expect(countPackages(treeWith(source))).toBe(1000)
  expect(read() / 4096).toBeLessThan(2000)
})

describe('there is no count', () => {
  test('of a database without packages, or with nothing but keys', () => {
    const onlyKeys = join(dir, 'only-keys')
    recordPackages(onlyKeys, [{ ...tags, Name: 'gpg-pubkey' }])
    for (const [name, records] of [
      ['empty', recordsOf(onlyKeys, { copies: 0 })],
      ['keys', recordsOf(onlyKeys)],
    ] as const) {
      const file = join(dir, name)
      loadBerkeleyDb(file, records)
      expect(countPackages(treeWith(readFileSync(file)))).toBeUndefined()
    }
  })

  test('without a database, or if it is a folder', () => {
    expect(countPackages(treeWith(Buffer.alloc(4096), 'etc/redhat-release'))).toBeUndefined()
    expect(countPackages(treeWith(Buffer.alloc(4096), 'var/lib/rpm/Packages/file'))).toBeUndefined()
  })

  test('of a database of another format', () => {
    expect(countPackages(treeWith(readFileSync(join(dir, 'sqlite/rpmdb.sqlite'))))).toBeUndefined()
    const btree = join(dir, 'btree')
    loadBerkeleyDb(btree, recordsOf(join(dir, 'sqlite')).replace('type=hash', 'type=btree'))
    expect(countPackages(treeWith(readFileSync(btree)))).toBeUndefined()
  })

  test('of a database whose pages have checksums', () => {
    expect(countPackages(treeWith(readFileSync(join(databaseOf({}, { chksum: 1 }), 'Packages'))))).toBeUndefined()
  })

  test('of a database that is larger than any', () => {
    const memory = memorySource(readFileSync(join(databaseOf({}, {}), 'Packages')), 'memory')
    expect(countPackages(treeWith({ ...memory, size: 512 << 20 }))).toBe(5)
    expect(countPackages(treeWith({ ...memory, size: (512 << 20) + 1 }))).toBeUndefined()
  })
})
