import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { restoreFolder } from '../../src/cache/entries/restore-folder.ts'
import { awaitSaving, startSaving } from '../../src/cache/process/saving.ts'
import { entryFolder } from '../../src/cache/process/task.ts'
import { ustarHeader } from '../../src/image/tar/header.ts'
import { type CacheService, startCacheService } from '../support/cache-service.ts'

// Entries that somebody forged who can write to the repository's cache. Nothing may be written outside of the entry's own folder, and nothing
// in it is taken for an entry. The archives are made with Python's tarfile, which asks no questions.

let service: CacheService
let environment: NodeJS.ProcessEnv
let dir = ''
beforeAll(async () => {
  service = await startCacheService()
})
afterAll(() => service.close())
beforeEach(() => {
  environment = { ...process.env }
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-poisoned-'))
  service.forgetAll()
  Object.assign(process.env, service.env.v2)
})
afterEach(() => {
  process.env = environment
  rmSync(dir, { recursive: true, force: true })
})

const entry = (place: string) => ({ key: 'the-key', dir: join(dir, place), what: 'the image' })

/** Saves a sound entry, puts `archive` in its place, and restores that. */
async function restoreForged(archive: Buffer): Promise<{ folder: string | undefined; lines: string[] }> {
  const sound = entry('sound')
  mkdirSync(join(sound.dir, entryFolder), { recursive: true })
  writeFileSync(join(sound.dir, entryFolder, 'image'), 'sound')
  const lines: string[] = []
  startSaving([sound], join(dir, 'save'), (line) => lines.push(line))
  await awaitSaving(join(dir, 'save'), 30_000, (line) => lines.push(line))
  expect(lines).toEqual([expect.stringContaining('Saved the image to the Actions cache')])
  service.replace('the-key', archive)
  const said: string[] = []
  const folder = await restoreFolder(entry('restored'), { say: (line) => said.push(line) })
  return { folder, lines: said }
}

/** A tar whose members are given as lines of Python that have `add(name, type, link, content)`. */
function forge(lines: string, compress: (tar: Buffer) => Buffer = (tar) => zstdCompressSync(tar)): Buffer {
  const script = `
import io, sys, tarfile
out = tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=tarfile.PAX_FORMAT)
def add(name, type=tarfile.REGTYPE, link='', content=b'forged', pax={}):
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.pax_headers = type, link, pax
    member.size = len(content) if type == tarfile.REGTYPE else 0
    out.addfile(member, io.BytesIO(content) if type == tarfile.REGTYPE else None)
add('xenserver-ddk', tarfile.DIRTYPE)
${lines}
out.close()
`
  return compress(execFileSync('python3', ['-c', script], { maxBuffer: 1 << 28 }))
}

test.each<[string, (target: string) => string]>([
  ['an absolute path', (target) => `add('${target}')`],
  ['a path that leads up', () => `add('xenserver-ddk/../../target')`],
  ['a path that leads up from the beginning', () => `add('../target')`],
  ['a path beside the folder', () => `add('target')`],
  ['a folder in the folder', () => `add('xenserver-ddk/folder', tarfile.DIRTYPE)`],
  ['a path into a folder', () => `add('xenserver-ddk/folder/image')`],
  [
    'a symbolic link, and a file through it',
    (target) => `add('xenserver-ddk/image', tarfile.SYMTYPE, '${target}'); add('xenserver-ddk/image')`,
  ],
  [
    'a link in place of the folder, and a file in it',
    (target) => `add('xenserver-ddk', tarfile.SYMTYPE, '${target}.d'); add('xenserver-ddk/image')`,
  ],
  [
    'a hard link to a file outside, and a file through it',
    (target) => `add('xenserver-ddk/image', tarfile.LNKTYPE, '${target}'); add('xenserver-ddk/image')`,
  ],
  ['a device', () => `add('xenserver-ddk/image', tarfile.CHRTYPE)`],
  ['a pipe', () => `add('xenserver-ddk/image', tarfile.FIFOTYPE)`],
  ['a path in an extended header', (target) => `add('xenserver-ddk/image', pax={'path': '${target}'})`],
  ['a size in an extended header', () => `add('xenserver-ddk/image', pax={'size': '4096'})`],
  ['a sparse file of GNU', () => `add('xenserver-ddk/image', pax={'GNU.sparse.major': '1', 'GNU.sparse.name': '/tmp/target'})`],
  ['a name twice', () => `add('xenserver-ddk/image'); add('xenserver-ddk/image')`],
  ['more files than an entry has', () => `[add('xenserver-ddk/image%d' % n) for n in range(9)]`],
  ['a name with a line break', () => `add('xenserver-ddk/im\\n::warning::age')`],
])('%s is a cache miss, and nothing is written', async (_, lines) => {
  const target = join(dir, 'target')
  writeFileSync(target, 'untouched')
  mkdirSync(`${target}.d`)
  const { folder, lines: said } = await restoreForged(forge(lines(target)))
  expect(folder).toBeUndefined()
  expect(said).toEqual([expect.stringMatching(/^Restoring the image from the Actions cache failed: its archive has [^\n]*$/)])
  expect(readFileSync(target, 'utf8')).toBe('untouched')
  expect(lstatSync(target).nlink).toBe(1)
  expect(readdirSync(dir).sort()).toEqual(['restored', 'save', 'save.log', 'save.started', 'sound', 'target', 'target.d'])
  expect([readdirSync(join(dir, 'restored')), readdirSync(`${target}.d`)]).toEqual([[], []])
})

