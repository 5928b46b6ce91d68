import { createHash } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { sha256OfFile } from '../../../src/bytes/digest.ts'
import { type CachedImage, checkImage } from '../../../src/cache/entries/check-image.ts'
import { imageCacheKey, restoreImage, stageImage, stageImageToMake } from '../../../src/cache/entries/image-cache.ts'
import { awaitSaving, startSaving } from '../../../src/cache/process/saving.ts'
import { type CacheEntry, entryFolder } from '../../../src/cache/process/task.ts'
import { createArchive } from '../../../src/image/archive/archive.ts'
import { type Compression, compressionOf, compressions } from '../../../src/image/archive/frames.ts'
import { convert } from '../../../src/image/convert.ts'
import { type Conversion, type DescribedLayer, finishImage } from '../../../src/image/description.ts'
import { imageKey } from '../../../src/image/key/key.ts'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { entry, tarOf } from '../../image/memory-tree.ts'
import { useCacheService } from '../../support/use-cache-service.ts'

const isoSha256 = 'ab'.repeat(32)
const key = imageCacheKey(imageKey({ sha256: isoSha256 }, { uname: 'ddk' }))

const service = useCacheService()

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-cache-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('the key is valid for the cache', () => {
  expect(key).toMatch(/^xenserver-ddk-image-[0-9a-f]{12}-(ab){32}-[0-9a-f]{16}$/)
})

test('an image that was saved is the same again, under another name too', async () => {
  const made = await makeImage(join(dir, 'image.tar'), ['ddk:1'])
  const before = readFileSync(join(dir, 'image.tar'))
  const staged = stageImage(key, join(dir, 'staged'), join(dir, 'image.tar'), made)
  // As the action does when the engine has it.
  rmSync(join(dir, 'image.tar'))
  expect(await save(staged)).toEqual([expect.stringMatching(/^Saved the image/)])

  const { image, lines } = await restore(join(dir, 'same.tar'))
  expect(lines).toEqual([])
  expect(finishImage(image!.archive, image!.description, ['ddk:1'])).toMatchObject({ archive: { configDigest: made.archive.configDigest } })
  expect(readFileSync(join(dir, 'same.tar')).equals(before)).toBe(true)

  const other = (await restore(join(dir, 'other.tar'))).image!
  expect(finishImage(other.archive, other.description, ['somebody/else:2']).archive).toMatchObject({
    configDigest: made.archive.configDigest,
    manifestDigest: made.archive.manifestDigest,
  })
  expect(readdirSync(dir).sort()).toEqual(['other.tar', 'restored', 'same.tar', 'save', 'save.log', 'save.started', 'staged'])
  expect(readdirSync(join(dir, 'restored'))).toEqual([])
})

test.each(compressions)('an image of %s comes back in the compression that is asked for, as if it had been made with it', async (from) => {
  const made = await makeImage(join(dir, 'image.tar'), ['ddk:1'], from)
  for (const compression of compressions) {
    const asked = await makeImage(join(dir, 'asked.tar'), ['ddk:1'], compression)
    const staged = stageImage(key, join(dir, `staged-${compression}`), join(dir, 'image.tar'), made)
    const checked = await checkImage(join(staged.dir, entryFolder), key, join(dir, 'again.tar'), { compression })
    if (typeof checked === 'string') throw new Error(checked)
    finishImage(checked.archive, checked.description, ['ddk:1'])
    expect(checked.description.layers).toEqual(asked.layers)
    expect(readFileSync(join(dir, 'again.tar')).equals(readFileSync(join(dir, 'asked.tar')))).toBe(true)
  }
})

test("an image of gzip stays so for an engine that can't load zstd", async () => {
  const staged = stageImage(key, join(dir, 'staged'), join(dir, 'image.tar'), await makeImage(join(dir, 'image.tar'), [], 'gzip'))
  const checked = await checkImage(join(staged.dir, entryFolder), key, join(dir, 'again.tar'), { mayBeZstd: false })
  if (typeof checked === 'string') throw new Error(checked)
  await checked.archive.abort()
  expect(checked.description.layers.map(({ mediaType }) => compressionOf(mediaType))).toEqual(['gzip', 'gzip'])
})

