import { expect, test } from '@jest/globals'
import { digestOf, type Supply } from '../../src/supply/supply.ts'

const image = { id: 'sha256:in-the-engine' }
const archive = { manifestDigest: 'sha256:in-the-archive' }

test.each<[string, object, string | undefined]>([
  ['that of the registry', { manifestDigest: 'sha256:in-the-registry', archive }, 'sha256:in-the-registry'],
  ['else that of the archive', { archive }, 'sha256:in-the-archive'],
  ["else that of Docker's containerd store", {}, 'sha256:in-the-engine'],
])('the digest of the manifest is %s', (_where, supply, digest) => {
  expect(digestOf(supply as Supply, { store: 'containerd' }, image)).toBe(digest)
})

test("other stores don't know it: their ID is that of the configuration", () => {
  expect(digestOf({} as Supply, { store: 'overlay2' }, image)).toBeUndefined()
  expect(digestOf({} as Supply, undefined, undefined)).toBeUndefined()
})
