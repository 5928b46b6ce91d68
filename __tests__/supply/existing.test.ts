import { expect, test } from '@jest/globals'
import type { Engine, Image } from '../../src/engine/engine.ts'
import { keyLabel } from '../../src/image/config/labels.ts'
import { findExisting } from '../../src/supply/existing.ts'
import { keysOf } from '../../src/supply/keys.ts'
import type { KnownIso } from '../../src/supply/known-iso.ts'
import type { Order } from '../../src/supply/order.ts'

const sha256 = '1'.repeat(64)
const known = { identity: { sha256 }, sha256 } as KnownIso

/** Looks for an image in an engine that has it, without the Actions cache. */
async function look(iso: KnownIso, changes: Partial<Order> = {}) {
  const phase = { say() {}, warn() {}, signal: new AbortController().signal }
  const nothing = { image: false, iso: false }
  const order = { phase, uname: 'ddk', wantsArchive: false, useCache: { restore: nothing, save: nothing }, name: () => 'ddk:1', ...changes }
  const { engine: key } = keysOf(known, order as Order)
  const image: Partial<Image> = { id: 'sha256:image', labels: { [keyLabel]: key! }, layers: 2 }
  const engine: Partial<Engine> = {
    name: 'docker',
    labelled: async (label, value) => (label === keyLabel && value === key ? [image.id!] : []),
    find: async () => image as Image,
    prove: async () => {},
  }
  return findExisting(iso, engine as Engine, order as Order, async () => undefined)
}

test('an image that the engine has is taken', async () => {
  expect(await look(known)).toMatchObject({ origin: 'engine', image: { id: 'sha256:image' } })
})

test('it is not taken if an archive is wanted, because the engine would export another one', async () => {
  expect(await look(known, { wantsArchive: true })).toBeUndefined()
})

test('it is not looked for if the checksum of the ISO is unknown', async () => {
  expect(await look({ ...known, sha256: undefined })).toBeUndefined()
})