describe('an image without a complete archive', () => {
  /** Converts an ISO as for an engine that imports its lowest layer. */
  async function convertInto(iso: string): Promise<Conversion> {
    await makeDdkIso({ iso })
    return convert({
      input: iso,
      archive: join(dir, 'rest.tar'),
      compression: 'zstd',
      tempDir: dir,
      inputSha256: sha256OfFile(iso),
      name: () => ['ddk:1'],
      warn() {},
      note() {},
      rootSink: () => {
        const hash = createHash('sha256')
        return {
          async write(piece) {
            hash.update(piece)
          },
          finish: async () => `sha256:${hash.digest('hex')}`,
          async abort() {},
        }
      },
    })
  }

  test('is made again while it is saved, and is the same', async () => {
    const iso = join(dir, 'ddk.iso')
    const made = await convertInto(iso)
    expect(statSync(join(dir, 'rest.tar')).size).toBeLessThan(64 << 10)
    expect(await save(stageImageToMake(key, join(dir, 'staged'), iso, made))).toEqual([expect.stringMatching(/^Saved the image/)])
    const { image } = await restore(join(dir, 'same.tar'))
    expect(finishImage(image!.archive, image!.description, []).archive.configDigest).toBe(made.archive.configDigest)
    expect(image!.description.layers.map(({ mediaType }) => mediaType)).toEqual(Array(2).fill(expect.stringMatching(/zstd$/)))
  })

  test('is not saved if the ISO has changed', async () => {
    const iso = join(dir, 'ddk.iso')
    const made = await convertInto(iso)
    await makeDdkIso({ iso, version: '7.0.0' })
    expect(await save(stageImageToMake(key, join(dir, 'staged'), iso, made))).toEqual([
      `Saving the image to the Actions cache failed: ${iso} has changed since the image was made`,
    ])
    expect((await restore(join(dir, 'none.tar'))).image).toBeUndefined()
  })

  test('is not made at all if the cache has it', async () => {
    const iso = join(dir, 'ddk.iso')
    const made = await convertInto(iso)
    await save(stageImageToMake(key, join(dir, 'staged'), iso, made))
    rmSync(iso)
    expect(await save(stageImageToMake(key, join(dir, 'other'), iso, made))).toEqual([
      expect.stringMatching(/^Another job has saved the image/),
    ])
  })
})

