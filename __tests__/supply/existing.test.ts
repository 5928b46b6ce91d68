import { beforeEach, expect, test } from '@jest/globals'
import { UserError } from '../../src/bytes/errors.ts'
import type { Engine, Image } from '../../src/engine/engine.ts'
import type { Store } from '../../src/fetch/store/tool-cache.ts'
import { HttpFailure } from '../../src/http/failure.ts'
import { keyLabel } from '../../src/image/config/labels.ts'
import { imageKey } from '../../src/image/key/key.ts'
import type { Turn } from '../../src/supply/engine/turn.ts'
import { findExisting, type Places } from '../../src/supply/existing.ts'
import type { KnownIso } from '../../src/supply/iso/known-iso.ts'
import type { Order } from '../../src/supply/order.ts'
import type { RegistryUse } from '../../src/supply/registry/registry-use.ts'

const sha256 = '1'.repeat(64)
const known = { identity: { sha256 }, sha256 } as KnownIso
/** Of an ISO that was recognized before it was fetched. */
const unfetched: KnownIso = { ...known, sha256: undefined, wanted: { url: 'https://example.com/ddk.iso' } }

interface Situation extends Partial<Pick<Order, 'wantsArchive' | 'registry'>> {
  readonly iso?: KnownIso
  /** Whether the engine has the image. */
  readonly has?: () => boolean
  /** SHA-256 of what the tool cache has from the address. */
  readonly recorded?: () => string | undefined
  readonly turn?: Pick<Turn, 'take' | 'wait'>
}

let said: string[] = []
beforeEach(() => {
  said = []
})

/** Looks for an image in an engine, without the Actions cache. */
async function look({ iso = known, has = () => true, recorded = () => undefined, turn, ...changes }: Situation = {}) {
  const phase = {
    say: (line: string) => void said.push(line),
    warn: (line: string) => void said.push(`warning: ${line}`),
    signal: new AbortController().signal,
  }
  const nothing = { image: false, iso: false }
  const order = { phase, uname: 'ddk', wantsArchive: false, useCache: { restore: nothing, save: nothing }, name: () => 'ddk:1', ...changes }
  const key = imageKey({ sha256 }, { uname: 'ddk' })
  const image: Partial<Image> = { id: 'sha256:image', names: [], labels: { [keyLabel]: key }, layers: 2 }
  const engine: Partial<Engine> = {
    name: 'docker',
    labelled: async (label, value) => (label === keyLabel && value === key && has() ? [image.id!] : []),
    find: async () => image as Image,
    prove: async () => ({ cleared: Promise.resolve() }),
  }
  const places = { engine: engine as Engine, store: { recorded } as Partial<Store> as Store, turn: turn as Turn | undefined }
  return findExisting(iso, { ...places, firstChecksum: async () => undefined } satisfies Places, order as Partial<Order> as Order)
}

test('an image that the engine has is taken', async () => {
  expect(await look()).toMatchObject({ origin: 'engine', image: { id: 'sha256:image' } })
})

test('it is not taken if an archive is wanted, because the engine would export another one', async () => {
  expect(await look({ wantsArchive: true })).toBeUndefined()
})

test('it is not looked for if the checksum of the ISO is unknown', async () => {
  expect(await look({ iso: unfetched })).toBeUndefined()
})

test('it is taken if another job has just fetched the ISO', async () => {
  expect(await look({ iso: unfetched, recorded: () => sha256 })).toMatchObject({ origin: 'engine' })
})

/** A registry whose every request ends so. */
function registryThat(fails: Error, push: boolean): RegistryUse {
  const client = {
    repository: { text: 'ghcr.io/acme/ddk' },
    async persist() {
      throw fails
    },
  }
  return { client, push } as unknown as RegistryUse
}

test('a registry that fails is a warning, unless the image is to be pushed there', async () => {
  const failure = new HttpFailure('the server answered 403 Forbidden')
  const sentence = "ghcr.io/acme/ddk can't be used: the server answered 403 Forbidden"
  expect(await look({ has: () => false, registry: registryThat(failure, false) })).toBeUndefined()
  expect(said).toEqual([`warning: ${sentence}; this step goes on without it`])
  await expect(look({ has: () => false, registry: registryThat(failure, true) })).rejects.toThrow(new UserError(sentence, 'registry'))
})

test('what is wrong with an image in the registry is an error in any case', async () => {
  const forged = new UserError('someone may have forged it', 'changed')
  await expect(look({ has: () => false, registry: registryThat(forged, false) })).rejects.toThrow(forged)
  expect(said).toEqual([])
})

/** The turns of jobs, written down; `free` tells whether this job gets it. */
function turnOf(free: () => boolean) {
  const calls: string[] = []
  const turn = {
    take() {
      calls.push('take')
      return free()
    },
    async wait() {
      calls.push('wait')
    },
  }
  return { calls, turn }
}

test('a job does not wait for an image that is there', async () => {
  const { calls, turn } = turnOf(() => false)
  expect(await look({ turn })).toMatchObject({ origin: 'engine' })
  expect(calls).toEqual(['take'])
})

test('a job that waits for its turn finds what another one has made meanwhile', async () => {
  const { calls, turn } = turnOf(() => false)
  expect(await look({ turn, has: () => calls.filter((call) => call === 'wait').length === 2 })).toMatchObject({ origin: 'engine' })
  expect(calls).toEqual(['take', 'wait', 'take', 'wait', 'take'])
})

test('a job that gets its turn just after another one is done finds its image', async () => {
  const { calls, turn } = turnOf(() => true)
  expect(await look({ turn, has: () => calls.length > 0 })).toMatchObject({ origin: 'engine' })
})

test('a job whose predecessor has failed makes the image', async () => {
  const { calls, turn } = turnOf(() => calls.length > 2)
  expect(await look({ turn, has: () => false })).toBeUndefined()
  expect(calls).toEqual(['take', 'wait', 'take'])
})