test.each([
  ['zstd', (tar: Buffer) => zstdCompressSync(tar)],
  ['gzip', (tar: Buffer) => gzipSync(tar)],
])('a valid entry is unpacked, and one that is cut anywhere is not (%s)', async (_, compress) => {
  const sound = forge(`add('xenserver-ddk/image', pax={'mtime': '1.5'}); add('xenserver-ddk/about.json', content=b'{}')`, compress)
  const { folder } = await restoreForged(sound)
  expect(readdirSync(folder!).sort()).toEqual(['about.json', 'image'])
  expect(readFileSync(join(folder!, 'image'), 'utf8')).toBe('forged')
  expect(lstatSync(join(folder!, 'image')).mode & 0o777).toBe(0o600)
  rmSync(folder!, { recursive: true })
  for (const length of [2, sound.length >> 1, sound.length - 1]) {
    service.replace('the-key', sound.subarray(0, length))
    expect(await restoreFolder(entry('restored'), { say: () => {} })).toBeUndefined()
    expect(readdirSync(join(dir, 'restored'))).toEqual([])
  }
})

test("a download that doesn't fit on the disk is not started", async () => {
  const header = ustarHeader({
    path: Buffer.from('xenserver-ddk/image'),
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 2 ** 33 - 1,
    mtime: 0,
  })
  const { folder, lines } = await restoreForged(zstdCompressSync(Buffer.concat([header, Buffer.alloc(1 << 20)])))
  expect(folder).toBeUndefined()
  // Or it is begun, if the disk has room for 8 GiB; but its end is missing.
  expect(lines).toEqual([
    expect.stringMatching(
      /Restoring the image from the Actions cache failed: (What the Actions cache has needs 8.*GiB|its archive is cut short)/,
    ),
  ])
  expect(readdirSync(join(dir, 'restored'))).toEqual([])
})

test('a size of more than 8 GiB is refused', async () => {
  const tar = Buffer.concat([
    ustarHeader({ path: Buffer.from('xenserver-ddk/image'), type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 }),
    Buffer.alloc(1024),
  ])
  tar.writeUInt32BE(0x80000000, 124)
  tar.writeUInt32BE(0x10, 128)
  tar.write(`${sum(tar).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  const { folder, lines } = await restoreForged(zstdCompressSync(tar))
  expect([folder, lines]).toEqual([undefined, [expect.stringContaining('which no entry has')]])
})

function sum(header: Buffer): number {
  return header.subarray(0, 512).reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
}

test('the tar of this machine never sees an archive that is restored', async () => {
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  const sound = forge(`add('xenserver-ddk/image')`)
  const { folder } = await restoreForged(sound)
  rmSync(folder!, { recursive: true })
  writeFileSync(join(bin, 'tar'), `#!/bin/sh\ntouch '${dir}/called'\n`, { mode: 0o755 })
  for (const tool of ['zstd', 'mv']) symlinkSync(`/usr/bin/${tool}`, join(bin, tool))
  process.env.PATH = `${bin}:${process.env.PATH}`
  expect(await restoreFolder(entry('restored'), { say: () => {} })).toBeDefined()
  expect(existsSync(join(dir, 'called'))).toBe(false)
})
