import { createHash, randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Layer, type LayerOptions, layerWriter } from '../../../src/image/archive/layer.ts'
import { run, withTempDir } from '../../support/tools.ts'

/** Twenty pieces, some of which take the compressor longer than others. */
const pieces = Array.from({ length: 20 }, (_, index) =>
  index % 3 === 0 ? new Uint8Array(randomBytes(100_000)) : new Uint8Array(100_000).fill(index),
)
const whole = Buffer.concat(pieces)
const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

describe.each([
  ['zstd', ['zstd', '-dc'], 'application/vnd.oci.image.layer.v1.tar+zstd'],
  ['gzip', ['gzip', '-dc'], 'application/vnd.oci.image.layer.v1.tar+gzip'],
  ['none', ['cat'], 'application/vnd.oci.image.layer.v1.tar'],
] as const)('%s', (compression, [command, ...args], mediaType) => {
  test('makes a blob that the format’s own tool reads, with both digests', () =>
    withTempDir(async (dir) => {
      const layer = await writeLayer(join(dir, 'blob'), { compression })
      const blob = readFileSync(join(dir, 'blob')).subarray(1000)
      expect(layer).toEqual({ diffId: sha256(whole), digest: sha256(blob), size: blob.length, uncompressedSize: whole.length, mediaType })
      run('dd', ['if=blob', 'of=tail', 'bs=1000', 'skip=1'], { cwd: dir })
      run('bash', ['-c', `${command} ${args.join(' ')} < tail > plain`], { cwd: dir })
      expect(readFileSync(join(dir, 'plain')).equals(whole)).toBe(true)
    }))

  test('gives the same blob again, and returns the memory of every piece', () =>
    withTempDir(async (dir) => {
      const released = new Set<ArrayBuffer>()
      const first = await writeLayer(join(dir, 'first'), { compression, release: (buffer) => released.add(buffer) })
      const second = await writeLayer(join(dir, 'second'), { compression })
      expect(second).toEqual(first)
      expect(released.size).toBe(pieces.length)
    }))
})

test('a gzip member tells neither when nor on which system it was made', () =>
  withTempDir(async (dir) => {
    await writeLayer(join(dir, 'blob'), { compression: 'gzip' })
    // RFC 1952, 2.3.1: MTIME at 4, OS at 9.
    const header = readFileSync(join(dir, 'blob')).subarray(1000, 1010)
    expect([header.readUInt32LE(4), header[9]]).toEqual([0, 255])
  }))

test('a failure to write is reported, and nothing is written after it', () =>
  withTempDir(async (dir) => {
    const path = join(dir, 'blob')
    const fd = openSync(path, 'w')
    const intoFull = () => layerWriter({ fd: openSync('/dev/full', 'w'), name: 'the archive', position: 0 }, { compression: 'zstd' })
    const message = "the archive: it can't be written (no space left on device)"
    // Fewer pieces than are compressed at the same time on any machine: nothing waits for one before the end.
    const short = intoFull()
    await short.write(new Uint8Array(pieces[0]!))
    await expect(short.finish()).rejects.toThrow(message)
    // More than that: a piece has to wait for one that can't be written, and the next ones have failed as well.
    const long = intoFull()
    const writeAll = async () => {
      for (const piece of pieces) await long.write(new Uint8Array(piece))
    }
    await expect(writeAll()).rejects.toThrow(message)
    await expect(long.finish()).rejects.toThrow(message)
    const cancelled = layerWriter({ fd, name: path, position: 0 }, { compression: 'zstd' })
    await cancelled.write(new Uint8Array(pieces[0]!))
    await cancelled.cancel()
    closeSync(fd)
    expect(statSync(path).size).toBe(0)
  }))

async function writeLayer(path: string, options: LayerOptions): Promise<Layer> {
  const fd = openSync(path, 'w')
  const writer = layerWriter({ fd, name: path, position: 1000 }, options)
  for (const piece of pieces) await writer.write(new Uint8Array(piece))
  const layer = await writer.finish()
  closeSync(fd)
  return layer
}