describe('an entry is a miss if', () => {
  type Damage = (folder: string, edit: (change: (entry: Stored) => void) => void) => void
  test.each<[string, Damage, RegExp]>([
    ['a layer has another bit', (folder) => flip(join(folder, 'image'), 600), /a layer should have the digest sha256:\w+, but has/],
    ['its archive is cut', (folder) => truncateSync(join(folder, 'image'), 1000), /it has 1000 bytes, but its layers should have/],
    ['its archive is empty', (folder) => truncateSync(join(folder, 'image'), 0), /it has 0 bytes/],
    ['its archive is missing', (folder) => rmSync(join(folder, 'image')), /no such file/],
    ['its archive is a link', (folder) => relink(join(folder, 'image'), '/etc/passwd'), /image is not a regular file/],
    ['its description is a link', (folder) => relink(join(folder, 'image.json'), '/dev/zero'), /image.json is not a regular file/],
    ['its description is missing', (folder) => rmSync(join(folder, 'image.json')), /no such file/],
    ['its description is cut', (folder) => truncateSync(join(folder, 'image.json'), 100), /JSON/],
    ['its description is empty', (folder) => writeFileSync(join(folder, 'image.json'), 'null'), /its contents belong to another key/],
    ['its description is huge', (folder) => appendFileSync(join(folder, 'image.json'), ' '.repeat(2 << 20)), /larger than 1 MiB/],
    ['it belongs to another key', (_, edit) => edit((stored) => (stored.key = `${key}x`)), /its contents belong to another key/],
    [
      'a layer is of a type that nobody writes',
      (_, edit) => edit(({ description }) => (description.layers![0]!.mediaType = 'text/html')),
      /its description is damaged/,
    ],
    ['it lacks a field', (_, edit) => edit((stored) => delete stored.description.layers), /its description is damaged/],
    [
      'the kernel is another',
      (_, edit) => edit((stored) => (stored.description.found.identity.kernelVersion = '9')),
      /doesn't match the recorded digest/,
    ],
    [
      'the layer inside is another',
      (_, edit) => edit((stored) => (stored.description.layers![0]!.diffId = digest)),
      /doesn't match the recorded digest/,
    ],
  ])('%s', async (_, damage, why) => {
    const staged = stageImage(key, join(dir, 'staged'), join(dir, 'image.tar'), await makeImage(join(dir, 'image.tar'), []))
    const folder = join(staged.dir, entryFolder)
    damage(folder, (change) => {
      const stored = JSON.parse(readFileSync(join(folder, 'image.json'), 'utf8')) as Stored
      change(stored)
      writeFileSync(join(folder, 'image.json'), JSON.stringify(stored))
    })
    mkdirSync(join(dir, 'out'))
    expect(await checkImage(folder, key, join(dir, 'out/image.tar')).catch(({ message }: Error) => message)).toMatch(why)
    expect(readdirSync(join(dir, 'out'))).toEqual([])
  })

  test('the service gives another one', async () => {
    const other = key.replace('ab', 'cd')
    await save(stageImage(other, join(dir, 'staged'), join(dir, 'image.tar'), await makeImage(join(dir, 'image.tar'), [])))
    service().swap(other, key)
    const { image, lines } = await restore(join(dir, 'again.tar'))
    expect([image, lines]).toEqual([
      undefined,
      [
        expect.stringMatching(
          /^The image in the Actions cache is ignored: its contents belong to another key; delete the entry xenserver-ddk-image-\S+, so/,
        ),
      ],
    ])
    expect(readdirSync(dir)).not.toContain('again.tar')
    expect(readdirSync(join(dir, 'restored'))).toEqual([])
  })
})

const digest = `sha256:${'0'.repeat(64)}`

/** `image.json`, as far as the tests change it. */
interface Stored {
  key: string
  description: { layers?: { diffId: string; mediaType: string }[]; found: { identity: { kernelVersion: string } } }
}

async function makeImage(path: string, names: readonly string[], compression: Compression = 'none'): Promise<Conversion> {
  const archive = createArchive(path)
  const layers: DescribedLayer[] = []
  for (const name of ['lower', 'upper']) {
    const layer = archive.addLayer({ compression })
    await layer.write(new Uint8Array(tarOf([entry(name, { content: name })])))
    layers.push({ ...(await layer.finish()), createdBy: name })
  }
  const identity = {
    product: 'XenServer DDK',
    version: '6.5.0',
    build: '90233c',
    kernelVersion: '3.10.0+2',
    architecture: 'x86_64' as const,
  }
  const found = { identity, place: 'partition 1', type: 'ext3', used: 5, created: 1_421_150_400 }
  const tar = { members: 2, contentSize: 10, size: 4096 }
  return finishImage(archive, { found, isoSha256, tar, layers, uname: 'ddk', defaults: { env: [], entrypoint: [] } }, names)
}

async function save(staged: CacheEntry): Promise<string[]> {
  const lines: string[] = []
  startSaving([staged], join(dir, 'save'), (line) => lines.push(line))
  await awaitSaving(join(dir, 'save'), 30_000, (line) => lines.push(line))
  return lines
}

async function restore(archive: string): Promise<{ image: CachedImage | undefined; lines: string[] }> {
  const lines: string[] = []
  const image = await restoreImage(key, join(dir, 'restored'), archive, { say: (line) => lines.push(line) })
  return { image, lines }
}

function relink(path: string, target: string): void {
  rmSync(path)
  symlinkSync(target, path)
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at]! ^= 1
  writeFileSync(path, bytes)
}
