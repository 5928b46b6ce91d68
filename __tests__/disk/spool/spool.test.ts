import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DiskError } from '../../../src/bytes/errors.ts'
import { bytesAt, memorySource, openFile, pieces, slice } from '../../../src/bytes/source.ts'
import { findChunks } from '../../../src/disk/appliance/chunks.ts'
import { type Folder, openFolder } from '../../../src/disk/filesystem/folder.ts'
import { type Spool, type SpoolOptions, spoolFiles } from '../../../src/disk/spool/index.ts'
import type { PackedFile } from '../../../src/disk/spool/packed-file.ts'
import { noMounts } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { run, sh, withTempDir } from '../../support/tools.ts'

const MiB = 1 << 20
const limit = 1 << 30
const wayOut = 'the ISO is damaged or incomplete; download it again'
const texts = { tooLarge: 'the chunks inflate to more than the disk can hold', wayOut }

/** A disk of 40 MiB, cut into chunks of 7 MiB by split and gzip, with a hole and with bytes that don't compress. */
let dir: string
let sha256: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-spool-'))
  mkdirSync(join(dir, 'xvda'))
  const script = `
    head -c 9000000 /dev/urandom > disk; seq 1 1500000 >> disk; truncate -s 30M disk; seq 1 5000000 >> disk; truncate -s 40M disk
    sha256sum < disk | cut -d' ' -f1
    split -b 7M -d -a 9 --filter 'gzip -1 > xvda/$FILE.gz' disk chunk-; rm disk`
  sha256 = sh(script, { cwd: dir }).trim()
})
afterAll(() => rmSync(dir, { recursive: true }))

const chunkNames = () => readdirSync(join(dir, 'xvda')).sort()
const vdi = { name: 'vdi_xvda', source: 'file://xvda', type: 'dir-gzipped-chunks' }

interface Options extends Partial<SpoolOptions> {
  /** Where ova.xml would be. */
  readonly from?: string
}

/** Spools the chunks below a folder for as long as `use` takes, into a directory that must be empty all the time. */
async function withSpool<T>(use: (spool: Spool, spoolDir: string) => T | Promise<T>, { from = dir, ...options }: Options = {}): Promise<T> {
  return withTempDir(async (spoolDir) => {
    const folder: Folder = openFolder(from)
    const spool = spoolFiles(findChunks(folder, 'ova.xml', vdi, undefined), 'the disk', { dir: spoolDir, limit, ...texts, ...options })
    try {
      return await use(spool, spoolDir)
    } finally {
      spool.close()
      folder.close()
      if (!options.dir) expect(readdirSync(spoolDir)).toEqual([])
    }
  })
}

/** A copy of the chunks that `damage` may change. */
async function withDamage<T>(damage: (xvda: string) => void, use: (copy: string) => T | Promise<T>): Promise<T> {
  return withTempDir((copy) => {
    sh(`cp -r ${dir}/xvda ${copy}`)
    damage(join(copy, 'xvda'))
    return use(copy)
  })
}

function hashOf(spool: Spool): string {
  const hash = createHash('sha256')
  for (const piece of pieces(spool, 123_457)) hash.update(piece)
  return hash.digest('hex')
}

const source = (file: string) => JSON.stringify(new URL(`../../../src/${file}`, import.meta.url).pathname)
/** Prints the disk's digest; the thread that runs it never returns to its event loop before that. */
const probe = (then: string) => `
  import { createHash } from 'node:crypto'
  import { writeSync } from 'node:fs'
  import { isMainThread, Worker, workerData } from 'node:worker_threads'
  import { findChunks } from ${source('disk/appliance/chunks.ts')}
  import { openFolder } from ${source('disk/filesystem/folder.ts')}
  import { pieces } from ${source('bytes/source.ts')}
  import { spoolFiles } from ${source('disk/spool/index.ts')}
  if (process.argv[4] === 'in a worker' && isMainThread) {
    const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
    // Not even the main thread answers.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000)
  } else {
    const folder = openFolder(process.argv[2])
    const spool = spoolFiles(findChunks(folder, 'ova.xml', ${JSON.stringify(vdi)}, undefined), 'the disk', { dir: process.argv[3], limit: ${limit} })
    ${then}
  }`
