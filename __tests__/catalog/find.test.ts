import { describe, expect, test } from '@jest/globals'
import { askedVersion, findRelease } from '../../src/catalog/find.ts'
import { loadCatalogs } from '../../src/catalog/load.ts'
import type { Catalog } from '../../src/catalog/release.ts'
import { parseVersion } from '../../src/catalog/version.ts'

const find = (asked: string, catalog: Catalog = loadCatalogs()) => findRelease(parseVersion(asked), catalog)
const urls = ['https://iso.example.com/x.iso']

describe('in the catalog that is shipped', () => {
  test.each([
    ['6.5', '6.5.0'],
    ['6.5.0', '6.5.0'],
    ['v6.5.0-90233c', '6.5.0'],
    ['7.0', '7.0.0'],
    ['7', '7.0.0'],
  ])('%s is found', (asked, version) => expect(find(asked)).toMatchObject({ version, urls: [expect.stringMatching(/\.iso$/)] }))

  test('a version without an address: how to get it, and that an ISO has to be given', () =>
    expect(() => find('8.2')).toThrow(
      new Error(
        'No URL is known for the DDK of XenServer 8.2. As far as we know, its vendor offers it only after a login. ' +
          'Set the input "iso" to the path or URL of its ISO, or add the URL to a catalog of your own',
      ),
    ))

  test('an unknown version: all there are, and the nearest', () =>
    expect(() => find('6.4')).toThrow(
      /^XenServer 6\.4 is not in the catalog, which has 5\.6\.100 \(5\.6 FP1\), 6\.0\.2, .*8\.2\.0.*; the nearest is 6\.5\.0\. Request one of these, or set the input "iso"/,
    ))

  test('an unknown build: which there are', () =>
    expect(() => find('6.5.0-99999z')).toThrow(
      /^Build 99999z of XenServer 6\.5\.0 is not in the catalog, which has 6\.5\.0-90233c\. Request one of these, or set the input/,
    ))
})

test.each([
  ['6.4', '6.5.0'],
  ['6.3.9', '6.2.0'],
  ['6.9', '6.5.0'],
  ['6', '6.0.2'],
  ['7.7', '7.6.0'],
  ['8.2.1', '8.2.0'],
  ['8.2.0.1', '8.2.0'],
  ['1', '5.6.100'],
  ['9999', '8.4.0'],
  ['65', '6.5.0'],
  ['64', '6.5.0'],
  ['602', '6.0.2'],
  ['10', '8.4.0'],
])('nearest to %s is %s', (asked, nearest) => expect(() => find(asked)).toThrow(`; the nearest is ${nearest}. `))

test('an empty catalog has no nearest version', () =>
  expect(() => find('6.5', [])).toThrow('XenServer 6.5 is not in the catalog, which is empty; set the input "iso"'))

describe('several builds of a version', () => {
  const newer = { version: '8.2.0', build: '2b', urls }
  const older = { version: '8.2.0', build: '1a', urls }
  const nowhere = { version: '8.2.0', build: '3c', urls: [], note: 'Ask Bob.' }
  const any = { version: '8.2.0', urls }

  test('the first one is meant', () => expect(find('8.2', [newer, older])).toBe(newer))
  test('unless another is asked for', () => expect(find('8.2.0-1a', [newer, older])).toBe(older))
  test('one without an address is skipped', () => expect(find('8.2', [nowhere, older])).toBe(older))
  test('but not if it is requested by name', () =>
    expect(() => find('8.2.0-3c', [nowhere, older])).toThrow(/8\.2\.0-3c\. Ask Bob\. Set the input/))
  test('one of any build may be the one', () => expect(find('8.2.0-9z', [newer, any])).toBe(any))
  test('after the one that is', () => expect(find('8.2.0-1a', [any, older])).toBe(older))
  test('all are listed, each version once', () => {
    expect(() => find('8.2.0-9z', [newer, older])).toThrow('which has 8.2.0-2b, 8.2.0-1a. ')
    expect(() => find('8.10', [{ version: '10.0.0', urls }, newer, older])).toThrow('which has 8.2.0, 10.0.0; ')
  })
})

describe('askedVersion', () => {
  const catalog: Catalog = [
    { version: '8.2.0', build: '2b', aliases: ['LTS', 'our host'], urls },
    { version: '5.6.100', aliases: ['5.6 FP1'], urls },
  ]

  test.each([
    ['lts', [8, 2, 0]],
    [' Our  HOST ', [8, 2, 0]],
    ['5.6 fp1', [5, 6, 100]],
    ['6.5', [6, 5]],
  ])('%s', (text, numbers) => expect(askedVersion(text, catalog)).toEqual({ numbers }))

  test('anything else: how a version is written, and the aliases', () => {
    const written = '"latest" is not a XenServer version; write it as 6.5, 6.5.0 or, with the build, 6.5.0-90233c'
    expect(() => askedVersion('latest', catalog)).toThrow(new Error(`${written}, or as an alias of the catalog: LTS, our host, 5.6 FP1`))
    expect(() => askedVersion('latest', [])).toThrow(new Error(written))
  })
})
