import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Identity } from '../../src/disk/root/identity.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { Inputs } from '../../src/inputs.ts'
import { Timeline } from '../../src/phase/timeline.ts'
import { parseRepository } from '../../src/registry/repository.ts'
import { decisionsOf, placeOrder } from '../../src/supply/order.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-order-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const classic: Partial<Engine> = { store: 'overlay2', loadsZstd: true, prefersPlain: true, layers: {} as NonNullable<Engine['layers']> }
const containerd: Partial<Engine> = { store: 'containerd', loadsZstd: true, prefersPlain: false }
const podman: Partial<Engine> = { name: 'podman', store: 'overlay', loadsZstd: true, prefersPlain: true }
const old: Partial<Engine> = { ...classic, name: 'docker', version: '20.10.24', loadsZstd: false }

/** @param saveImage whether the image goes into the Actions cache; `saveIso` the ISO */
function order(engine: Partial<Engine> | undefined, inputs: Partial<Inputs> = {}, saveImage = false, saveIso = false) {
  const kinds = { image: saveImage, iso: saveIso }
  const phase = { say() {}, warn() {}, signal: new AbortController().signal }
  const all: Partial<Inputs> = { uname: 'ddk', ...inputs }
  return placeOrder(all as Inputs, { restore: kinds, save: kinds }, engine as Engine | undefined, join(dir, 'step'), phase, new Timeline())
}

describe('layers are compressed', () => {
  test.each<[string, Partial<Engine> | undefined, boolean, boolean, 'zstd' | 'none']>([
    ['without an engine', undefined, false, false, 'zstd'],
    ['for an archive that is kept', classic, true, false, 'zstd'],
    ['not for the cache, which gets an image of its own', classic, false, true, 'none'],
    ['not for Podman', podman, false, true, 'none'],
    ['for an archive that is kept, although Podman has it too', podman, true, true, 'zstd'],
    ["for Docker's containerd store", containerd, false, false, 'zstd'],
    ["not for Docker's graph drivers", classic, false, false, 'none'],
    ['not for an old engine', old, false, false, 'none'],
    ['not for an old engine, not even if the archive is kept', old, true, true, 'none'],
  ])('%s', (_when, engine, keep, save, compression) => {
    expect(order(engine, keep ? { archive: join(dir, 'kept.tar') } : {}, save).compression).toBe(compression)
  })
})

describe('a compression that is asked for', () => {
  test('is that of new images and of those from the cache, and wants the whole archive', () => {
    const asked = order(classic, { layerCompression: 'gzip' })
    expect([asked.compression, asked.onlyCompression, asked.rootImport, asked.keepArchive]).toEqual(['gzip', 'gzip', undefined, false])
    expect(order(old, { layerCompression: 'gzip' }).compression).toBe('gzip')
    expect(order(containerd, { layerCompression: 'none' }, true).compression).toBe('none')
    expect(order(classic).onlyCompression).toBeUndefined()
  })

  test("is refused if it is zstd, and the engine can't load that", () => {
    expect(() => order(old, { layerCompression: 'zstd' })).toThrow(
      'Input "layer-compression": docker 20.10.24 can\'t load layers that are compressed with zstd, which takes Docker 23 or later; choose gzip or none',
    )
    expect(order(undefined, { layerCompression: 'zstd' }).compression).toBe('zstd')
  })
})

test('the archive is a file of the step, unless it is all that there is, or has a path', () => {
  const archive = join(dir, 'new folder', 'kept.tar')
  const places = [order(classic), order(undefined), order(classic, { archive })]
  expect(places.map((place) => [place.archive, place.keepArchive])).toEqual([
    [join(dir, 'step', 'image.tar'), false],
    [join(dir, 'step.tar'), true],
    [archive, true],
  ])
  expect(existsSync(join(dir, 'new folder'))).toBe(true)
})