const printDigest = `
  const hash = createHash('sha256')
  for (const piece of pieces(spool)) hash.update(piece)
  writeSync(1, hash.digest('hex'))`

/** The probe as Node runs the sources. */
function asSources(code: string, into: string): string {
  writeFileSync(join(into, 'probe.mts'), code)
  return join(into, 'probe.mts')
}

describe('spoolFiles', () => {
  test.each([1, 2, 4])('%d at once: the bytes are those of the disk', (concurrency) =>
    withSpool(
      (spool) => {
        expect(hashOf(spool)).toBe(sha256)
        expect(spool.size).toBe(40 * MiB)
        spool.finish()
        expect(spool.inflated()).toBe(40 * MiB)
      },
      { concurrency },
    ),
  )

  test('in random order, while they are being inflated', () =>
    withSpool((spool) => {
      const disk = Buffer.alloc(40 * MiB)
      const piece = disk.length / 512
      const offsets = Array.from({ length: 512 }, (_, index) => ((index * 7919) % 512) * piece)
      for (const offset of offsets) spool.read(disk.subarray(offset, offset + piece), offset)
      expect(createHash('sha256').update(disk).digest('hex')).toBe(sha256)
    }))

  test('close while chunks are inflated', () => withSpool((spool) => void bytesAt(spool, 0, 1)))
  test('close at once, and twice', () => withSpool((spool) => spool.close()))

  test('the temporary directory is empty while it runs', () =>
    withSpool((spool, spoolDir) => {
      bytesAt(spool, 10 * MiB, 1)
      expect(readdirSync(spoolDir)).toEqual([])
    }))

  test('many small chunks, empty ones, several gzip members, and padding', () =>
    withTempDir((small) => {
      mkdirSync(join(small, 'xvda'))
      // GNU gzip says the same of each of these files.
      const parts = Array.from({ length: 100 }, (_, number) => {
        const members = Array.from({ length: number % 4 }, (_, member) => gzipSync(`chunk ${number} member ${member}\n`))
        const padding = number % 5 === 0 ? Buffer.alloc(number === 50 ? 5 * MiB : number) : Buffer.alloc(0)
        return Buffer.concat([...members, gzipSync(''), padding])
      })
      for (const [number, part] of parts.entries()) writeFileSync(join(small, 'xvda', `chunk-${String(number).padStart(9, '0')}.gz`), part)
      const expected = sh('cat xvda/* > all; for f in xvda/*; do zcat $f; done', { cwd: small })
      return withSpool((spool) => expect(bytesAt(spool, 0, spool.size).toString()).toBe(expected), { from: small })
    }))

  test.each([1, 2, 4])('%d at once: no more open files than that, however many chunks there are', (concurrency) =>
    withSpool(
      (spool, spoolDir) => {
        let most = 0
        for (let at = 0; at < 40 * MiB; at += MiB) {
          most = Math.max(most, openFilesBelow(join(dir, 'xvda')).length)
          bytesAt(spool, at, 1)
        }
        spool.finish()
        expect(chunkNames().length).toBeGreaterThan(concurrency + 1)
        expect(openFilesBelow(spoolDir)).toHaveLength(concurrency)
        // One for the look at the first chunk, which tells whether it is compressed.
        expect(most).toBeLessThanOrEqual(concurrency + 1)
      },
      { concurrency },
    ),
  )

  test('500 chunks in a process that may open 100 files', () =>
    withTempDir((many) => {
      sh("mkdir xvda && seq 1 300000 > disk && split -n 500 -d -a 9 --filter 'gzip -1 > xvda/$FILE.gz' disk chunk-", { cwd: many })
      const script = asSources(probe(printDigest), many)
      const digest = run('prlimit', ['--nofile=100', process.execPath, script, many, many, 'in the main thread'], { timeout: 30_000 })
      expect(digest).toBe(sh('sha256sum < disk | cut -d" " -f1', { cwd: many }).trim())
    }))

  test('chunks of zeros that follow others take no space', () =>
    withTempDir((zeros) => {
      sh("mkdir xvda && truncate -s 90000000 disk && split -b 10000001 -d -a 9 --filter 'gzip -1 > xvda/$FILE.gz' disk chunk- && rm disk", {
        cwd: zeros,
      })
      return withSpool(
        (spool, spoolDir) => {
          spool.finish()
          expect(spool.size).toBe(90_000_000)
          expect(openFilesBelow(spoolDir).map(({ blocks }) => blocks * 512 < 4 * MiB)).toEqual([true])
        },
        { from: zeros, concurrency: 1 },
      )
    }))

  test('a disk of zeros takes no space', () =>
    withTempDir((zeros) => {
      sh('mkdir xvda && truncate -s 100M disk && gzip -1 < disk > xvda/chunk-000000000.gz && rm disk', { cwd: zeros })
      return withSpool(
        (spool, spoolDir) => {
          spool.finish()
          expect(spool.size).toBe(100 * MiB)
          expect(bytesAt(spool, 99 * MiB, MiB).every((byte) => byte === 0)).toBe(true)
          const [file, ...others] = openFilesBelow(spoolDir)
          expect(file!.blocks * 512).toBeLessThan(MiB)
          expect(others).toEqual([])
        },
        { from: zeros },
      )
    }))
})

