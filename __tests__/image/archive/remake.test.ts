import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { streamOfFile } from '../../../src/bytes/byte-stream.ts'
import { createArchive } from '../../../src/image/archive/archive.ts'
import type { Compression } from '../../../src/image/archive/frames.ts'
import type { Layer } from '../../../src/image/archive/layer.ts'
import { remakeArchive } from '../../../src/image/archive/remake.ts'
import { contentSize, takeFrame } from '../../../src/image/archive/zstd-frames.ts'
import { sampleImage } from '../../../src/image/key/sample-image.ts'
import { noise } from '../../fetch/server.ts'
import { sh } from '../../support/tools.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-remake-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const config = sampleImage('x86_64', true)
/** Two layers of several frames, and of less than one. */
const layersContent = [
  Buffer.concat([noise(5_000_000), Buffer.alloc(9_000_000), Buffer.from('text '.repeat(700_000))]),
  Buffer.alloc(10_240),
]

async function make(path: string, compression: Compression, tags = ['ddk:1']): Promise<readonly Layer[]> {
  const archive = createArchive(path)
  for (const content of layersContent) {
    const writer = archive.addLayer({ compression })
    for (let at = 0; at < content.length; at += 4 << 20) await writer.write(new Uint8Array(content.subarray(at, at + (4 << 20))))
    await writer.finish()
  }
  return archive.finish({ config, tags }).layers
}

const compressions = ['zstd', 'gzip', 'none'] as const

/** Where the layers of an archive end. */
function endOf(layers: readonly Layer[]): number {
  return layers.reduce((sum, { size }) => sum + 512 + Math.ceil(size / 512) * 512, 0)
}

function flipInSecond(bytes: Buffer, [first]: Layer[]): Buffer {
  const position = endOf([first!]) + 512 + 8
  bytes[position]! ^= 16
  return bytes
}

test.each(compressions.flatMap((from) => compressions.map((to) => [from, to] as const)))(
  'an archive of %s becomes the one that was made with %s',
  async (from, to) => {
    const wanted = await make(join(dir, 'wanted.tar'), to)
    const layers = await make(join(dir, 'made.tar'), from)
    const made = await remakeArchive(streamOfFile(join(dir, 'made.tar'), 'it'), join(dir, 'again.tar'), layers, { compression: to })
    if ('unusable' in made) throw new Error(made.unusable)
    expect(made.layers).toEqual(wanted)
    made.archive.finish({ config, tags: ['ddk:1'] })
    expect(readFileSync(join(dir, 'again.tar')).equals(readFileSync(join(dir, 'wanted.tar')))).toBe(true)
  },
)

test.each(compressions)('an archive of %s that stays so is the same, byte for byte, and another layer can follow', async (compression) => {
  const layers = await make(join(dir, 'made.tar'), compression)
  for (const count of [2, 1]) {
    const made = await remakeArchive(streamOfFile(join(dir, 'made.tar'), 'it'), join(dir, 'again.tar'), layers.slice(0, count))
    if ('unusable' in made) throw new Error(made.unusable)
    expect(made.layers).toEqual(layers.slice(0, count))
    if (count === 1) {
      const writer = made.archive.addLayer({ compression })
      await writer.write(new Uint8Array(layersContent[1]!))
      await writer.finish()
    }
    made.archive.finish({ config, tags: ['ddk:1'] })
    expect(readFileSync(join(dir, 'again.tar')).equals(readFileSync(join(dir, 'made.tar')))).toBe(true)
  }
})

test('an archive can have fewer names then, and nothing of the old ones is left', async () => {
  const many = ['ddk:1', ...[2, 3, 4].map((tag) => `ghcr.io/somebody/a-long-name:${tag}`)]
  const layers = await make(join(dir, 'made.tar'), 'zstd', many)
  await make(join(dir, 'fresh.tar'), 'zstd')
  const made = await remakeArchive(streamOfFile(join(dir, 'made.tar'), 'it'), join(dir, 'again.tar'), layers)
  if ('unusable' in made) throw new Error(made.unusable)
  made.archive.finish({ config, tags: ['ddk:1'] })
  expect(readFileSync(join(dir, 'again.tar')).equals(readFileSync(join(dir, 'fresh.tar')))).toBe(true)
})

