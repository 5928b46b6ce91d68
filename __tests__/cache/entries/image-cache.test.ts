import { createHash, randomBytes } from 'node:crypto'
import {
  appendFileSync,
  createReadStream,
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
import { sha256Of, sha256OfFile } from '../../../src/bytes/digest.ts'
import { type CachedImage, checkImage, type Layers } from '../../../src/cache/entries/check-image.ts'
import {
  imageCacheKey,
  type RestoreImageOptions,
  restoreImage,
  stageImage,
  stageImageToMake,
} from '../../../src/cache/entries/image-cache.ts'
import { unpack } from '../../../src/cache/entries/unpack.ts'
import { awaitSaving, startSaving } from '../../../src/cache/process/saving.ts'
import { type CacheEntry, entryFolder } from '../../../src/cache/process/task.ts'
import { compressionOf, compressions } from '../../../src/image/archive/frames.ts'
import type { LayerSink } from '../../../src/image/archive/layer.ts'
import { convert } from '../../../src/image/convert.ts'
import { type Conversion, finishImage } from '../../../src/image/description.ts'
import { imageKey } from '../../../src/image/key/key.ts'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { entry, tarOf } from '../../image/memory-tree.ts'
import { isoSha256, makeSmallImage } from '../../image/small-image.ts'
import type { CacheService } from '../../support/cache-service.ts'
import { noRoot } from '../../support/machine.ts'
import { run, sh } from '../../support/tools.ts'
import { useCacheService } from '../../support/use-cache-service.ts'

const key = imageCacheKey(imageKey({ sha256: isoSha256 }, { uname: 'ddk' }))

const service = useCacheService()

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-cache-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('the key is valid for the cache', () => {
  expect(key).toMatch(/^xenserver-ddk-image-v2-[0-9a-f]{12}-(ab){32}-[0-9a-f]{16}$/)
})

test('an image that was saved is the same again, under another name too', async () => {
  const made = await makeSmallImage(join(dir, 'image.tar'), ['ddk:1'])
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
  // Without root, skopeo can't unpack OCI's form.
  const form = noRoot ? 'docker-archive' : 'oci-archive'
  run('skopeo', ['copy', '--insecure-policy', `${form}:${join(dir, 'other.tar')}`, `dir:${join(dir, 'copied')}`])
})

test.each(compressions)('an image of %s comes back in the compression that is asked for, as if it had been made with it', async (from) => {
  const made = await makeSmallImage(join(dir, 'image.tar'), ['ddk:1'], from)
  for (const compression of compressions) {
    const asked = await makeSmallImage(join(dir, 'asked.tar'), ['ddk:1'], compression)
    const staged = stageImage(key, join(dir, `staged-${compression}`), join(dir, 'image.tar'), made)
    const checked = await checkStaged(staged, join(dir, 'again.tar'), { compression })
    if (typeof checked !== 'object') throw new Error(checked)
    finishImage(checked.archive, checked.description, ['ddk:1'])
    expect(checked.description.layers).toEqual(asked.layers)
    expect(readFileSync(join(dir, 'again.tar')).equals(readFileSync(join(dir, 'asked.tar')))).toBe(true)
  }
})

test('what an image is made again of is known, and how much of a file may be lost', async () => {
  const made = await makeSmallImage(join(dir, 'image.tar'), [])
  const image = { iso: '/an.iso', isoSha256, uname: 'ddk', configDigest: made.archive.configDigest }
  const staged = (maxZeroBytes?: number) => stageImageToMake(key, join(dir, 'staged'), '/an.iso', made, maxZeroBytes)
  expect(staged()).toEqual({ key, dir: join(dir, 'staged'), what: 'the image', image })
  expect([staged(0).image, staged(5).image]).toEqual([
    { ...image, maxZeroBytes: 0 },
    { ...image, maxZeroBytes: 5 },
  ])
})

test("an image of gzip stays so for an engine that can't load zstd", async () => {
  const staged = stageImage(key, join(dir, 'staged'), join(dir, 'image.tar'), await makeSmallImage(join(dir, 'image.tar'), [], 'gzip'))
  const checked = await checkStaged(staged, join(dir, 'again.tar'), { takesZstd: false })
  if (typeof checked !== 'object') throw new Error(checked)
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

describe('an image that is given to an engine while it arrives', () => {
  /** Of several megabytes, so that it arrives in pieces. */
  const big = randomBytes(9 << 20)

  /** An engine that may stop to take the layer. */
  function engine(maxBytes = Number.POSITIVE_INFINITY) {
    const log = { layers: [] as Buffer[], aborted: 0 }
    const rootSink = (): LayerSink => {
      const pieces: Buffer[] = []
      return {
        async write(piece) {
          pieces.push(Buffer.from(piece))
          if (pieces.reduce((sum, { length }) => sum + length, 0) > maxBytes) throw new Error('docker has no room')
        },
        async finish() {
          const layer = Buffer.concat(pieces)
          log.layers.push(layer)
          return `sha256:${sha256Of(layer)}`
        },
        async abort() {
          log.aborted++
        },
      }
    }
    return { log, rootSink }
  }

  async function saved(): Promise<Conversion> {
    const made = await makeSmallImage(join(dir, 'image.tar'), ['ddk:1'], 'zstd', big)
    await save(stageImage(key, join(dir, 'staged'), join(dir, 'image.tar'), made))
    return made
  }

  const nothingLeft = () => {
    expect(readdirSync(dir).filter((name) => name.startsWith('new.tar'))).toEqual([])
    expect(readdirSync(join(dir, 'restored'))).toEqual([])
  }

  test('has its lowest layer there, and the rest in an archive', async () => {
    const made = await saved()
    const { log, rootSink } = engine()
    const { image, lines } = await restore(join(dir, 'new.tar'), { rootSink })
    const { archive } = finishImage(image!.archive, image!.description, ['ddk:1'])
    expect(archive.configDigest).toBe(made.archive.configDigest)
    expect(log).toEqual({ layers: [Buffer.from(tarOf([entry('lower', { content: big })]))], aborted: 0 })
    expect(statSync(join(dir, 'new.tar')).size).toBeLessThan(64 << 10)
    expect([lines, readdirSync(join(dir, 'restored'))]).toEqual([[], []])
  })

  test('goes into an archive, if the engine stops to take it', async () => {
    const made = await saved()
    const { log, rootSink } = engine(5 << 20)
    const { image, lines } = await restore(join(dir, 'new.tar'), { rootSink })
    const { archive } = finishImage(image!.archive, image!.description, ['ddk:1'])
    expect(archive).toMatchObject({ configDigest: made.archive.configDigest, layers: made.layers.map(({ diffId }) => ({ diffId })) })
    expect(log).toEqual({ layers: [], aborted: 1 })
    expect(lines).toEqual(['docker has no room; an archive is made instead'])
  })

  test.each<[string, CacheService['faults']]>([
    ['is cut short on its way', { download: 'truncated' }],
    ['has another bit on its way', { download: 'flipped' }],
    ['is shorter than the service says', { download: 'short' }],
    ['never comes', { download: 'stalled' }],
  ])('is a miss if it %s', async (_, faults) => {
    await saved()
    Object.assign(service().faults, faults)
    const { log, rootSink } = engine()
    const { image, lines } = await restore(join(dir, 'new.tar'), { rootSink, patience: 2000 })
    expect([image, lines]).toEqual([undefined, [expect.stringMatching(/^(Restoring the image|The image in the Actions cache is ignored)/)]])
    expect(log.layers).toEqual([])
    nothingLeft()
  })

  test('is a miss if its layer has another digest', async () => {
    const made = await saved()
    const staged = stageImage(key, join(dir, 'forged'), join(dir, 'image.tar'), made)
    flip(join(staged.dir, entryFolder, 'image'), 5_000_000)
    service().forgetAll()
    await save(staged)
    const { log, rootSink } = engine()
    const { image, lines } = await restore(join(dir, 'new.tar'), { rootSink })
    expect([image, lines]).toEqual([undefined, [expect.stringMatching(/^The image in the Actions cache is ignored: /)]])
    expect([log.layers, log.aborted]).toEqual([[], 1])
    nothingLeft()
  })

  test('is a miss if something is wrong after it', async () => {
    await saved()
    const archive = service().archive(key)
    // The last bytes are the checksum of the compressed stream.
    archive[archive.length - 1]! ^= 1
    service().replace(key, archive)
    const { image, lines } = await restore(join(dir, 'new.tar'), { rootSink: engine().rootSink })
    expect([image, lines]).toEqual([
      undefined,
      [expect.stringMatching(/^Restoring the image from the Actions cache failed: its archive is damaged/)],
    ])
    nothingLeft()
  })

  test('is read twice, if its description comes last', async () => {
    const made = await saved()
    writeFileSync(join(dir, 'entry'), service().archive(key))
    sh(`cd '${dir}'; tar --zstd -xf entry; tar --zstd -cf entry xenserver-ddk/image xenserver-ddk/about.json`)
    service().replace(key, readFileSync(join(dir, 'entry')))
    const { log, rootSink } = engine()
    const { image, lines } = await restore(join(dir, 'new.tar'), { rootSink })
    const { archive } = finishImage(image!.archive, image!.description, ['ddk:1'])
    expect([archive.configDigest, log.layers.length, lines]).toEqual([made.archive.configDigest, 1, []])
  })

  test('ends with the job, and leaves nothing', async () => {
    await saved()
    const job = new AbortController()
    const rootSink = (): LayerSink => ({
      write: async () => job.abort(new Error('cancelled')),
      finish: async () => digest,
      async abort() {},
    })
    await expect(restore(join(dir, 'new.tar'), { rootSink, signal: job.signal })).rejects.toThrow('cancelled')
    nothingLeft()
  })
})

describe('an entry is a miss if', () => {
  type Damage = (folder: string, edit: (change: (entry: Stored) => void) => void) => void
  test.each<[string, Damage, RegExp]>([
    ['a layer has another bit', (folder) => flip(join(folder, 'image'), 600), /a layer should have the digest sha256:\w+, but has/],
    ['its archive is cut', (folder) => truncateSync(join(folder, 'image'), 1000), /its archive is cut short/],
    ['its archive is empty', (folder) => truncateSync(join(folder, 'image'), 0), /its archive is cut short/],
    ['its archive is missing', (folder) => rmSync(join(folder, 'image')), /its image is missing/],
    [
      'its archive is a link',
      (folder) => relink(join(folder, 'image'), '/etc/passwd'),
      /its archive has "xenserver-ddk\/image", which no entry has/,
    ],
    [
      'its description is a link',
      (folder) => relink(join(folder, 'about.json'), '/dev/zero'),
      /its archive has "xenserver-ddk\/about.json", which no entry has/,
    ],
    ['its description is missing', (folder) => rmSync(join(folder, 'about.json')), /its description is missing/],
    ['its description is cut', (folder) => truncateSync(join(folder, 'about.json'), 100), /JSON/],
    ['its description is empty', (folder) => writeFileSync(join(folder, 'about.json'), 'null'), /its contents belong to another key/],
    ['its description is huge', (folder) => appendFileSync(join(folder, 'about.json'), ' '.repeat(2 << 20)), /larger than 1 MiB/],
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
    const staged = stageImage(key, join(dir, 'staged'), join(dir, 'image.tar'), await makeSmallImage(join(dir, 'image.tar'), []))
    const folder = join(staged.dir, entryFolder)
    damage(folder, (change) => {
      const stored = JSON.parse(readFileSync(join(folder, 'about.json'), 'utf8')) as Stored
      change(stored)
      writeFileSync(join(folder, 'about.json'), JSON.stringify(stored))
    })
    mkdirSync(join(dir, 'out'))
    expect(await checkStaged(staged, join(dir, 'out/image.tar')).catch(({ message }: Error) => message)).toMatch(why)
    expect(readdirSync(join(dir, 'out'))).toEqual([])
  })

  test('the service gives another one', async () => {
    const other = key.replace('ab', 'cd')
    await save(stageImage(other, join(dir, 'staged'), join(dir, 'image.tar'), await makeSmallImage(join(dir, 'image.tar'), [])))
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

/** `about.json`, as far as the tests change it. */
interface Stored {
  key: string
  description: { layers?: { diffId: string; mediaType: string }[]; found: { identity: { kernelVersion: string } } }
}

async function save(staged: CacheEntry): Promise<string[]> {
  const lines: string[] = []
  startSaving([staged], join(dir, 'save'), (line) => lines.push(line))
  await awaitSaving(join(dir, 'save'), 30_000, (line) => lines.push(line))
  return lines
}

/** Packs a staged entry as it is saved, and checks what comes out. */
async function checkStaged(staged: CacheEntry, archive: string, wanted: Layers = {}): Promise<CachedImage | string | undefined> {
  const packed = join(dir, 'packed')
  sh(`tar -C '${staged.dir}' --sort=name --zstd -cf '${packed}' ${entryFolder}`)
  return unpack(createReadStream(packed), (files) => checkImage(files, key, archive, wanted, {}))
}

async function restore(
  archive: string,
  options: Partial<RestoreImageOptions> = {},
): Promise<{ image: CachedImage | undefined; lines: string[] }> {
  const lines: string[] = []
  const image = await restoreImage(key, join(dir, 'restored'), archive, { say: (line) => lines.push(line), ...options })
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
