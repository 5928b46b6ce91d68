import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Engine, Image } from '../src/engine/engine.ts'
import { writeOutputs } from '../src/outputs.ts'
import type { Order } from '../src/supply/order.ts'
import type { Origin, Supply } from '../src/supply/supply.ts'
import { commandsIn } from './support/runner.ts'

const environment = { ...process.env }
let file = ''
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'ddk-outputs-')), 'output')
  process.env.GITHUB_OUTPUT = file
})
afterEach(() => {
  process.env = { ...environment }
  rmSync(join(file, '..'), { recursive: true })
})

const identity = { product: 'XenServer DDK', version: '6.5.0', build: '90233c', kernelVersion: '3.10.0+2', architecture: 'x86_64' } as const
const supply = { origin: 'file', name: 'ddk:1', identity, isoSha256: 'abc', isoPath: '/srv/ddk.iso' } as Supply
const archive = { configDigest: 'sha256:config', manifestDigest: 'sha256:manifest' } as NonNullable<Supply['archive']>
const order = { archive: '/srv/ddk.tar', keepArchive: true, ociLayout: '/srv/ddk' } as Order
const image = { id: 'sha256:image' } as Image
const inStore = (store: string) => ({ name: 'docker', store }) as Engine

async function outputsOf(...[of, by, ...more]: Partial<Parameters<typeof writeOutputs>>): Promise<Record<string, string>> {
  writeFileSync(file, '')
  const [engine, loaded, key = 'key', sbom] = more
  await writeOutputs(of ?? supply, by ?? order, engine, loaded, key, sbom)
  return commandsIn(file)
}

test('all outputs that there can be', async () => {
  const sbom = { path: '/srv/sbom.json', list: '/tmp/packages.txt', packages: 411 }
  expect(await outputsOf({ ...supply, archive }, order, inStore('overlay2'), image, 'key', sbom)).toEqual({
    image: 'ddk:1',
    'image-id': 'sha256:image',
    'image-digest': 'sha256:manifest',
    archive: '/srv/ddk.tar',
    'oci-layout': '/srv/ddk',
    'xenserver-version': '6.5.0',
    'build-number': '90233c',
    'kernel-version': '3.10.0+2',
    architecture: 'x86_64',
    'iso-sha256': 'abc',
    'iso-path': '/srv/ddk.iso',
    'cache-hit': 'false',
    source: 'file',
    'cache-key': 'key',
    packages: '/tmp/packages.txt',
  })
})

test('what is unknown, or was not made, is empty', async () => {
  const unknown = { product: undefined, version: undefined, build: undefined, kernelVersion: undefined, architecture: undefined }
  const { isoPath: _, ...rest } = supply
  const { ociLayout: __, ...only } = order
  const outputs = await outputsOf({ ...rest, identity: unknown }, { ...only, keepArchive: false }, undefined, undefined, '')
  const { image: name, 'iso-sha256': sha256, 'cache-hit': hit, source, ...others } = outputs
  expect([name, sha256, hit, source, ...new Set(Object.values(others))]).toEqual(['ddk:1', 'abc', 'false', 'file', ''])
})

test("the image's ID is the engine's, else the digest of its configuration", async () => {
  const withArchive = { ...supply, archive }
  expect((await outputsOf(withArchive, order, inStore('containerd'), image))['image-id']).toBe('sha256:image')
  expect((await outputsOf(withArchive, order))['image-id']).toBe('sha256:config')
})

test("its digest is the registry's, else the archive's, else the engine's, if that knows it", async () => {
  const digest = async (of: Supply, engine?: Engine) => (await outputsOf(of, order, engine, engine && image))['image-digest']
  expect(await digest({ ...supply, archive, manifestDigest: 'sha256:pushed' }, inStore('containerd'))).toBe('sha256:pushed')
  expect(await digest({ ...supply, archive }, inStore('containerd'))).toBe('sha256:manifest')
  expect(await digest(supply, inStore('containerd'))).toBe('sha256:image')
  expect(await digest(supply, inStore('overlay2'))).toBe('')
})

test.each<[Origin, string]>([
  ['engine', 'true'],
  ['registry', 'true'],
  ['cache', 'true'],
  ['tool-cache', 'false'],
  ['iso-cache', 'false'],
  ['download', 'false'],
  ['file', 'false'],
])('an image from %s is a hit: %s', async (origin, hit) => {
  expect(await outputsOf({ ...supply, origin })).toMatchObject({ source: origin, 'cache-hit': hit })
})
