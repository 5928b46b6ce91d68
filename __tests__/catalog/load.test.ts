import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { loadCatalogs } from '../../src/catalog/load.ts'
import { readCatalog } from '../../src/catalog/read.ts'
import { type Release, releaseText } from '../../src/catalog/release.ts'
import { run } from '../support/tools.ts'

const dir = mkdtempSync(join(tmpdir(), 'catalog-'))
const path = join(dir, 'mine.json')
// What one test leaves may be a pipe, which the next would wait for.
beforeEach(() => rmSync(path, { force: true }))
afterAll(() => rmSync(dir, { recursive: true }))

function loadWith(...releases: object[]): readonly Release[] {
  writeFileSync(path, JSON.stringify({ releases }))
  return loadCatalogs(path)
}

describe('the catalog that is shipped', () => {
  test('passes the checks that a user’s own has to pass', () =>
    expect(loadCatalogs()).toEqual(readCatalog(readFileSync(new URL('../../catalog.json', import.meta.url), 'utf8'), 'catalog.json')))

  test('says of each release where it is, or how to get it', () => {
    for (const { version, urls, note } of loadCatalogs()) expect([version, urls.length > 0 || note !== undefined]).toEqual([version, true])
  })

  test('names no checksum, since nobody has published one', () =>
    expect(loadCatalogs().filter(({ sha256, size }) => sha256 ?? size)).toEqual([]))
})

describe('a catalog of the user’s own', () => {
  const shipped = loadCatalogs()
  const urls = ['https://iso.example.com/x.iso']

  test('adds releases, before those that are shipped', () => {
    const loaded = loadWith({ version: '8.3.0', urls })
    expect(loaded[0]).toEqual({ version: '8.3.0', urls })
    expect(loaded.slice(1)).toEqual(shipped)
  })

  test.each([
    ['of the same version and build takes the place', { version: '6.5.0', build: '90233c', urls }, ['6.5.0-90233c']],
    ['of another build stands beside it', { version: '6.5.0', build: '99999z', urls }, ['6.5.0-99999z', '6.5.0-90233c']],
    ['without a build stands for all builds', { version: '6.5.0', urls }, ['6.5.0']],
    ['with a build takes the place of one without', { version: '8.2.0', build: '1a', urls }, ['8.2.0-1a']],
  ])('one %s', (_, release, expected) =>
    expect(
      loadWith(release)
        .filter(({ version }) => version === release.version)
        .map(releaseText),
    ).toEqual(expected),
  )

  test('may begin with a byte order mark', () => {
    writeFileSync(path, '\ufeff{"releases": []}')
    expect(loadCatalogs(path)).toEqual(shipped)
  })
})

describe('a file that is no catalog', () => {
  test('wrong content: file, line and column', () => {
    writeFileSync(path, '{\n  "releases": [{ "version": 8.2 }]\n}')
    expect(() => loadCatalogs(path)).toThrow(
      new Error(`${path}, line 2, column 29: "version" is 8.2; it must be a version of three numbers, e.g. 8.2.0`),
    )
  })

  test('not there', () => expect(() => loadCatalogs(join(dir, 'none.json'))).toThrow(`${join(dir, 'none.json')}: there is no such file`))
  test('a folder', () => expect(() => loadCatalogs(dir)).toThrow(`${dir}: it is not a regular file`))
  test('a link to a device that never ends', () => {
    symlinkSync('/dev/zero', path)
    expect(() => loadCatalogs(path)).toThrow(`${path}: it is not a regular file`)
  })
  test('a pipe that nobody writes to', () => {
    run('mkfifo', [path])
    expect(() => loadCatalogs(path)).toThrow(`${path}: it is not a regular file`)
  })

  test('not text', () => {
    writeFileSync(path, Buffer.from([0x7b, 0xff, 0x7d]))
    expect(() => loadCatalogs(path)).toThrow(`${path} is not a catalog: it is not text in UTF-8`)
  })

  test('an ISO', () => {
    writeFileSync(path, Buffer.alloc((1 << 20) + 1))
    expect(() => loadCatalogs(path)).toThrow(`${path} is not a catalog: it is larger than 1 MiB`)
  })
})