test('a layout is made beside an archive of the step, which has all layers', () => {
  const ociLayout = join(dir, 'layout')
  const layouts = [
    order(classic, { ociLayout }),
    order(undefined, { ociLayout }),
    order(undefined, { ociLayout, archive: join(dir, 'kept.tar') }),
  ]
  expect(layouts.map((place) => [place.archive, place.keepArchive, place.wantsArchive, place.rootImport, place.compression])).toEqual([
    [join(dir, 'step', 'image.tar'), false, true, undefined, 'zstd'],
    [join(dir, 'step', 'image.tar'), false, true, undefined, 'zstd'],
    [join(dir, 'kept.tar'), true, true, undefined, 'zstd'],
  ])
  expect(decisionsOf(layouts[0]!).slice(0, 2)).toEqual([
    `The archive ${join(dir, 'step', 'image.tar')} is removed once it is used`,
    `The OCI layout is ${ociLayout}`,
  ])
})

test('the lowest layer is imported only if the engine can, and no archive is kept', () => {
  const archive = join(dir, 'kept.tar')
  const imports = [order(classic), order(containerd), order(classic, { archive }), order(undefined)]
  expect(imports.map(({ rootImport }) => rootImport?.mark)).toEqual(['step', undefined, undefined, undefined])
})

test('an image that is to be pushed is made as it is pushed: in the archive, and compressed if the engine can load that', () => {
  const repository = parseRepository('ghcr.io/acme/ddk')
  const orders = [classic, containerd, old].map((engine) => order(engine, { registry: { repository, push: true } }))
  expect(orders.map(({ compression, rootImport }) => [compression, rootImport])).toEqual([
    ['zstd', undefined],
    ['zstd', undefined],
    ['none', undefined],
  ])
  const pulled = order(classic, { registry: { repository, push: false } })
  expect([pulled.compression, pulled.rootImport?.mark]).toEqual(['none', 'step'])
  expect(decisionsOf(pulled).at(-1)).toBe('ghcr.io/acme/ddk is asked for the image, and gets nothing')
  expect(decisionsOf(orders[0]!).at(-1)).toBe('ghcr.io/acme/ddk is asked for the image, and gets it')
})

test('the layers of an earlier image may be compressed with zstd where the archive is kept, or the engine loads that as fast', () => {
  const orders = [classic, podman, containerd, old, undefined].map((engine) => order(engine))
  expect(orders.map(({ takesZstd }) => takesZstd)).toEqual([false, false, true, false, true])
  const whole = [classic, podman, containerd, old].map((engine) => order(engine, { archive: join(dir, 'kept.tar') }))
  expect(whole.map(({ takesZstd }) => takesZstd)).toEqual([true, true, true, false])
})

test('the image has the requested name, or one of its version; another version is refused', () => {
  const identity = { product: 'XenServer DDK', version: '6.5.0', build: '90233c', architecture: 'x86_64' } as Identity
  const asked = { version: { numbers: [6, 5] } }
  expect(order(classic, { ...asked, image: 'vendor/ddk:1' }).name(identity)).toBe('vendor/ddk:1')
  expect(order(classic, asked).name(identity)).toBe('xenserver-ddk:6.5.0-90233c')
  expect(() => order(classic, { version: { numbers: [7, 0] } }).name(identity)).toThrow('XenServer 7.0 was requested')
})

test('what the image must be is passed on', () => {
  const asked = order(classic, { expectDigest: 'sha256:1', maxZeroBytes: 5, uname: 'host' })
  expect(asked).toMatchObject({ expectDigest: 'sha256:1', maxZeroBytes: 5, uname: 'host', tempDir: join(dir, 'step') })
  expect(order(classic)).not.toHaveProperty('expectDigest')
})

test('what was decided is one sentence each', () => {
  expect(decisionsOf(order(old, {}, true))).toEqual([
    `The archive ${join(dir, 'step', 'image.tar')} is removed once it is loaded`,
    'The lowest layer is imported into the engine while it is made',
    "New layers are compressed with none; those of an earlier image aren't compressed with zstd",
    'The Actions cache is asked for image, and gets image',
  ])
  expect(decisionsOf(order(old, {}, true, true)).at(-1)).toBe('The Actions cache is asked for image and ISO, and gets image and ISO')
  expect(decisionsOf(order(undefined))).toEqual([
    `The archive ${join(dir, 'step.tar')} is kept`,
    'The lowest layer is written to the archive',
    'New layers are compressed with zstd; those of an earlier image may be compressed with zstd',
    'The Actions cache is asked for nothing, and gets nothing',
  ])
})
