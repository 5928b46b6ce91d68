import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, createReadStream, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { unpackInto } from '../../src/cache/entries/unpack.ts'
import { type CacheTask, entryFolder, filesOf, type Status } from '../../src/cache/process/task.ts'
import { type CacheService, startCacheService } from '../support/cache-service.ts'
import { bundle } from '../support/cli.ts'

// The bundled process for the cache, started as the action starts it.

let dir = ''
let service: CacheService
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-cache-'))
  bundle(join(dir, 'dist'))
  service = await startCacheService()
})
afterAll(async () => {
  await service.close()
  rmSync(dir, { recursive: true, force: true })
})

test.each(['v1', 'v2'] as const)('saves and restores (%s)', async (version) => {
  service.forgetAll()
  const content = randomBytes(1_000_000)
  mkdirSync(join(dir, version, entryFolder), { recursive: true })
  writeFileSync(join(dir, version, entryFolder, 'image'), content)
  const entry = (place: string) => ({ key: 'the-key', dir: join(dir, place), what: 'the image' })
  expect(await run({ kind: 'save', entries: [entry(version)], statusFile: join(dir, 'save') }, version)).toMatchObject({
    results: [{ outcome: 'saved', reason: '' }],
    ended: true,
  })
  mkdirSync(join(dir, 'deeper', version), { recursive: true })
  const statusFile = join(dir, 'restore')
  expect(await run({ kind: 'restore', entries: [entry(`deeper/${version}`)], statusFile }, version)).toMatchObject({
    results: [{ outcome: 'restored' }],
    ended: true,
  })
  const unpacked = join(dir, 'unpacked')
  await unpackInto(unpacked, createReadStream(filesOf(statusFile).archive))
  expect(readFileSync(join(unpacked, 'image')).equals(content)).toBe(true)
  rmSync(unpacked, { recursive: true })
})

test.each([
  ['an exception', 'throw new Error("it is broken")', 'it is broken'],
  ['a rejection', 'Promise.reject(new Error("it is broken"))', 'it is broken'],
  ["one of the system's", 'require("node:fs").readFileSync("/nowhere")', "/nowhere: it can't be opened (no such file or directory)"],
])('an uncaught error is one sentence in the status: %s', async (_what, thrown, failure) => {
  service.forgetAll()
  writeFileSync(join(dir, 'preload.cjs'), `setTimeout(() => { ${thrown} }, 50)`)
  const entries = [{ key: 'another', dir, what: 'the image' }]
  // The service lets the lookup wait for longer than that.
  service.faults.lookup = { status: 500, times: -1 }
  const task: CacheTask = { kind: 'restore', entries, statusFile: join(dir, 'broken') }
  expect(await run(task, 'v2', { NODE_OPTIONS: `--require=${join(dir, 'preload.cjs')}` })).toEqual({ results: [], ended: true, failure })
})

/** Asynchronously, as the service lives in this process. */
async function run(task: CacheTask, version: 'v1' | 'v2', more: NodeJS.ProcessEnv = {}): Promise<Status> {
  const log = openSync(`${task.statusFile}.log`, 'w')
  const env = { PATH: process.env.PATH, ...more }
  const child = spawn(process.execPath, [join(dir, 'dist/cache-process.cjs'), task.statusFile], { env, stdio: ['pipe', log, log] })
  child.stdin!.end(JSON.stringify({ task, environment: service.env[version] }))
  await once(child, 'exit')
  closeSync(log)
  return JSON.parse(readFileSync(task.statusFile, 'utf8')) as Status
}
