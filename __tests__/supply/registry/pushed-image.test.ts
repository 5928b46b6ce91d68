import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { UserError } from '../../../src/bytes/errors.ts'
import type { Engine, Image, LayerStore } from '../../../src/engine/engine.ts'
import { RootImport } from '../../../src/engine/root-import.ts'
import type { Store } from '../../../src/fetch/store/tool-cache.ts'
import type { Compression } from '../../../src/image/archive/frames.ts'
import { manifestType } from '../../../src/image/archive/manifest.ts'
import { keyLabel } from '../../../src/image/config/labels.ts'
import type { Conversion } from '../../../src/image/description.ts'
import { imageKey } from '../../../src/image/key/key.ts'
import { fetchManifest, pushManifest } from '../../../src/registry/manifest.ts'
import type { Turn } from '../../../src/supply/engine/turn.ts'
import { findExisting } from '../../../src/supply/existing.ts'
import type { KnownIso } from '../../../src/supply/iso/known-iso.ts'
import type { Order } from '../../../src/supply/order.ts'
import { fromRegistry } from '../../../src/supply/registry/from-registry.ts'
import { findStored, isComplete, type Stored } from '../../../src/supply/registry/registry-image.ts'
import type { RegistryUse } from '../../../src/supply/registry/registry-use.ts'
import { pushImage } from '../../../src/supply/registry/to-registry.ts'
import type { Supply } from '../../../src/supply/supply.ts'
import { sha256 } from '../../fetch/server.ts'
import { isoSha256, makeSmallImage } from '../../image/small-image.ts'
import { clientOf } from '../../registry/client.ts'
import { noRegistry, startRegistry, type TestRegistry } from '../../support/registry.ts'
import { type RegistryProxy, startRegistryProxy } from '../../support/registry-proxy.ts'
import { unless } from '../../support/skip.ts'

// Debian's docker-registry behind a proxy, and images that are small. The whole action with a registry: registry.test.ts.

const login = { username: 'builder', password: 'correct horse battery' }
const key = imageKey({ sha256: isoSha256 }, { uname: 'ddk' })
const otherKey = imageKey({ url: 'https://one.example/ddk.iso', etag: '"1"', size: 7 }, { uname: 'ddk' })
const versionTag = '6.5.0-90233c'

