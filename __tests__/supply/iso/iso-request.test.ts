import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { loadCatalogs } from '../../../src/catalog/load.ts'
import { headersFor } from '../../../src/fetch/http/address.ts'
import { parseIsoInput } from '../../../src/fetch/iso-input.ts'
import type { Inputs } from '../../../src/inputs.ts'
import { requestIso } from '../../../src/supply/iso/iso-request.ts'

const sha256 = 'a'.repeat(64)
const headers = new Map([['authorization', 'Bearer secret-token']])
const version = { numbers: [8, 2] }
const release = (...urls: string[]) => [{ version: '8.2.0', urls }]

function request(inputs: Partial<Inputs>) {
  return requestIso({ isoHeaders: new Map(), isoHeadersFor: [], mirrors: [], requireChecksum: false, catalog: [], ...inputs } as Inputs)
}

function address(inputs: Partial<Inputs>) {
  const asked = request(inputs)
  if (asked.kind !== 'address') throw new Error('it is a file')
  return asked
}

/** The addresses that get the user's headers. */
function trusted(inputs: Partial<Inputs>): string[] {
  const { address: asked } = address({ isoHeaders: headers, ...inputs })
  return asked.urls.filter((url) => headersFor(asked, url).size > 0)
}

test('headers go to iso and to mirrors', () => {
  const iso = { kind: 'url', url: 'https://one.example/ddk.iso' } as const
  expect(trusted({ iso, mirrors: ['https://two.example/ddk.iso'] })).toEqual([iso.url, 'https://two.example/ddk.iso'])
})

test('headers go to no address of a catalog, unless the workflow names its origin', () => {
  const urls = ['https://planted.example/ddk.iso', 'https://mine.example/ddk.iso']
  expect(trusted({ version, catalog: release(...urls) })).toEqual([])
  expect(trusted({ version, catalog: release(...urls), isoHeadersFor: ['https://mine.example'] })).toEqual([urls[1]])
})

test('headers go to no other server of the same host, and to no host with a similar name', () => {
  const others = [
    'http://one.example/',
    'https://one.example:8443/',
    'https://sub.one.example/',
    'https://one.example.org/',
    'https://xone.example/',
  ]
  const urls = ['https://one.example/ddk.iso', ...others.map((other) => `${other}ddk.iso`)]
  expect(trusted({ version, catalog: release(...urls), isoHeadersFor: ['https://one.example'] })).toEqual([urls[0]])
})

test('why an ISO is confidential', () => {
  const [shipped] = loadCatalogs().filter(({ urls }) => urls.some((url) => url.startsWith('http')))
  const reasons = [
    address({ iso: { kind: 'url', url: 'https://one.example/ddk.iso' } }),
    address({ iso: { kind: 'url', url: 'https://one.example/ddk.iso' }, isoHeaders: headers }),
    address({ iso: { kind: 'url', url: 'https://user@one.example/ddk.iso' } }),
    address({ iso: { kind: 'url', url: 'https://:password@one.example/ddk.iso' } }),
    address({ iso: { kind: 'url', url: 'https://one.example/ddk.iso?token=1' } }),
    address({ iso: { kind: 'url', url: 'https://one.example/ddk.iso' }, mirrors: ['https://two.example/ddk.iso?token=1'] }),
    address({ version, catalog: release('https://one.example/ddk.iso') }),
    address({
      version,
      catalog: release('https://one.example/ddk.iso', 'https://two.example/ddk.iso'),
      isoHeaders: headers,
      isoHeadersFor: ['https://two.example'],
    }),
    ...(shipped ? [address({ version, catalog: release(...shipped.urls) })] : []),
    request({ iso: { kind: 'file', path: import.meta.filename } }),
  ].map(({ confidential }) => confidential)
  expect(reasons).toEqual([
    undefined,
    'the ISO is fetched with iso-headers',
    ...Array(4).fill("the ISO's address holds a password or a query"),
    "the ISO's address is from a catalog of your own",
    'the ISO is fetched with iso-headers',
    ...(shipped ? [undefined] : []),
    'the ISO is a file on the runner',
  ])
})

