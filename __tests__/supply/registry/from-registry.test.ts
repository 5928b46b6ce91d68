import { beforeEach, expect, test } from '@jest/globals'
import type { Order } from '../../../src/supply/order.ts'
import { fromRegistry } from '../../../src/supply/registry/from-registry.ts'
import type { RegistryImage, Stored } from '../../../src/supply/registry/registry-image.ts'
import type { RegistryUse } from '../../../src/supply/registry/registry-use.ts'

// What is not taken from a registry, before any of its layers is fetched.

const first = '1'.repeat(64)
const other = '2'.repeat(64)
let said: string[] = []
beforeEach(() => {
  said = []
})

function take(stored: Stored | undefined, sha256?: string, firstChecksum: string | undefined = undefined, changes: Partial<Order> = {}) {
  const phase = { say: (line: string) => said.push(line), warn() {}, signal: new AbortController().signal }
  const registry = { client: { repository: { text: 'ghcr.io/acme/ddk' } } } as unknown as RegistryUse
  return fromRegistry(registry, stored, sha256, { phase, ...changes } as Order, async () => firstChecksum)
}

const layer = { digest: 'sha256:3', size: 1, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', diffId: 'sha256:4' }
const image: Partial<RegistryImage> = { isoSha256: other, manifestDigest: 'sha256:5', configDigest: 'sha256:6', layers: [layer] }
const stored: Stored = { image: image as RegistryImage }

test('an image that was made from another ISO than its address gave first is an error', async () => {
  await expect(take(stored, undefined, first)).rejects.toThrow(
    `The image in ghcr.io/acme/ddk was made from an ISO with the SHA-256 ${other}, but its address first gave one with ${first}. Someone may have forged the image`,
  )
})

test.each<[string, Stored | undefined, string | undefined, Partial<Order>, string]>([
  ['an image that is not there', undefined, undefined, {}, "ghcr.io/acme/ddk doesn't have the image"],
  [
    'an image of another ISO than is wanted',
    stored,
    first,
    {},
    `The image in ghcr.io/acme/ddk is ignored: it was made from an ISO with the SHA-256 ${other}`,
  ],
  [
    'an image that is not the expected one',
    stored,
    other,
    { expectDigest: 'sha256:7' },
    'The image in ghcr.io/acme/ddk is ignored: its manifest is sha256:5 and its configuration sha256:6, but sha256:7 is expected',
  ],
  [
    'an image of gzip, where another compression is wanted',
    stored,
    other,
    { onlyCompression: 'zstd' },
    'The image in ghcr.io/acme/ddk is ignored: its layers are compressed with gzip, and "layer-compression" is zstd',
  ],
  ['what is none', { unusable: 'it is a song', digest: 'sha256:8' }, other, {}, 'The image in ghcr.io/acme/ddk is ignored: it is a song'],
])('%s is one line in the log', async (_what, found, sha256, changes, line) => {
  expect(await take(found, sha256, undefined, changes)).toBeUndefined()
  expect(said).toEqual([line])
})