/** What Linux says of this process's open files in a directory, unlinked ones as well. */
function openFilesBelow(parent: string): Stats[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${parent}/`) ? [fstatSync(Number(fd))] : []
    } catch {
      return []
    }
  })
}

describe('chunks that are not sound', () => {
  const at = (xvda: string, number: number) => join(xvda, chunkNames()[number]!)
  const overwrite = (path: string, offset: number, bytes: number[]) => {
    const content = readFileSync(path)
    Buffer.from(bytes).copy(content, offset < 0 ? content.length + offset : offset)
    writeFileSync(path, content)
  }

  test.each<[string, (xvda: string) => void, string]>([
    ['cut short', (xvda) => truncateSync(at(xvda, 2), 10_000), `chunk-000000002.gz: its gzip data ends too early; ${wayOut}`],
    [
      'cut within the trailer',
      (xvda) => truncateSync(at(xvda, 0), readFileSync(at(xvda, 0)).length - 1),
      'chunk-000000000.gz: its gzip data ends too early',
    ],
    [
      'a wrong CRC',
      (xvda) => overwrite(at(xvda, 1), -8, [1, 2, 3, 4]),
      `chunk-000000001.gz: its gzip data is damaged (incorrect data check); ${wayOut}`,
    ],
    [
      'a wrong length',
      (xvda) => overwrite(at(xvda, 5), -4, [1, 2, 3, 4]),
      'chunk-000000005.gz: its gzip data is damaged (incorrect length check)',
    ],
    ['a flipped byte', (xvda) => overwrite(at(xvda, 0), 5000, [0x55, 0xaa, 0x55, 0xaa]), 'chunk-000000000.gz: its gzip data is damaged'],
    [
      'not compressed',
      (xvda) => writeFileSync(at(xvda, 1), 'plain'),
      `chunk-000000001.gz: it should be a gzip file, but doesn't begin like one; ${wayOut}`,
    ],
    ['garbage behind', (xvda) => appendFileSync(at(xvda, 1), 'garbage'), 'chunk-000000001.gz: its gzip data is damaged'],
    [
      'garbage behind padding',
      (xvda) => appendFileSync(at(xvda, 1), `${'\0'.repeat(9)}garbage`),
      'chunk-000000001.gz: something other than zeros follows',
    ],
    [
      'a member behind far padding',
      (xvda) => appendFileSync(at(xvda, 1), Buffer.concat([Buffer.alloc(3 * MiB), gzipSync('more')])),
      'chunk-000000001.gz: something other than zeros follows',
    ],
    [
      'half a gzip header behind',
      (xvda) => appendFileSync(at(xvda, 1), Buffer.from([0x1f])),
      'chunk-000000001.gz: its gzip data ends too early',
    ],
    ['a header only', (xvda) => truncateSync(at(xvda, 5), 2), 'chunk-000000005.gz: its gzip data ends too early'],
  ])('%s', (_, damage, message) =>
    withDamage(damage, (from) =>
      withSpool(
        (spool) => {
          expect(() => spool.finish()).toThrow(DiskError)
          expect(() => spool.finish()).toThrow(`xvda/${message}`)
          expect(() => spool.size).toThrow(message)
        },
        { from },
      ),
    ),
  )

  test('everything before the damage can be read', () =>
    withDamage(
      (xvda) => truncateSync(at(xvda, 5), 1000),
      (from) =>
        withSpool(
          (spool) => {
            expect(bytesAt(spool, 34 * MiB, 10).length).toBe(10)
            expect(slice(spool, 0, 35 * MiB).size).toBe(35 * MiB)
            expect(() => bytesAt(spool, 40 * MiB - 1, 1)).toThrow('chunk-000000005.gz: its gzip data ends too early')
          },
          { from, concurrency: 1 },
        ),
    ))

  test('a file that becomes shorter while it is read', () =>
    withTempDir((short) => {
      mkdirSync(join(short, 'xvda'))
      copyFileSync(at(join(dir, 'xvda'), 0), join(short, 'xvda/chunk-000000000.gz'))
      const folder = openFolder(short)
      const chunks = findChunks(folder, 'ova.xml', vdi, undefined)
      truncateSync(join(short, 'xvda/chunk-000000000.gz'), 1000)
      const spool = spoolFiles(chunks, 'the disk', { dir: short, limit, ...texts })
      expect(() => spool.finish()).toThrow("xvda/chunk-000000000.gz: it can't be read: another process changed it while it was read")
      spool.close()
      folder.close()
    }))

  test('a file that contains them and becomes shorter while it is read', () =>
    withTempDir((short) => {
      const path = join(short, 'whole')
      copyFileSync(at(join(dir, 'xvda'), 0), path)
      const file = openFile(path)
      truncateSync(path, 1000)
      const chunk: PackedFile = { name: 'chunk-000000000.gz', source: file, compression: 'gzip' }
      const spool = spoolFiles([chunk], 'the disk', { dir: short, limit, ...texts })
      expect(() => spool.finish()).toThrow(/chunk-000000000.gz: the file that contains it ends \d+ bytes too early/)
      spool.close()
      file.close()
    }))

  test('a file that is gone', () =>
    withDamage(
      () => {},
      (gone) => {
        const folder = openFolder(gone)
        const chunks = findChunks(folder, 'ova.xml', vdi, undefined)
        rmSync(at(join(gone, 'xvda'), 4))
        const spool = spoolFiles(chunks, 'the disk', { dir: gone, limit, ...texts })
        expect(() => spool.finish()).toThrow('xvda/chunk-000000004.gz: there is no such file')
        spool.close()
        folder.close()
      },
    ))

  test('more than the limit', () =>
    withSpool(
      (spool) => {
        expect(() => spool.finish()).toThrow(
          /xvda\/chunk-00000000\d.gz: the chunks inflate to more than the disk can hold; the ISO is damaged/,
        )
        expect(spool.inflated()).toBeLessThanOrEqual(8_000_000)
      },
      { limit: 8_000_000 },
    ))
  test('exactly the limit', () => withSpool((spool) => spool.finish(), { limit: 40 * MiB }))

  test('a chunk that lies in no file', () => {
    const chunk: PackedFile = { name: 'chunk-000000000.gz', source: memorySource(gzipSync('x'), 'x'), compression: 'gzip' }
    expect(() => spoolFiles([chunk], 'the disk', { dir: tmpdir(), limit, ...texts })).toThrow(
      'chunk-000000000.gz: its bytes are not stored in a file',
    )
  })
})

