import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { UserError } from '../../../src/bytes/errors.ts'
import { stageImage } from '../../../src/cache/entries/image-cache.ts'
import { awaitSaving, startSaving } from '../../../src/cache/process/saving.ts'
import type { Conversion } from '../../../src/image/description.ts'
import { fromCache } from '../../../src/supply/cache/from-cache.ts'
import type { Order } from '../../../src/supply/order.ts'
import { isoSha256, makeSmallImage } from '../../image/small-image.ts'
import { useCacheService } from '../../support/use-cache-service.ts'

// An image that is in the cache, and what may be wrong with it although all its digests are right.

const key = 'the-key'

useCacheService()

let dir = ''
let said: string[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-from-cache-'))
  said = []
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Saves an image. */
async function save(): Promise<Conversion> {
  const path = join(dir, 'saved.tar')
  const made = await makeSmallImage(path, ['ddk:1'], 'zstd')
  startSaving([stageImage(key, join(dir, 'staged'), path, made)], join(dir, 'save'), (line) => said.push(line))
  await awaitSaving(join(dir, 'save'), 30_000, (line) => said.push(line))
  expect(said).toEqual([expect.stringMatching(/^Saved the image/)])
  said = []
  return made
}

const archive = () => join(dir, 'work/image.tar')

function look(order: Partial<Order> = {}, { sha256, first }: { sha256?: string; first?: string } = {}) {
  const asked: Partial<Order> = {
    phase: { say: (line) => said.push(line), warn() {}, signal: new AbortController().signal },
    archive: archive(),
    tempDir: join(dir, 'work'),
    cacheHealth: { failing: false, waited: 0 },
    takesZstd: true,
    name: ({ version }) => `ddk:${version}`,
    ...order,
  }
  return fromCache(key, sha256, asked as Order, async () => first)
}

/** Nothing of an archive is left. */
function nothingLeft(): void {
  expect(readdirSync(join(dir, 'work')).filter((name) => name.startsWith('image.tar'))).toEqual([])
}

test('an image gets the requested name, and its archive is the one that was saved', async () => {
  const { archive: saved } = await save()
  const supply = await look({ name: () => 'ddk:1', expectDigest: saved.configDigest }, { sha256: isoSha256, first: isoSha256 })
  expect(supply).toMatchObject({
    origin: 'cache',
    name: 'ddk:1',
    isoSha256,
    identity: { version: '6.5.0' },
    archive: saved,
    imported: false,
  })
  expect(readFileSync(archive()).equals(readFileSync(join(dir, 'saved.tar')))).toBe(true)
  expect(said).toEqual(['Found the image in the Actions cache (the-key)'])
})

test('an image that is not there is none', async () => {
  expect(await look()).toBeUndefined()
  expect(said).toEqual(["The Actions cache doesn't have the image"])
})

test('an image of another ISO is ignored', async () => {
  await save()
  expect(await look({}, { sha256: 'cd'.repeat(32) })).toBeUndefined()
  expect(said).toEqual([`The image in the Actions cache is ignored: it was made from an ISO with the SHA-256 ${isoSha256}`])
  nothingLeft()
})

test('an image of another ISO than its address gave first ends the step, and the entry is named', async () => {
  await save()
  const failure = await look({}, { first: 'cd'.repeat(32) }).catch((error: UserError) => error)
  expect(failure).toBeInstanceOf(UserError)
  expect(failure).toMatchObject({ kind: 'changed' })
  expect((failure as UserError).message).toMatch(
    /ab, but its address first gave one with (cd){32}\. Someone may have forged the entry the-key: /,
  )
  nothingLeft()
})

test('an image with another digest than the expected one is ignored', async () => {
  const { archive: saved } = await save()
  const expected = `sha256:${'0'.repeat(64)}`
  expect(await look({ expectDigest: expected })).toBeUndefined()
  expect(said).toEqual([`The image in the Actions cache is ignored: it is ${saved.configDigest}, but ${expected} is expected`])
  expect(existsSync(archive())).toBe(false)
  expect(await look({ expectDigest: saved.manifestDigest })).toMatchObject({ origin: 'cache' })
})

test('an image of another version than the requested one leaves nothing', async () => {
  await save()
  const refuse = () => {
    throw new UserError('it is 6.5.0', 'input')
  }
  await expect(look({ name: refuse })).rejects.toThrow('it is 6.5.0')
  nothingLeft()
})
