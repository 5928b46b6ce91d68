import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Archive, type ArchiveSummary, configDigest, createArchive } from '../../../src/image/archive/archive.ts'
import type { Compression } from '../../../src/image/archive/frames.ts'
import { resumeArchive } from '../../../src/image/archive/resume.ts'
import { imageConfig } from '../../../src/image/config/config.ts'
import { noOtherFilesystem, noRoot, otherFilesystem } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { run, withTempDir } from '../../support/tools.ts'
import { entry, tarOf } from '../memory-tree.ts'

const origin = {
  identity: { product: 'XenServer DDK', version: '6.5.0', build: '90233c', kernelVersion: '3.10.0+2', architecture: 'x86_64' as const },
  isoSha256: 'ab'.repeat(32),
  created: 1_421_150_400,
}

/** Two layers, of which neither is a whole number of blocks when it is compressed. */
const tars = [tarOf([entry('lower', { content: 'x'.repeat(5000) })]), tarOf([entry('upper', { content: 'y' })])]

describe.each(['zstd', 'none'] as const)('an archive of layers with %s', (compression) => {
  test('that is resumed is the same, byte for byte', () =>
    withTempDir(async (dir) => {
      const made = await make(join(dir, 'a.tar'), compression, ['ddk:first'])
      const before = readFileSync(join(dir, 'a.tar'))
      const archive = await resumed(join(dir, 'a.tar'), join(dir, 'b.tar'), made)
      expect(readdirSync(dir)).toEqual([expect.stringMatching(/^b\.tar\.[-\w]+\.part$/)])
      expect(finish(archive, made, ['ddk:first'])).toEqual(made)
      expect(readdirSync(dir)).toEqual(['b.tar'])
      expect(readFileSync(join(dir, 'b.tar')).equals(before)).toBe(true)
    }))

  test('can have fewer names then, and nothing of the old ones is left', () =>
    withTempDir(async (dir) => {
      const many = ['ddk:1', 'ghcr.io/somebody/a-long-name:2', 'ghcr.io/somebody/a-longer-name:3', 'ghcr.io/somebody/the-longest-name:4']
      const made = await make(join(dir, 'a.tar'), compression, many)
      const again = finish(await resumed(join(dir, 'a.tar'), join(dir, 'a.tar'), made), made, ['ddk:1'])
      await make(join(dir, 'fresh.tar'), compression, ['ddk:1'])
      expect(again).toMatchObject({ configDigest: made.configDigest, size: statSync(join(dir, 'a.tar')).size })
      expect(readFileSync(join(dir, 'a.tar')).equals(readFileSync(join(dir, 'fresh.tar')))).toBe(true)
      // Without root, skopeo can't unpack OCI's form.
      const form = noRoot ? 'docker-archive' : 'oci-archive'
      run('skopeo', ['copy', '--insecure-policy', `${form}:${join(dir, 'a.tar')}`, `dir:${join(dir, 'copied')}`])
    }))
})

test('another layer can follow', () =>
  withTempDir(async (dir) => {
    const made = await make(join(dir, 'a.tar'), 'zstd', [], tars.slice(0, 1))
    const archive = await resumed(join(dir, 'a.tar'), join(dir, 'b.tar'), made)
    const layer = archive.addLayer({ compression: 'zstd' })
    await layer.write(new Uint8Array(tars[1]!))
    await layer.finish()
    const both = await make(join(dir, 'both.tar'), 'zstd', [])
    expect(finish(archive, both, []).configDigest).toBe(both.configDigest)
    expect(readFileSync(join(dir, 'b.tar')).equals(readFileSync(join(dir, 'both.tar')))).toBe(true)
  }))

unless(noOtherFilesystem).test('one on another filesystem is copied', () => {
  return withTempDir(async (dir) => {
    const other = mkdtempSync(`${otherFilesystem}/xenserver-ddk-test-`)
    try {
      const made = await make(join(dir, 'a.tar'), 'zstd', [])
      run('mv', [join(dir, 'a.tar'), other])
      finish(await resumed(join(other, 'a.tar'), join(dir, 'b.tar'), made), made, [])
      expect([readdirSync(other), readdirSync(dir)]).toEqual([[], ['b.tar']])
    } finally {
      rmSync(other, { recursive: true })
    }
  })
})

describe('an archive with the wrong contents', () => {
  const layersEnd = (made: ArchiveSummary) => made.layers.reduce((sum, { size }) => sum + 512 + Math.ceil(size / 512) * 512, 0)
  test.each<[string, (bytes: Buffer, made: ArchiveSummary) => Buffer, RegExp]>([
    ['cut in a layer', (bytes) => bytes.subarray(0, 700), /^it has 700 bytes, but its layers should have \d+$/],
    ['cut a byte before the end of the layers', (bytes, made) => bytes.subarray(0, layersEnd(made) - 1), /^it has \d+ bytes, but/],
    ['empty', () => Buffer.alloc(0), /^it has 0 bytes/],
    ['with another bit in the first layer', (bytes) => flip(bytes, 530), /^a layer should have the digest sha256:\w+, but has sha256:\w+$/],
    ['with another bit in the second layer', (bytes, made) => flip(bytes, layersEnd(made) - 512), /^a layer should have the digest/],
    ['with another header', (bytes) => flip(bytes, 20), /^layer sha256:\w+ isn't where it should be$/],
    ['with the layers in another order', (bytes, { layers: [one] }) => swap(bytes, 512 + Math.ceil(one!.size / 512) * 512), /isn't where/],
  ])('%s is not used, and is removed', (_, damage, why) =>
    withTempDir(async (dir) => {
      const made = await make(join(dir, 'a.tar'), 'zstd', ['ddk:1'])
      writeFileSync(join(dir, 'a.tar'), damage(readFileSync(join(dir, 'a.tar')), made))
      expect(await resumeArchive(join(dir, 'a.tar'), join(dir, 'b.tar'), made.layers)).toEqual({ unusable: expect.stringMatching(why) })
      expect(readdirSync(dir)).toEqual([])
    }),
  )

  test('nor does one that is given up stay behind', () =>
    withTempDir(async (dir) => {
      const made = await make(join(dir, 'a.tar'), 'zstd', [])
      await (await resumed(join(dir, 'a.tar'), join(dir, 'b.tar'), made)).abort()
      expect(readdirSync(dir)).toEqual([])
    }))
})

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 0x10
  return bytes
}

function swap(bytes: Buffer, at: number): Buffer {
  return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)])
}

async function make(path: string, compression: Compression, tags: readonly string[], contents = tars): Promise<ArchiveSummary> {
  const archive = createArchive(path)
  const layers: { diffId: string }[] = []
  for (const tar of contents) {
    const layer = archive.addLayer({ compression })
    await layer.write(new Uint8Array(tar))
    layers.push(await layer.finish())
  }
  return finish(archive, { layers }, tags)
}

function finish(archive: Archive, { layers }: { layers: readonly { diffId: string }[] }, tags: readonly string[]): ArchiveSummary {
  const config = imageConfig(
    origin,
    'key',
    layers.map(({ diffId }) => ({ diffId, createdBy: 'test' })),
  )
  const summary = archive.finish({ config, tags })
  expect(configDigest(config)).toBe(summary.configDigest)
  return summary
}

async function resumed(from: string, path: string, { layers }: ArchiveSummary): Promise<Archive> {
  const result = await resumeArchive(from, path, layers)
  if ('unusable' in result) throw new Error(result.unusable)
  return result.archive
}