describe('where it writes', () => {
  test('a directory that is not there', () =>
    expect(withSpool(() => {}, { dir: '/nowhere' })).rejects.toThrow(
      '/nowhere: no temporary file can be created there: no such file or directory',
    ))

  unless(noMounts).test('a directory that is full', () =>
    withTempDir(async (full) => {
      run('mount', ['-t', 'tmpfs', '-o', 'size=10m', 'tmpfs', full])
      try {
        await withSpool(
          (spool) =>
            expect(() => spool.finish()).toThrow(
              expect.objectContaining({
                kind: 'no-room',
                message: expect.stringMatching(
                  `there is no space left in ${full} after \\d+ bytes; up to ${limit} bytes are needed there; free some`,
                ),
              }),
            ),
          { dir: full },
        )
        expect(Number(sh(`df --output=used ${full} | tail -1`))).toBe(0)
      } finally {
        run('umount', [full])
      }
    }),
  )
})

describe('chunks that are not compressed', () => {
  test('are read where they are', () =>
    withTempDir((plain) => {
      sh('mkdir xvda && printf one > xvda/chunk-000000000 && printf three > xvda/chunk-000000001', { cwd: plain })
      const folder = openFolder(plain)
      const spool = spoolFiles(findChunks(folder, 'ova.xml', { name: 'a', source: 'file://xvda' }, undefined), 'the disk', {
        dir: '/nowhere',
        limit,
        ...texts,
      })
      expect(bytesAt(spool, 0, spool.size).toString()).toBe('onethree')
      expect(spool.size).toBe(8)
      spool.finish()
      expect(spool.inflated()).toBe(8)
      spool.close()
      folder.close()
    }))
})

