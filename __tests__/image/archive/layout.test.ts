import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createArchive } from '../../../src/image/archive/archive.ts'
import { type Compression, compressions } from '../../../src/image/archive/frames.ts'
import { checkLayoutPlace, writeLayout } from '../../../src/image/archive/layout.ts'
import { sampleImage } from '../../../src/image/key/sample-image.ts'
import { noise } from '../../fetch/server.ts'
import { run } from '../../support/tools.ts'

let dir = ''
const at = (name: string) => join(dir, name)
const there = () => readdirSync(dir).sort()
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'xenserver-ddk-layout-')))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

async function makeArchive(compression: Compression = 'zstd', tag = 'ddk:1') {
  const archive = createArchive(at('image.tar'))
  for (const content of [noise(5_000_000), Buffer.alloc(700)]) {
    const layer = archive.addLayer({ compression })
    await layer.write(new Uint8Array(content))
    await layer.finish()
  }
  return archive.finish({ config: sampleImage('x86_64', true), tags: [tag] })
}

test.each(compressions)('a layout has the blobs of its archive, of %s, and one tag', async (compression) => {
  const { configDigest, manifestDigest, layers } = await makeArchive(compression, 'vendor/ddk:6.5.0')
  await writeLayout(at('image.tar'), at('new/layout'))
  expect(there()).toEqual(['image.tar', 'new'])
  expect(readdirSync(at('new'))).toEqual(['layout'])
  expect(readdirSync(at('new/layout')).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
  const blobs = readdirSync(at('new/layout/blobs/sha256')).sort()
  expect(blobs).toEqual([configDigest, manifestDigest, ...layers.map(({ digest }) => digest)].map((digest) => digest.slice(7)).sort())
  for (const name of blobs) {
    expect(
      createHash('sha256')
        .update(readFileSync(at(`new/layout/blobs/sha256/${name}`)))
        .digest('hex'),
    ).toBe(name)
  }
  const index = JSON.parse(readFileSync(at('new/layout/index.json'), 'utf8'))
  expect(index.manifests).toEqual([
    expect.objectContaining({
      digest: manifestDigest,
      annotations: expect.objectContaining({ 'org.opencontainers.image.ref.name': '6.5.0' }),
    }),
  ])
  // It reads every blob, and compares each with its digest.
  run('skopeo', ['copy', '--insecure-policy', `oci:${at('new/layout')}:6.5.0`, `dir:${at('copied')}`])
  expect(
    `sha256:${createHash('sha256')
      .update(readFileSync(at('copied/manifest.json')))
      .digest('hex')}`,
  ).toBe(manifestDigest)
})

describe('a folder that is there already', () => {
  const isLayout = (path: string) => run('skopeo', ['inspect', `oci:${path}`])

  test('is replaced if it is empty, or a layout, even one that a builder has left files in', async () => {
    const first = await makeArchive()
    mkdirSync(at('layout'))
    await writeLayout(at('image.tar'), at('layout'))
    isLayout(at('layout'))
    mkdirSync(at('layout/ingest'))
    writeFileSync(at('layout/index.json.lock'), '')
    const second = await makeArchive('gzip')
    await writeLayout(at('image.tar'), at('layout'))
    expect(there()).toEqual(['image.tar', 'layout'])
    expect(readdirSync(at('layout')).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
    expect(readFileSync(at('layout/index.json'), 'utf8')).toContain(second.manifestDigest)
    expect(second.manifestDigest).not.toBe(first.manifestDigest)
  })

  test.each([
    ['has a file of another kind', ['oci-layout', 'index.json', 'blobs', 'notes.txt'], 'notes.txt'],
    ['has only the names of a layout', ['blobs', 'index.json'], 'blobs'],
    ['belongs to someone', ['Makefile'], 'Makefile'],
  ])('stays if it %s', async (_title, names, stranger) => {
    await makeArchive()
    mkdirSync(at('layout'))
    for (const name of names) writeFileSync(join(at('layout'), name), name)
    const refusal = `${at('layout')}: it isn't replaced, because it is no OCI layout: it contains "${stranger}"; give the name of a new folder, or remove this one`
    expect(() => checkLayoutPlace(at('layout'))).toThrow(refusal)
    await expect(writeLayout(at('image.tar'), at('layout'))).rejects.toThrow(refusal)
    expect([there(), readdirSync(at('layout')).sort()]).toEqual([['image.tar', 'layout'], names.toSorted()])
  })

  test('is replaced where a link leads, and the link stays', async () => {
    await makeArchive()
    mkdirSync(at('elsewhere'))
    symlinkSync('elsewhere', at('link'))
    await writeLayout(at('image.tar'), at('link'))
    expect(readlinkSync(at('link'))).toBe('elsewhere')
    isLayout(at('elsewhere'))
  })
})

test.each<[string, () => string, string]>([
  ['a file', () => at('image.tar'), 'it is a file; give the name of a folder'],
  ['the working directory', () => '.', 'it is the working directory, or contains it; give the name of a folder of its own'],
  ['a folder above it', () => '/', 'it is the working directory, or contains it'],
  ['a relative path to one', () => join(relative(process.cwd(), '/'), '.'), 'it is the working directory, or contains it'],
  ['a device', () => '/dev/null', 'nothing is written below /dev'],
  ['a link to nothing', () => at('dangling'), 'where nothing is; make that folder first, or remove the link'],
])('%s is refused', async (_title, path, why) => {
  await makeArchive()
  symlinkSync('nothing', at('dangling'))
  expect(() => checkLayoutPlace(path())).toThrow(why)
  await expect(writeLayout(at('image.tar'), path())).rejects.toThrow(why)
})

describe('nothing new is there', () => {
  test('if the job is cancelled meanwhile; the older layout stays', async () => {
    await makeArchive()
    await writeLayout(at('image.tar'), at('layout'))
    const before = readFileSync(at('layout/index.json'), 'utf8')
    await makeArchive('none')
    const stop = new AbortController()
    const writing = writeLayout(at('image.tar'), at('layout'), stop.signal)
    stop.abort(new Error('cancelled'))
    await expect(writing).rejects.toThrow('cancelled')
    expect(there()).toEqual(['image.tar', 'layout'])
    expect(readFileSync(at('layout/index.json'), 'utf8')).toBe(before)
  })

  test('if the archive is cut short', async () => {
    const { size } = await makeArchive()
    for (const length of [1000, 3_000_000, size - 1024]) {
      truncateSync(at('image.tar'), Math.min(length, size))
      await expect(writeLayout(at('image.tar'), at('layout'))).rejects.toThrow(/became shorter|is cut short/)
      expect(there()).toEqual(['image.tar'])
      await makeArchive()
    }
  })

  test('if a process is killed meanwhile, what it left is removed by the next', async () => {
    await makeArchive()
    const abandoned = at('layout.0a-1-999999999-1-00000000.part')
    mkdirSync(abandoned)
    writeFileSync(join(abandoned, 'oci-layout'), '')
    run('touch', ['-d', '2 hours ago', abandoned])
    const others = ['layout.part', 'other.0a-1-999999999-1-00000000.part']
    for (const name of others) mkdirSync(at(name))
    await writeLayout(at('image.tar'), at('layout'))
    expect(existsSync(abandoned)).toBe(false)
    expect(there()).toEqual(['image.tar', 'layout', ...others].sort())
  })
})
