import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { restoreFolder } from '../../../src/cache/entries/restore-folder.ts'
import { unpack } from '../../../src/cache/entries/unpack.ts'
import { awaitSaving, startSaving } from '../../../src/cache/process/saving.ts'
import { type CacheEntry, entryFolder } from '../../../src/cache/process/task.ts'
import { type CacheService, type Faults, startCacheService } from '../../support/cache-service.ts'

// The toolkit in its own process, as the action has it, against the service on loopback.

let service: CacheService
beforeAll(async () => {
  service = await startCacheService()
})
afterAll(() => service.close())

let dir = ''
let environment: NodeJS.ProcessEnv
beforeEach(() => {
  environment = { ...process.env }
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-cache-'))
  service.forgetAll()
})
afterEach(() => {
  process.env = environment
  rmSync(dir, { recursive: true, force: true })
})

const key = 'xenserver-ddk-image-v1-abc-zstd'

function useService(version: 'v1' | 'v2'): void {
  Object.assign(process.env, service.env[version])
}

function entryIn(place: string, content?: Buffer | string): CacheEntry {
  const entry = { key, dir: join(dir, place), what: 'the image' }
  if (content !== undefined) {
    mkdirSync(join(entry.dir, entryFolder), { recursive: true })
    writeFileSync(join(entry.dir, entryFolder, 'image'), content)
  }
  return entry
}

/** Starts to save, waits for it, and gives what was said. */
async function save(entry: CacheEntry, patience = 30_000): Promise<string[]> {
  const lines: string[] = []
  const statusFile = join(dir, 'save')
  startSaving([entry], statusFile, (line) => lines.push(line))
  await awaitSaving(statusFile, patience, (line) => lines.push(line))
  return lines
}

/** What was restored, or what was said instead. */
async function restore(entry: CacheEntry, patience = 30_000): Promise<Buffer | string[]> {
  const lines: string[] = []
  const folder = await restoreFolder(entry, { say: (line) => lines.push(line), patience })
  if (folder === undefined && existsSync(entry.dir)) expect(readdirSync(entry.dir)).toEqual([])
  return folder === undefined ? lines : readFileSync(join(folder, 'image'))
}

describe.each(['v1', 'v2'] as const)('with a service of %s', (version) => {
  beforeEach(() => useService(version))

  test('an entry can be restored into a workspace at any depth', async () => {
    const content = randomBytes(3_000_000)
    process.env.GITHUB_WORKSPACE = join(dir, 'work')
    expect(await save(entryIn('a', content))).toEqual([
      expect.stringMatching(/^Saved the image to the Actions cache in [\d.]+ s \(xenserver-.*\)$/),
    ])
    process.env.GITHUB_WORKSPACE = join(dir, 'a/much/deeper/work')
    const back = await restore(entryIn('some/where/else'))
    expect(Buffer.isBuffer(back) && back.equals(content)).toBe(true)
    expect(process.env.GITHUB_WORKSPACE).toBe(join(dir, 'a/much/deeper/work'))
    expect(readdirSync(dir).sort()).toEqual(['a', 'save', 'save.log', 'save.started', 'some'])
  })

  test('whoever restores an entry needs little memory, and sees its description first', async () => {
    const entry = entryIn('a', randomBytes(20 << 20))
    writeFileSync(join(entry.dir, entryFolder, 'about.json'), '{}')
    writeFileSync(join(entry.dir, entryFolder, 'zzz'), '')
    await save(entry)
    const archive = service.archive(key)
    // RFC 8878, 3.1.1.1.2: the byte after the descriptor is the window's size, as 2 to the power of 10 plus its upper five bits.
    expect(archive.readUInt32LE()).toBe(0xfd2fb528)
    expect(10 + (archive[5]! >> 3)).toBeLessThanOrEqual(21)
    const names: string[] = []
    await unpack(Readable.from([archive]), async (files) => {
      for await (const { name } of files) names.push(name)
    })
    expect(names).toEqual(['about.json', 'image', 'zzz'])
  })

  test('an existing entry is neither packed nor fetched again', async () => {
    await save(entryIn('a', 'first'))
    const uploads = () => service.requests.filter((line) => /upload|PATCH|Create|caches/.test(line)).length
    const fetches = () => service.requests.filter((line) => line === 'GET blob').length
    const before = uploads()
    expect(await save(entryIn('b', 'second'))).toEqual([
      `Another job has saved the image to the Actions cache, or is saving it now (${key})`,
    ])
    expect([uploads(), fetches()]).toEqual([before, 0])
    expect(await restore(entryIn('c'))).toEqual(Buffer.from('first'))
    expect(fetches()).toBe(1)
  })

  test('an entry that is not there is a miss', async () => {
    expect(await restore(entryIn('a'))).toEqual(["The Actions cache doesn't have the image"])
  })

  test.each<[string, Faults, NodeJS.ProcessEnv, RegExp]>([
    ['another job was faster', { reserve: 'conflict' }, {}, /^Another job has saved the image to the Actions cache/],
    [
      'the token may only read',
      { reserve: 'denied' },
      {},
      /^Saving the image to the Actions cache failed: .*cache write denied: this run may only read/,
    ],
    [
      'the job may only read',
      {},
      { ACTIONS_CACHE_MODE: 'read' },
      /Saving the image to the Actions cache failed: the effective cache-mode 'read' does not permit writes/,
    ],
    [
      'the job has no cache',
      {},
      { ACTIONS_CACHE_MODE: 'none' },
      /Saving the image to the Actions cache failed: the effective cache-mode 'none' does not permit writes/,
    ],
    ['the upload is refused', { upload: 'refused' }, {}, /^Saving the image to the Actions cache failed: \S/],
  ])('a save succeeds if %s', async (_, faults, env, sentence) => {
    Object.assign(service.faults, faults)
    Object.assign(process.env, env)
    expect(await save(entryIn('a', 'content'))).toEqual([expect.stringMatching(sentence)])
    expect(service.keys()).toEqual([])
  })

  test('an archive that arrives damaged is a miss with one line', async () => {
    await save(entryIn('a', randomBytes(1_000_000)))
    const said: Record<string, Buffer | string[]> = {}
    for (const fault of ['truncated', 'short', 'flipped', 'missing'] as const) {
      service.faults.download = fault
      said[fault] = await restore(entryIn('b'))
    }
    service.faults.download = 'stalled'
    said.stalled = await restore(entryIn('b'), 1500)
    delete service.faults.download
    service.faults.lookup = { status: 500, times: -1 }
    said.trouble = await restore(entryIn('b'), 1500)
    const because = (reason: string) => [expect.stringMatching(`^Restoring the image from the Actions cache failed: ${reason}`)]
    expect(said).toEqual({
      truncated: because('its archive is (cut short|damaged)'),
      short: because('.'),
      flipped: because('its archive is damaged'),
      missing: because('.'),
      stalled: because('it took longer than 1.5 s'),
      trouble: because('.'),
    })
    delete service.faults.lookup
    expect(await restore(entryIn('b'))).toHaveLength(1_000_000)
  })
})

