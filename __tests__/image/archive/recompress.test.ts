import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { streamOfFile } from '../../../src/bytes/byte-stream.ts'
import { createArchive } from '../../../src/image/archive/archive.ts'
import type { Compression } from '../../../src/image/archive/frames.ts'
import type { Layer } from '../../../src/image/archive/layer.ts'
import { recompressArchive } from '../../../src/image/archive/recompress.ts'
import { contentSize, takeFrame } from '../../../src/image/archive/zstd-frames.ts'
import { sampleImage } from '../../../src/image/key/sample-image.ts'
import { noise } from '../../fetch/server.ts'
import { sh } from '../../support/tools.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-recompress-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const config = sampleImage('x86_64', true)
/** Two layers of several frames, and of less than one. */
const layersContent = [
  Buffer.concat([noise(5_000_000), Buffer.alloc(9_000_000), Buffer.from('text '.repeat(700_000))]),
  Buffer.alloc(10_240),
]

async function make(path: string, compression: Compression): Promise<readonly Layer[]> {
  const archive = createArchive(path)
  for (const content of layersContent) {
    const writer = archive.addLayer({ compression })
    for (let at = 0; at < content.length; at += 4 << 20) await writer.write(new Uint8Array(content.subarray(at, at + (4 << 20))))
    await writer.finish()
  }
  return archive.finish({ config, tags: ['ddk:1'] }).layers
}

const compressions = ['zstd', 'gzip', 'none'] as const

test.each(compressions.flatMap((from) => compressions.map((to) => [from, to] as const)))(
  'an archive of %s becomes the one that was made with %s',
  async (from, to) => {
    const wanted = await make(join(dir, 'wanted.tar'), to)
    const layers = await make(join(dir, 'made.tar'), from)
    const made = await recompressArchive(streamOfFile(join(dir, 'made.tar'), 'it'), join(dir, 'again.tar'), layers, to)
    if ('unusable' in made) throw new Error(made.unusable)
    expect(made.layers).toEqual(wanted)
    made.archive.finish({ config, tags: ['ddk:1'] })
    expect(readFileSync(join(dir, 'again.tar')).equals(readFileSync(join(dir, 'wanted.tar')))).toBe(true)
  },
)

test('the disk must have room for the layers', async () => {
  const layers = await make(join(dir, 'made.tar'), 'zstd')
  // procfs has no room.
  const made = recompressArchive(streamOfFile(join(dir, 'made.tar'), 'it'), '/proc/again.tar', layers, 'none')
  await expect(made).rejects.toThrow(/^The archive of the image needs 17\.5 MB of disk at \/proc, but only 0 bytes are free/)
})

describe.each(['zstd', 'gzip'] as const)('an archive of %s is not used if', (compression) => {
  test.each<[string, (bytes: Buffer, layers: Layer[]) => Buffer | undefined, RegExp]>([
    ['a bit is another', (bytes) => void bytes.writeUInt8(bytes[2_000_000]! ^ 1, 2_000_000), /./],
    ['it is cut short', (bytes) => bytes.subarray(0, 3_000_000), /cut short|frame of zstd|where it should be|unexpected end/],
    ['it begins otherwise', (bytes) => void bytes.fill(0, 0, 10), /isn't where it should be/],
    [
      'a layer holds another tar',
      (_, layers) => void layers.splice(0, 1, { ...layers[0]!, diffId: `sha256:${'0'.repeat(64)}` }),
      /should hold/,
    ],
    ['a layer is larger than it says', (_, layers) => void layers.splice(0, 1, { ...layers[0]!, uncompressedSize: 5_000_000 }), /./],
  ])('%s', async (_, damage, why) => {
    const layers = [...(await make(join(dir, 'made.tar'), compression))]
    const bytes = readFileSync(join(dir, 'made.tar'))
    writeFileSync(join(dir, 'made.tar'), damage(bytes, layers) ?? bytes)
    expect(await recompressArchive(streamOfFile(join(dir, 'made.tar'), 'it'), join(dir, 'not.tar'), layers, 'none')).toEqual({
      unusable: expect.stringMatching(why),
    })
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