describe('threads and processes', () => {
  /** The probe as a bundle. */
  async function asBundle(code: string, into: string): Promise<string> {
    const { build } = await import('esbuild')
    const bundle = join(into, 'bundle')
    await build({
      entryPoints: {
        probe: asSources(code, into),
        'inflate-worker': new URL('../../../src/disk/spool/inflate-worker.ts', import.meta.url).pathname,
      },
      outdir: bundle,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      define: { 'import.meta.url': 'importMetaUrl' },
      banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    })
    return join(bundle, 'probe.cjs')
  }

  test.each([
    ['the sources', 'in the main thread', asSources],
    ['the sources', 'in a worker', asSources],
    ['the bundle', 'in the main thread', asBundle],
    ['the bundle', 'in a worker', asBundle],
  ])('%s, blocked %s', (_, where, make) =>
    withTempDir(async (temp) => {
      const script = await make(probe(printDigest), temp)
      expect(run(process.execPath, [script, dir, temp, where], { timeout: 30_000 })).toBe(sha256)
    }),
  )

  test("a running worker doesn't keep the process alive", () =>
    withTempDir((temp) => {
      const script = asSources(probe(''), temp)
      expect(run(process.execPath, [script, dir, temp, 'in the main thread'], { timeout: 30_000 })).toBe('')
    }))

  test('a bundle without its worker reports the missing file', () =>
    withTempDir(async (temp) => {
      const script = await asBundle(probe(printDigest), temp)
      rmSync(join(temp, 'bundle/inflate-worker.cjs'))
      expect(() => run(process.execPath, [script, dir, temp, 'in the main thread'])).toThrow(
        /inflate-worker.cjs: the program is incomplete: this file is missing/,
      )
    }))

  test('kill -9 leaves nothing behind', () =>
    withTempDir(async (temp) => {
      const spoolDir = join(temp, 'spool')
      mkdirSync(spoolDir)
      const child = spawn(process.execPath, [
        asSources(probe("spool.finish(); writeSync(1, 'there'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"), temp),
        dir,
        spoolDir,
      ])
      const [said] = await once(child.stdout, 'data')
      expect(String(said)).toBe('there')
      expect(readdirSync(`/proc/${child.pid}/fd`).length).toBeGreaterThan(chunkNames().length)
      expect(readdirSync(spoolDir)).toEqual([])
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect(readdirSync(spoolDir)).toEqual([])
    }))
})