describe('a save in progress', () => {
  const statusFile = () => join(dir, 'save')
  const startStalled = async () => {
    useService('v2')
    service.faults.upload = 'stalled'
    startSaving([entryIn('a', randomBytes(1_000_000))], statusFile(), () => {})
    await service.heard(/upload/)
    return (JSON.parse(readFileSync(`${statusFile()}.started`, 'utf8')) as { pid: number }).pid
  }
  const wait = async (patience: number, signal?: AbortSignal) => {
    const lines: string[] = []
    await awaitSaving(statusFile(), patience, (line) => lines.push(line), { signal })
    return lines
  }
  const nothingFound = async (pid: number) => {
    expect(existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toBeFalsy()
    delete service.faults.upload
    expect(await restore(entryIn('b'))).toEqual(["The Actions cache doesn't have the image"])
  }

  test('is given up after a while, and leaves no entry', async () => {
    const pid = await startStalled()
    expect(await wait(300)).toEqual(['Saving the image to the Actions cache failed: it took longer than 0.3 s'])
    await nothingFound(pid)
  })

  test('ends when the job is cancelled, however long it might have taken', async () => {
    const pid = await startStalled()
    expect(await wait(3_600_000, AbortSignal.timeout(100))).toEqual(['Saving the image to the Actions cache failed: the job was cancelled'])
    await nothingFound(pid)
  })

  test('that is killed is reported, and leaves no entry', async () => {
    const pid = await startStalled()
    process.kill(-pid, 'SIGKILL')
    expect(await wait(60_000)).toEqual(['Saving the image to the Actions cache failed: the cache process ended early'])
    await nothingFound(pid)
  })
})

test('cancelling the job ends an endless restore, with the reason', async () => {
  useService('v2')
  await save(entryIn('a', randomBytes(1_000_000)))
  service.faults.download = 'stalled'
  const stop = new AbortController()
  const entry = entryIn('b')
  const restored = restoreFolder(entry, { say: () => {}, signal: stop.signal })
  await service.heard(/blob/)
  stop.abort(new Error('cancelled'))
  await expect(restored).rejects.toThrow('cancelled')
  expect(readdirSync(entry.dir)).toEqual([])
})

test('a process that hangs while it exits, as Node sometimes does, is not waited for', async () => {
  useService('v2')
  await save(entryIn('a', 'content'))
  const { execPath } = process
  const hanging = join(dir, 'hanging')
  writeFileSync(hanging, `#!/bin/sh\n'${execPath}' "$@"\nsleep 1000\n`, { mode: 0o755 })
  process.execPath = hanging
  try {
    expect(await restore(entryIn('b'))).toEqual(Buffer.from('content'))
  } finally {
    process.execPath = execPath
  }
  expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(hanging)
})

test('the step that starts to save ends at once, and another one hears how it went', async () => {
  useService('v2')
  service.faults.upload = 'stalled'
  const entry = entryIn('a', randomBytes(1_000_000))
  const statusFile = join(dir, 'save')
  const step = node(`startSaving([${JSON.stringify(entry)}], ${JSON.stringify(statusFile)}, console.log)`)
  // That is, all that could hold its standard output is closed.
  await once(step, 'close')
  await service.heard(/upload/)
  const lines: string[] = []
  await awaitSaving(statusFile, 100, (line) => lines.push(line))
  expect(lines).toEqual(['Saving the image to the Actions cache failed: it took longer than 0.1 s'])
})

test("in debug mode, the toolkit's output is shown, without annotations", async () => {
  useService('v2')
  service.faults.download = 'short'
  await save(entryIn('a', randomBytes(1000)))
  process.env.RUNNER_DEBUG = '1'
  const step = node(`await restoreFolder(${JSON.stringify(entryIn('b'))}, { say: console.log })`)
  const lines = (await text(step.stdout!)).trimEnd().split('\n')
  expect(lines.at(-1)).toMatch(/^Restoring the image from the Actions cache failed: /)
  expect(lines.slice(0, -1).filter((line) => !line.startsWith('::debug::'))).toEqual([])
  expect(lines).toContainEqual(expect.stringMatching('^::debug::Failed to restore: '))
  expect(lines.join()).toContain('?***')
})

test("without zstd, entries that were saved with it aren't found, and the log says so", async () => {
  useService('v2')
  await save(entryIn('a', 'content'))
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  for (const tool of ['tar', 'gzip']) symlinkSync(`/usr/bin/${tool}`, join(bin, tool))
  process.env.PATH = bin
  expect(await restore(entryIn('b'))).toEqual([
    expect.stringMatching('^Restoring the image from the Actions cache failed: zstd is not installed on this runner'),
  ])
  expect(await save(entryIn('c', 'by gzip'))).toEqual([expect.stringMatching('Saved the image to the Actions cache')])
  expect(await restore(entryIn('d'))).toEqual(Buffer.from('by gzip'))
})

/** Runs a line of a script that has this part of the action at hand. */
function node(line: string): ChildProcess {
  const url = (name: string) => JSON.stringify(new URL(`../../../src/cache/${name}.ts`, import.meta.url).href)
  const script = `const { startSaving } = await import(${url('process/saving')}); const { restoreFolder } = await import(${url('entries/restore-folder')}); ${line}`
  return spawn(process.execPath, ['--input-type=module', '-e', script], { env: process.env, stdio: ['ignore', 'pipe', 'inherit'] })
}

test('without a service, nothing is logged and no process is started', async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith('ACTIONS_')) delete process.env[name]
  expect(await save(entryIn('a', 'content'))).toEqual([])
  expect(await restore(entryIn('b'))).toEqual([])
  expect(readdirSync(dir)).toEqual(['a'])
})

test("two entries are saved one after the other, and a problem with one doesn't affect the other", async () => {
  useService('v2')
  const lines: string[] = []
  const say = (line: string) => void lines.push(line)
  const [image, iso] = [entryIn('a', 'image'), { ...entryIn('b', 'iso'), key: 'iso', what: 'the ISO' }]
  rmSync(join(image.dir, entryFolder), { recursive: true })
  startSaving([image, iso], join(dir, 'save'), say)
  await awaitSaving(join(dir, 'save'), 30_000, say)
  expect(lines).toEqual([
    expect.stringMatching(/^Saving the image to the Actions cache failed: \S/),
    expect.stringMatching(/^Saved the ISO/),
  ])
})

test('more than Azure takes at once goes in blocks', async () => {
  useService('v2')
  const content = randomBytes(140 << 20)
  expect(await save(entryIn('a', content))).toEqual([expect.stringMatching(/^Saved the image/)])
  expect(service.requests.filter((line) => line === 'PUT upload block').length).toBeGreaterThan(2)
  expect(service.requests).toContain('PUT upload blocklist')
  const back = await restore(entryIn('b'))
  expect(Buffer.isBuffer(back) && back.equals(content)).toBe(true)
})