test('an archive that is given up does not stay behind', async () => {
  const layers = await make(join(dir, 'made.tar'), 'zstd')
  const made = await remakeArchive(streamOfFile(join(dir, 'made.tar'), 'it'), join(dir, 'not.tar'), layers)
  if ('unusable' in made) throw new Error(made.unusable)
  await made.archive.abort()
  expect(readdirSync(dir).filter((name) => name.startsWith('not'))).toEqual([])
})

test('the disk must have room for the layers', async () => {
  const layers = await make(join(dir, 'made.tar'), 'zstd')
  // procfs has no room.
  const made = remakeArchive(streamOfFile(join(dir, 'made.tar'), 'it'), '/proc/again.tar', layers, { compression: 'none' })
  await expect(made).rejects.toThrow(/^The archive of the image needs 17\.5 MB of disk at \/proc, but only 0 bytes are free/)
})

describe.each(['zstd', 'gzip'] as const)('an archive of %s is not used if', (compression) => {
  test.each<[string, (bytes: Buffer, layers: Layer[]) => Buffer | undefined, RegExp, boolean]>([
    ['a bit is another', (bytes) => void bytes.writeUInt8(bytes[2_000_000]! ^ 1, 2_000_000), /./, true],
    ['it is cut short', (bytes) => bytes.subarray(0, 3_000_000), /cut short|frame of zstd|where it should be|unexpected end/, true],
    ['it begins otherwise', (bytes) => void bytes.fill(0, 0, 10), /isn't where it should be/, true],
    [
      'a layer holds another tar',
      (_, layers) => void layers.splice(0, 1, { ...layers[0]!, diffId: `sha256:${'0'.repeat(64)}` }),
      /should hold/,
      false,
    ],
    ['a layer is larger than it says', (_, layers) => void layers.splice(0, 1, { ...layers[0]!, uncompressedSize: 5_000_000 }), /./, false],
    ['a bit of its first header is another', (bytes) => void bytes.writeUInt8(bytes[20]! ^ 16, 20), /isn't where it should be/, true],
    ['a bit of its second layer is another', flipInSecond, /./, true],
    ['a byte before the end of its layers is missing', (bytes, layers) => bytes.subarray(0, endOf(layers) - 1), /^it is cut short$/, true],
    ['it is empty', () => Buffer.alloc(0), /^it is cut short$/, true],
    ['the layers have another order', (_, layers) => void layers.reverse(), /isn't where it should be/, true],
  ])('%s', async (_, damage, why, concernsBlob) => {
    const layers = [...(await make(join(dir, 'made.tar'), compression))]
    const bytes = readFileSync(join(dir, 'made.tar'))
    writeFileSync(join(dir, 'made.tar'), damage(bytes, layers) ?? bytes)
    for (const options of [{ compression: 'none' } as const, ...(concernsBlob ? [{}] : [])]) {
      const made = await remakeArchive(streamOfFile(join(dir, 'made.tar'), 'it'), join(dir, 'not.tar'), layers, options)
      expect(made).toEqual({ unusable: expect.stringMatching(why) })
    }
    expect(readdirSync(dir).filter((name) => name.startsWith('not'))).toEqual([])
  })
})

test.each(['-1', '-19', '--no-check', '--long=27', '--no-content-size', '--ultra -22'])(
  'a frame that zstd makes with %s is found in a stream, and among others in a file',
  async (option) => {
    for (const content of layersContent.map((bytes) => bytes.subarray(0, 6_000_000))) {
      const file = join(dir, 'content')
      writeFileSync(file, content)
      sh(`cd '${dir}'; zstd -q -f ${option} content -o frame; cat frame frame >frames`)
      const frame = readFileSync(join(dir, 'frame'))
      const stream = streamOfFile(join(dir, 'frames'), 'it')
      for (const _ of [1, 2]) expect((await takeFrame(stream, frame.length)).equals(frame)).toBe(true)
      expect(await stream.atEnd()).toBe(true)
      await expect(takeFrame(streamOfFile(join(dir, 'frames'), 'it'), frame.length - 1)).rejects.toThrow('a frame of zstd is cut short')

      const fd = openSync(join(dir, 'frames'), 'r')
      const size = () => contentSize(fd, 0, 2 * frame.length)
      if (option === '--no-content-size') expect(size).toThrow("a frame of zstd doesn't say what it holds")
      else expect(size()).toBe(2 * content.length)
      expect(() => contentSize(fd, 0, frame.length - 1)).toThrow(/cut short|doesn't say/)
      closeSync(fd)
    }
  },
)
