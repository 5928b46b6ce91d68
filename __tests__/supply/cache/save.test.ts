import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { awaitSaving } from '../../../src/cache/process/saving.ts'
import { type Compression, frameCompressor } from '../../../src/image/archive/frames.ts'
import type { Conversion } from '../../../src/image/description.ts'
import { saveForNextRun } from '../../../src/supply/cache/save.ts'
import type { KnownIso } from '../../../src/supply/iso/known-iso.ts'
import type { Order } from '../../../src/supply/order.ts'
import type { Supply } from '../../../src/supply/supply.ts'
import { startCacheService } from '../../support/cache-service.ts'

// What is saved for the next run. Without a cache service, nothing leaves this folder.

const environment = { ...process.env }
const sha256 = 'ab'.repeat(32)
let dir = ''
let said: string[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-save-'))
  said = []
  for (const name of ['ddk.iso', 'image.tar']) writeFileSync(join(dir, name), name)
  for (const name of ['ACTIONS_RESULTS_URL', 'ACTIONS_CACHE_URL']) delete process.env[name]
})
afterEach(() => {
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

/** Names of what is saved. By default, everything has been made of an ISO whose address has no known checksum. */
function saved(
  supply: Partial<Supply> = {},
  order: Partial<Order> = {},
  isPinned = false,
  changes: Partial<KnownIso> = {},
): readonly string[] {
  const known = {
    identity: { sha256 },
    sha256: undefined,
    request: { kind: 'address', address: { urls: ['https://one.example/ddk.iso'], ...(isPinned && { sha256 }) } },
    ...changes,
  }
  const made = {
    origin: 'download',
    isoSha256: sha256,
    isoPath: join(dir, 'ddk.iso'),
    conversion: conversionOf('zstd'),
  }
  const asked = {
    phase: { say: (line: string) => said.push(line) },
    tempDir: dir,
    archive: join(dir, 'image.tar'),
    useCache: { save: { image: true, iso: true } },
    cacheHealth: { failing: false },
    uname: 'ddk',
  }
  return saveForNextRun({ ...made, ...supply } as Supply, known as unknown as KnownIso, { ...asked, ...order } as unknown as Order)
}

function conversionOf(compression: Compression): Conversion {
  const made = { archive: { configDigest: 'sha256:1' }, layers: [{ mediaType: frameCompressor({ compression }).mediaType }] }
  return made as unknown as Conversion
}

const checksum = "the checksum of this address's first download"

test('an ISO that was downloaded is saved with its image, and with its checksum if that was not known', () => {
  expect(saved()).toEqual([checksum, 'the image', 'the ISO'])
  expect(saved({}, {}, true)).toEqual(['the image', 'the ISO'])
})

test('what is saved is staged in a folder of its own each, for a process that works beside the next steps', () => {
  saved()
  expect(readdirSync(dir).sort()).toEqual(['ddk.iso', 'image.tar', 'save-checksum', 'save-image', 'save-iso'])
})

test('neither an ISO nor an image is saved of which too little is known to find it again', () => {
  expect(saved({}, {}, false, { identity: undefined })).toEqual([checksum])
  expect(said).toEqual([expect.not.stringContaining('Nothing is saved')])
})

test('an ISO that is not on the machine any more is not saved', () => {
  expect(saved({ isoPath: undefined as never })).toEqual([checksum, 'the image'])
})

test('an ISO that was not downloaded is not saved, because it is in a cache or on the machine already', () => {
  for (const origin of ['file', 'tool-cache', 'iso-cache'] as const) expect([origin, saved({ origin })]).toEqual([origin, ['the image']])
})

test('an image that is in a cache already is not saved', () => {
  expect(saved({ origin: 'cache', isoPath: undefined as never })).toEqual([])
  expect(saved({ origin: 'engine', conversion: undefined as never })).toEqual([])
})

test('only what is wanted is saved, and without either not even the checksum', () => {
  const saving = (image: boolean, iso: boolean) => saved({}, { useCache: { save: { image, iso } } as Order['useCache'] })
  expect([saving(true, false), saving(false, true), saving(false, false)]).toEqual([[checksum, 'the image'], [checksum, 'the ISO'], []])
})

test.each<[string, Partial<Supply>, Partial<Order>, boolean]>([
  ['whose layers are compressed is saved as it is', {}, {}, true],
  ['without its lowest layer is made again', { imported: true }, {}, false],
  ['whose layers are not compressed is made again', { conversion: conversionOf('none') }, {}, false],
  [
    'whose layers have the compression that is asked for is saved as it is',
    { conversion: conversionOf('none') },
    { onlyCompression: 'none' },
    true,
  ],
  ['whose ISO is gone is saved as it is', { conversion: conversionOf('none'), isoPath: undefined as never }, {}, true],
])('an image %s', (_, supply, order, isStaged) => {
  expect(saved({ origin: 'file', ...supply }, order)).toEqual(['the image'])
  expect(existsSync(join(dir, 'save-image/xenserver-ddk/image'))).toBe(isStaged)
})

test('nothing is saved to a cache that was too slow before, and that is said', () => {
  expect(saved({}, { cacheHealth: { failing: true, waited: 0 } })).toEqual([])
  expect([said, existsSync(join(dir, 'save-iso'))]).toEqual([
    ['Nothing is saved to the Actions cache, because it was too slow before'],
    false,
  ])
})

test('it is saved while the job goes on, and the post step learns from a file how that went', async () => {
  const service = await startCacheService()
  try {
    Object.assign(process.env, service.env.v2)
    expect(saved({}, { useCache: { save: { image: false, iso: true } } as Order['useCache'] })).toEqual([checksum, 'the ISO'])
    await awaitSaving(join(dir, 'saving'), 60_000, (line) => said.push(line))
    expect(said.toSorted()).toEqual([expect.stringMatching(/^Saved the ISO/), expect.stringMatching(/^Saved the checksum/)])
  } finally {
    await service.close()
  }
})

test('what goes wrong fails no step', () => {
  rmSync(join(dir, 'ddk.iso'))
  expect(saved()).toEqual([])
  expect(said).toEqual([expect.stringMatching(/^Nothing is saved to the Actions cache: .*ddk\.iso/)])
})