unless(noRegistry).describe('an image in a registry', () => {
  let root = ''
  let dir = ''
  let registry: TestRegistry
  let proxy: RegistryProxy
  let count = 0
  let said: string[] = []
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'ddk-pushed-image-'))
    registry = await startRegistry({ login })
    proxy = await startRegistryProxy(registry.port)
  })
  afterAll(async () => {
    await proxy.stop()
    await registry.stop()
    rmSync(root, { recursive: true, force: true })
  })
  beforeEach(() => {
    dir = mkdtempSync(join(root, 'step-'))
    mkdirSync(join(dir, 'temp'))
    said = []
    proxy.plan = () => undefined
    proxy.seen.length = 0
    count++
  })

  const repository = () => `${proxy.host}/acme/ddk-${count}`
  const made = () => join(dir, 'made.tar')
  const pulled = () => join(dir, 'pulled.tar')

  function use({ push = false, signal }: { push?: boolean; signal?: AbortSignal } = {}): RegistryUse {
    return { client: clientOf(repository(), { kind: 'password', ...login }, signal).client, push }
  }

  function orderWith(changes: Partial<Order> = {}, signal = new AbortController().signal): Order {
    const order: Partial<Order> = {
      phase: { say: (line) => void said.push(line), warn: (line) => void said.push(`warning: ${line}`), signal },
      archive: pulled(),
      tempDir: join(dir, 'temp'),
      uname: 'ddk',
      takesZstd: true,
      name: ({ version }) => `ddk:${version}`,
      ...changes,
    }
    return order as Order
  }

  interface Pushing {
    readonly compression?: Compression
    /** Content of the lowest layer. */
    readonly lower?: string
    readonly supply?: Partial<Supply>
    readonly key?: string | undefined
    readonly signal?: AbortSignal
  }

  /** Pushes an image as if it had just been made. */
  async function push({ compression = 'zstd', lower, supply, signal, ...keys }: Pushing = {}) {
    const image = await makeSmallImage(made(), ['ddk:6.5.0'], compression, lower)
    const whole: Partial<Supply> = { origin: 'file', identity: image.found.identity, isoSha256, archive: image.archive, ...supply }
    const found = { registry: 'key' in keys ? keys.key : key }
    const order = orderWith({ archive: made() }, signal)
    const pushed = await pushImage(use({ push: true, ...(signal && { signal }) }), whole as Supply, found as object, order)
    return { ...pushed, ...image.archive, image }
  }

  const digestOf = async (tag: string) => (await fetchManifest(use().client, tag))?.digest
  const blobsOf = ({ archive }: Conversion) => [archive.configDigest, ...archive.layers.map(({ digest }) => digest)]
  const lose = (digest: string) => rmSync(registry.blobFolder(digest), { recursive: true })
  const uploaded = () => proxy.all('PUT', /uploads/).map(({ path }) => decodeURIComponent(/digest=([^&]*)/.exec(path)![1]!))
  const tagged = () => proxy.all('PUT', /manifests/).map(({ path }) => path.replace(/^.*\//, ''))
  /** Files that this process has open. */
  const opened = () =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(join('/proc/self/fd', fd))]
      } catch {
        return []
      }
    })

  describe('is pushed', () => {
    test('configuration first, then its layers, then its manifest under each tag; what was sent is counted', async () => {
      const { digest, bytes, manifestDigest, image } = await push({ key: otherKey })
      expect(uploaded()).toEqual(blobsOf(image))
      expect(tagged()).toEqual([key, otherKey, versionTag])
      const requests = proxy.seen.filter(({ method }) => method === 'PUT').map(({ path }) => /uploads|manifests/.exec(path)![0])
      expect(requests).toEqual(['uploads', 'uploads', 'uploads', 'manifests', 'manifests', 'manifests'])
      expect([digest, await digestOf(key), await digestOf(otherKey), await digestOf(versionTag)]).toEqual(Array(4).fill(manifestDigest))
      expect(bytes).toBe(proxy.all('PATCH').reduce((sum, request) => sum + request.bytes, 0))
      expect(said[0]).toMatch(new RegExp(`^Pushing to ${repository()}: the DDK's licence forbids passing it on`))
      expect(said).toContainEqual(expect.stringMatching(/^Sent 1\.\d kB in /))
      expect(said.at(-1)).toBe(
        `Pushed ${[key, otherKey, versionTag].map((tag) => `${repository()}:${tag}`).join(' and ')} (${manifestDigest})`,
      )
      expect(opened()).not.toContain(made())
    })

    test('once: the second push sends nothing', async () => {
      const first = await push()
      proxy.seen.length = 0
      said = []
      const second = await push()
      expect([second.digest, second.bytes]).toEqual([first.digest, 0])
      expect(said.at(-1)).toBe(`${repository()} has the image already (${first.digest}), so nothing is pushed`)
      expect(proxy.seen.map(({ method }) => method).filter((method) => ['POST', 'PATCH', 'PUT'].includes(method))).toEqual([])
    })

    test('not again with another compression: the first one stays', async () => {
      const first = await push({ compression: 'none' })
      const second = await push({ compression: 'zstd' })
      expect(second.manifestDigest).not.toBe(first.manifestDigest)
      expect([second.digest, await digestOf(key)]).toEqual([first.digest, first.digest])
    })

    test('not if another job has pushed it meanwhile, with another compression', async () => {
      const first = await push({ compression: 'none' })
      proxy.seen.length = 0
      let looks = 0
      proxy.plan = ({ method, path }) =>
        method === 'GET' && path.endsWith(`manifests/${key}`) && looks++ === 0 ? { answer: { status: 404 } } : undefined
      const second = await push({ compression: 'zstd' })
      expect(second.digest).toBe(first.digest)
      expect(second.bytes).toBeGreaterThan(0)
      expect([tagged(), await digestOf(key), await digestOf(versionTag)]).toEqual([[], first.digest, first.digest])
    })

    test.each([0, 1, 2])('again if the registry has lost a part of it (%d), and only that part', async (part) => {
      const { image, digest } = await push()
      const blob = blobsOf(image)[part]!
      lose(blob)
      proxy.seen.length = 0
      said = []
      expect((await push()).digest).toBe(digest)
      expect(uploaded()).toEqual([blob])
      const others = blobsOf(image).filter((other) => other !== blob)
      expect(said.filter((line) => line.startsWith('The registry has '))).toEqual(others.map((other) => `The registry has ${other}`))
    })

    test('not over another image with the same key', async () => {
      const first = await push({ lower: 'another' })
      const failure = await push().catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(UserError)
      expect(failure).toMatchObject({
        kind: 'registry',
        message: `${repository()}:${key} is another image (${first.digest}) than the one with this key, so it isn't replaced; find out who pushed it, and delete the tag`,
      })
      expect(await digestOf(key)).toBe(first.digest)
      expect(opened()).not.toContain(made())
    })

    test("with the version's tag, which moves from an earlier image, and that is said", async () => {
      const first = await push({ lower: 'another' })
      said = []
      const second = await push({ supply: { isoSha256: 'cd'.repeat(32) }, key: undefined })
      expect(await digestOf(versionTag)).toBe(second.digest)
      expect(said.filter((line) => line.includes('has moved'))).toEqual([
        `${repository()}:${versionTag} has moved: it was the manifest ${first.digest} before`,
      ])
    })

    test('without a tag of its version if it has none, or one that no tag can have', async () => {
      const { image } = await push()
      const identity = { ...image.found.identity, build: 'a+b' }
      await push({ supply: { isoSha256: 'cd'.repeat(32), identity }, key: undefined })
      const cdKey = imageKey({ sha256: 'cd'.repeat(32) }, { uname: 'ddk' })
      expect(tagged()).toEqual([key, versionTag, cdKey])
      expect(said).toContain("The image gets no tag with its version, because 6.5.0-a+b has characters that a tag can't have")
      const { version: _, ...unnamed } = identity
      await push({ supply: { isoSha256: 'ef'.repeat(32), identity: unnamed as typeof identity }, key: undefined })
      expect(tagged().at(-1)).toBe(imageKey({ sha256: 'ef'.repeat(32) }, { uname: 'ddk' }))
    })

    test('if it was made of a folder, which has no checksum, under its version alone', async () => {
      await push({ supply: { isoSha256: '' }, key: undefined })
      expect(tagged()).toEqual([versionTag])
    })

    test.each([
      ['its tags', /tags\/list$/, 0],
      ['its configuration', /blobs\//, 1],
    ])('not to a repository of which anybody can read %s', async (_what, path, sent) => {
      proxy.plan = ({ method, path: asked, headers }) =>
        method === 'GET' && path.test(asked) && !headers.authorization ? { answer: { status: 200 } } : undefined
      const failure = await push().catch((error: unknown) => error)
      expect(failure).toMatchObject({
        kind: 'public-registry',
        message: expect.stringContaining(`Anybody can read ${repository()} without a login`),
      })
      expect([uploaded().length, tagged()]).toEqual([sent, []])
      expect(opened()).not.toContain(made())
    })

    test('with a sentence of its own if the registry refuses', async () => {
      proxy.plan = ({ method }) => (method === 'POST' ? { answer: { status: 403 } } : undefined)
      const failure = await push().catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(UserError)
      expect(failure).toMatchObject({ kind: 'registry', message: expect.stringMatching(`^${repository()} can't be used: .*403`) })
    })

    test.each(['PATCH', 'PUT'])('until the job is cancelled, here at its first %s', async (method) => {
      const cancel = new AbortController()
      proxy.plan = (request, n) =>
        request.method === method && n === 1 ? { before: () => cancel.abort(new Error('Cancelled')) } : undefined
      await expect(push({ signal: cancel.signal })).rejects.toThrow('Cancelled')
      expect(tagged()).toEqual([])
      expect(opened()).not.toContain(made())
    })
  })

  /** Takes what is under the key. */
  async function pull(changes: Partial<Order> = {}, signal?: AbortSignal, wanted?: string, first?: string) {
    const registryUse = use(signal && { signal })
    const stored = await findStored(registryUse.client, key, 'ddk')
    return fromRegistry(registryUse, stored, wanted, orderWith(changes, signal), async () => first)
  }

  /** Bytes of an archive that is made like this. */
  async function archiveOf(compression: Compression): Promise<string> {
    const path = join(dir, `${compression}.tar`)
    await makeSmallImage(path, ['ddk:6.5.0'], compression)
    return sha256(readFileSync(path))
  }
  const pulledArchive = () => sha256(readFileSync(pulled()))
  const left = () => [...readdirSync(join(dir, 'temp')), ...readdirSync(dir).filter((name) => name.startsWith('pulled'))]

  describe('is pulled', () => {
    test.each<[Compression, Partial<Order>, Compression]>([
      ['zstd', {}, 'zstd'],
      ['none', {}, 'none'],
      ['gzip', {}, 'gzip'],
      ['zstd', { takesZstd: false }, 'none'],
      ['none', { takesZstd: false }, 'none'],
      ['gzip', { takesZstd: false }, 'gzip'],
      ['zstd', { onlyCompression: 'zstd' }, 'zstd'],
      ['zstd', { onlyCompression: 'gzip' }, 'gzip'],
      ['zstd', { onlyCompression: 'none' }, 'none'],
      ['none', { onlyCompression: 'zstd' }, 'zstd'],
      ['gzip', { onlyCompression: 'gzip' }, 'gzip'],
    ])('of %s, for %j: its archive is that of a conversion with %s', async (compression, changes, result) => {
      const { image, digest } = await push({ compression })
      said = []
      const supply = await pull(changes, undefined, isoSha256, isoSha256)
      const { identity } = image.found
      expect(supply).toMatchObject({ origin: 'registry', name: 'ddk:6.5.0', identity, isoSha256, manifestDigest: digest, imported: false })
      expect(supply?.archive?.configDigest).toBe(image.archive.configDigest)
      expect(pulledArchive()).toBe(await archiveOf(result))
      expect(said).toEqual([`Fetched the image from ${repository()} (${digest})`])
      expect(left()).toEqual(['pulled.tar'])
    })

    test.each([1, 2])('not if its layer %d is lost, and nothing is left of it', async (part) => {
      const { image } = await push()
      const blob = blobsOf(image)[part]!
      lose(blob)
      said = []
      for (const changes of [{}, { takesZstd: false }]) {
        expect(await pull(changes)).toBeUndefined()
        expect(said.splice(0)).toEqual([`The image in ${repository()} is ignored: the registry has lost ${blob}`])
        expect(left()).toEqual([])
      }
    })

    test('until the job is cancelled, and nothing is left of it', async () => {
      const { image } = await push()
      for (const changes of [{}, { takesZstd: false }]) {
        const cancel = new AbortController()
        proxy.plan = ({ path }) => (path.includes(blobsOf(image)[2]!) ? { before: () => cancel.abort(new Error('Cancelled')) } : undefined)
        await expect(pull(changes, cancel.signal)).rejects.toThrow('Cancelled')
        expect(left()).toEqual([])
      }
    })

    test('not if it is another version than is wanted, and none of its layers is fetched', async () => {
      await push()
      proxy.seen.length = 0
      const name = () => {
        throw new UserError('it is 6.5.0', 'input')
      }
      await expect(pull({ name })).rejects.toThrow('it is 6.5.0')
      expect(proxy.all('GET', /blobs/)).toHaveLength(1)
    })

    test('with its lowest layer imported into an engine, or in one piece if the engine takes no layer', async () => {
      const { image } = await push()
      for (const takes of [true, false]) {
        said = []
        const pieces: Uint8Array[] = []
        const store: LayerStore = {
          import: () => ({
            async write(piece) {
              if (!takes) throw new Error('it takes no layer')
              pieces.push(Uint8Array.from(piece))
            },
            finish: async () => `sha256:${sha256(Buffer.concat(pieces))}`,
            async abort() {},
          }),
          async removeImports() {},
        }
        const supply = await pull({ rootImport: new RootImport(store, 'mark') })
        expect(supply).toMatchObject({ imported: takes, archive: { configDigest: image.archive.configDigest } })
        const instead = takes ? [] : [expect.stringMatching(/it takes no layer; an archive is made instead$/)]
        expect(said).toEqual([...instead, `Fetched the image from ${repository()} (${image.archive.manifestDigest})`])
        expect(pieces.length > 0).toBe(takes)
        if (takes) expect(`sha256:${sha256(Buffer.concat(pieces))}`).toBe(image.layers[0]!.diffId)
        else expect(pulledArchive()).toBe(await archiveOf('zstd'))
        expect(left()).toEqual(['pulled.tar'])
      }
    })
  })

  describe('is one of ours', () => {
    const unusable = (stored: Stored | undefined) => stored && 'unusable' in stored && stored.unusable

    test('unless there is none', async () => {
      expect(await findStored(use().client, key, 'ddk')).toBeUndefined()
    })

    test('with all that it says of itself', async () => {
      const { image, digest } = await push()
      const stored = await findStored(use().client, key, 'ddk')
      const layers = image.layers.map(({ digest: blob, size, mediaType, diffId }) => ({ digest: blob, size, mediaType, diffId }))
      expect(stored).toMatchObject({
        image: { manifestDigest: digest, configDigest: image.archive.configDigest, isoSha256, identity: image.found.identity, layers },
      })
    })

    test('unless its key is that of another image', async () => {
      const { digest } = await push()
      const stored = await findStored(use().client, key, 'host')
      expect(stored).toEqual({ unusable: "its label has another key than its ISO's", digest })
    })

    test('unless it lacks a layer, or its configuration is lost or none', async () => {
      const { image } = await push()
      const { client } = use()
      const [config, lower] = blobsOf(image)
      const whole = JSON.parse((await fetchManifest(client, key))!.bytes.toString('utf8'))
      /** Why the image with this manifest can't be used. */
      const without = async (changes: object) => {
        await pushManifest(client, 'changed', manifestType, Buffer.from(JSON.stringify({ ...whole, ...changes })))
        return unusable(await findStored(client, 'changed', 'ddk'))
      }
      expect(await without({ layers: whole.layers.slice(0, 1) })).toBe('its configuration has 2 layers, but its manifest 1')
      const { size } = whole.layers[0]
      const noConfig = "its configuration isn't one that this action writes"
      expect(await without({ config: { ...whole.config, digest: lower, size } })).toBe(noConfig)
      expect(await without({ annotations: {} })).toBe("its manifest isn't one that this action writes")
      lose(config!)
      expect(unusable(await findStored(client, key, 'ddk'))).toBe(`the registry has lost ${config}`)
    })

    test('and complete, unless one of its layers is lost', async () => {
      const { image } = await push()
      const stored = await findStored(use().client, key, 'ddk')
      if (!stored || !('image' in stored)) throw new Error('it is not there')
      expect(await isComplete(use().client, stored.image)).toBe(true)
      lose(blobsOf(image)[2]!)
      expect(await isComplete(use().client, stored.image)).toBe(false)
    })
  })

  describe('is looked for', () => {
    interface Looking {
      readonly push?: boolean
      readonly order?: Partial<Order>
      /** What the engine knows the image by; undefined if it doesn't have it. */
      readonly id?: () => string | undefined
      readonly turn?: Pick<Turn, 'take' | 'wait'>
      readonly signal?: AbortSignal
    }

    /** Looks in an engine, then in the registry. */
    async function look({ push: pushes = false, order, id = () => undefined, turn, signal }: Looking = {}) {
      const image = (): Image | undefined => {
        const known = id()
        const shown: Partial<Image> = { id: known!, names: ['ddk:6.5.0'], labels: { [keyLabel]: key }, layers: 2 }
        return known === undefined ? undefined : (shown as Image)
      }
      const engine: Partial<Engine> = {
        name: 'docker',
        labelled: async () => [image()?.id ?? []].flat(),
        find: async () => image(),
        prove: async () => ({ cleared: Promise.resolve() }),
      }
      const known = { identity: { sha256: isoSha256 }, sha256: isoSha256 } as KnownIso
      const places = { engine: engine as Engine, store: {} as Store, firstChecksum: async () => undefined, turn: turn as Turn | undefined }
      const nothing = { image: false, iso: false }
      const useCache = { restore: nothing, save: nothing }
      const asked = orderWith(
        { useCache, wantsArchive: false, registry: use({ push: pushes, ...(signal && { signal }) }), ...order },
        signal,
      )
      return findExisting(known, places, asked)
    }

    test('if the engine does not have it', async () => {
      const { digest } = await push()
      expect(await look()).toMatchObject({ origin: 'registry', manifestDigest: digest })
    })

    test('not if the engine has it, and nothing is to be pushed or expected', async () => {
      await push()
      proxy.seen.length = 0
      const supply = await look({ id: () => 'sha256:1' })
      expect([supply?.origin, supply?.manifestDigest, proxy.seen]).toEqual(['engine', undefined, []])
    })

    test('for the digest of its manifest, if the engine has it, and it is to be pushed or has an expected digest', async () => {
      const { configDigest, digest } = await push()
      for (const id of [configDigest, digest]) {
        const engine = { id: () => id }
        expect(await look({ ...engine, push: true })).toMatchObject({ origin: 'engine', manifestDigest: digest })
        for (const expectDigest of [configDigest, digest]) {
          const supply = await look({ ...engine, order: { expectDigest } })
          expect(supply).toMatchObject({ origin: 'engine', image: { id }, manifestDigest: digest })
        }
      }
      const another = await look({ id: () => 'sha256:1', push: true })
      expect([another?.origin, another?.manifestDigest]).toEqual(['engine', undefined])
    })

    test('before the engine, if it is to be pushed: blobs that the registry lacks can come from no engine', async () => {
      const { image, configDigest } = await push()
      lose(blobsOf(image)[2]!)
      said = []
      expect(await look({ id: () => configDigest, push: true })).toBeUndefined()
      expect(said).toEqual([
        `${repository()} lacks the image, and an engine has no blobs to push, so the image isn't taken from docker`,
        `The image in ${repository()} is ignored: the registry has lost ${blobsOf(image)[2]}`,
      ])
      expect(await look({ id: () => configDigest })).toMatchObject({ origin: 'engine' })
    })

    test('once, unless another job had its turn meanwhile', async () => {
      const looks = () => proxy.all('GET', /manifests/).filter(({ headers }) => headers.authorization).length
      expect([await look({ push: true }), looks()]).toEqual([undefined, 1])
      proxy.seen.length = 0
      let configDigest: string | undefined
      const waiting = {
        take: () => false,
        async wait() {
          configDigest = (await push()).configDigest
          proxy.seen.length = 0
        },
      }
      expect(await look({ id: () => configDigest, push: true, turn: waiting })).toMatchObject({
        origin: 'engine',
        image: { id: configDigest },
      })
      expect(looks()).toBe(1)
    })

    test('until the job is cancelled, which is no warning about the registry', async () => {
      const cancel = new AbortController()
      proxy.plan = ({ path }) => {
        if (!path.includes('manifests')) return undefined
        cancel.abort(new Error('Cancelled'))
        return { answer: { status: 403 } }
      }
      await expect(look({ signal: cancel.signal })).rejects.toThrow('Cancelled')
      expect(said).toEqual([])
    })
  })
})