test('a checksum of the workflow comes before that of a catalog', () => {
  const catalog = [{ version: '8.2.0', urls: ['https://one.example/ddk.iso'], sha256: 'b'.repeat(64), size: 7 }]
  expect(address({ version, catalog, isoSha256: sha256 }).address).toMatchObject({ sha256, size: 7 })
  expect(address({ version, catalog })).toMatchObject({ fromCatalog: true, version, address: { sha256: 'b'.repeat(64) } })
})

test('require-checksum refuses an ISO without one', () => {
  const file = { kind: 'file', path: import.meta.filename } as const
  const url = { kind: 'url', url: 'https://one.example/ddk.iso' } as const
  for (const iso of [file, url]) {
    expect(() => request({ iso, requireChecksum: true })).toThrow('No checksum is known for the ISO, and "require-checksum" is true')
    expect(request({ iso, requireChecksum: true, isoSha256: sha256 }).kind).toBe(iso.kind === 'file' ? 'file' : 'address')
  }
})

test('a file of a catalog is taken if it is there, else its other addresses', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-iso-request-'))
  try {
    const [here, missing] = [join(dir, 'here.iso'), join(dir, 'missing.iso')]
    writeFileSync(here, '')
    const urls = ['https://one.example/ddk.iso', ...[missing, here].map((path) => pathToFileURL(path).href)]
    expect(request({ version, catalog: release(...urls) })).toMatchObject({ kind: 'file', path: here })
    expect(address({ version, catalog: release(urls[0]!, urls[1]!) }).address.urls).toEqual([urls[0]])
    expect(() => request({ version, catalog: release(urls[1]!) })).toThrow(`${missing}: there is no such file`)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.each([
  ['~/ddk.iso', 'only a shell replaces "~" by a folder, so write the whole path'],
  ['*.iso', 'only a shell expands patterns and variables, so write the whole path'],
  ['$HOME.iso', `only a shell expands patterns and variables, so write the whole path, or \${{ env.NAME }}`],
  ['ddk.iso', 'check it out or download it in an earlier step; a relative path starts in the workspace'],
])('a file that is not there, and what to do: %s', (name, advice) => {
  const path = join('/nowhere', name)
  expect(() => request({ iso: { kind: 'file', path } })).toThrow(new Error(`${path}: there is no such file; ${advice}`))
})

test('a file that is not there, after an empty variable', () => {
  const iso = parseIsoInput('/XenServer-0.0.0-DDK.iso')
  expect(() => request({ iso })).toThrow('there is no such file; is a variable before it empty, or not set for this job?')
})

test('a file that is not there, beside others', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-iso-request-'))
  try {
    for (const name of ['ddk-7.iso', 'DDK.ISO', 'ddk.iso.sha256']) writeFileSync(join(dir, name), '')
    const path = join(dir, 'ddk.iso')
    expect(() => request({ iso: { kind: 'file', path } })).toThrow(`${path}: there is no such file; its folder has DDK.ISO, ddk-7.iso`)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('a link to a file that is not there', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-iso-request-'))
  try {
    const path = join(dir, 'latest.iso')
    symlinkSync('/nowhere/ddk.iso', path)
    expect(() => request({ iso: { kind: 'file', path } })).toThrow(`${path}: it is a link to /nowhere/ddk.iso, where nothing is`)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('a path about which the system says something else, which shows when it is opened', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-iso-request-'))
  try {
    symlinkSync('loop', join(dir, 'loop'))
    const path = join(dir, 'loop', 'ddk.iso')
    expect(request({ iso: { kind: 'file', path } })).toMatchObject({ kind: 'file', path })
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.each(['www.example.com/ddk.iso', 'mirror.example/isos/ddk.iso'])('an address without its protocol: %s', (text) => {
  expect(() => request({ iso: parseIsoInput(text) })).toThrow(
    /there is no such file; .* starts in the workspace, and an address with https:\/\/$/,
  )
})
