import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import type { ArrivingArchive } from '../../../src/cache/process/arriving-archive.ts'
import { type RestoreOptions, restore, type ServiceHealth } from '../../../src/cache/process/restore.ts'
import type { EntryResult } from '../../../src/cache/process/task.ts'
import type { ProgressState } from '../../../src/phase/progress.ts'

// A restore, with a script in the place of the process that talks to the cache; actions-cache.test.ts has the process.

const environment = { ...process.env }
const { execPath } = process
let dir = ''
/** Milliseconds. The clock stands still, unless a test lets it run or advances it. */
let now = 0
let said: string[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-restore-'))
  said = []
  now = 1_000_000
  jest.spyOn(Date, 'now').mockImplementation(() => now)
  process.env.ACTIONS_RESULTS_URL = 'http://127.0.0.1:1/'
})
afterEach(() => {
  jest.restoreAllMocks()
  process.env = { ...environment }
  process.execPath = execPath
  rmSync(dir, { recursive: true, force: true })
})

/** @param script what the process does, in shell; `$status` is its status file */
function processThat(script: string): void {
  process.execPath = join(dir, 'program')
  writeFileSync(process.execPath, `#!/bin/sh\ntouch '${dir}/started'\nstatus=$2\n${script}\n`, { mode: 0o755 })
}

const ends = (result?: Partial<EntryResult>, failure = '') =>
  `echo '${JSON.stringify({ results: result ? [result] : [], ended: true, failure })}' >"$status.part"; mv "$status.part" "$status"`
const arrives = (text: string) =>
  `mkdir "$status.temp"; printf '${text}' >"$status.temp/archive"; ${ends({ outcome: 'restored', reason: '' })}`

const all = async (archive: ArrivingArchive) => {
  let text = ''
  for await (const piece of archive.read()) text += piece
  return text
}

const entry = () => ({ key: 'the-key', dir: join(dir, 'entry'), what: 'the image' })

async function run<T>(options: Partial<RestoreOptions>, use: (archive: ArrivingArchive) => Promise<T>): Promise<T | undefined> {
  const value = await restore(entry(), { say: (line) => said.push(line), ...options }, use)
  if (existsSync(entry().dir)) expect(readdirSync(entry().dir)).toEqual([])
  expect(readdirSync('/proc/self/fd').filter((fd) => targetOf(fd).startsWith(dir))).toEqual([])
  return value
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

const unknown = (): ServiceHealth => ({ failing: false, waited: 0 })

test('what is made of the archive is what comes back, and nothing is left', async () => {
  processThat(arrives('the archive'))
  const health = unknown()
  expect([await run({ health }, all), said, health]).toEqual(['the archive', [], unknown()])
})

test.each([
  ['an entry that is not there', ends({ outcome: 'missing', reason: '' }), "The Actions cache doesn't have the image"],
  ['a reason', ends({ outcome: 'missing', reason: 'it is full' }), 'Restoring the image from the Actions cache failed: it is full'],
  ['a failure of the process', ends(undefined, 'it is broken'), 'Restoring the image from the Actions cache failed: it is broken'],
  ['no status', 'exit 1', 'Restoring the image from the Actions cache failed: the cache process ended early'],
])('%s is a miss with one line', async (_what, script, line) => {
  processThat(script)
  const health = unknown()
  expect([await run({ health }, all), said, health.failing]).toEqual([undefined, [line], false])
})

test('a program that can not be started is a miss with one line', async () => {
  process.execPath = join(dir, 'no-such-program')
  expect(await run({}, all)).toBeUndefined()
  expect(said).toEqual([
    expect.stringMatching(/^Restoring the image from the Actions cache failed: \S*no-such-program: it can't be started/),
  ])
})

test('nothing is asked of a service that is known to fail, or without one', async () => {
  processThat(arrives('the archive'))
  expect(await run({ health: { failing: true, waited: 0 } }, all)).toBeUndefined()
  for (const name of ['ACTIONS_RESULTS_URL', 'ACTIONS_CACHE_URL']) delete process.env[name]
  expect(await run({}, all)).toBeUndefined()
  expect([said, existsSync(join(dir, 'started'))]).toEqual([[], false])
})

test('a service that gives nothing has what is left of the eight seconds, and is then not asked again', async () => {
  jest.restoreAllMocks()
  processThat('sleep 1000')
  const health = { failing: false, waited: 7000 }
  expect(await run({ health }, all)).toBeUndefined()
  expect(said).toEqual([
    'Restoring the image from the Actions cache failed: it gave nothing for 1.0 s',
    'The Actions cache is too slow, so this step goes on without it',
  ])
  expect(health).toEqual({ failing: true, waited: expect.any(Number) })
})

test('a download has its time, and a short one says nothing about the service', async () => {
  processThat('sleep 1000')
  const health = unknown()
  expect(await run({ patience: 100, health }, all)).toBeUndefined()
  expect([said, health.failing]).toEqual([['Restoring the image from the Actions cache failed: it took longer than 0.1 s'], false])
})

test('what takes long after the archive has arrived says nothing about the service', async () => {
  processThat(arrives('the archive'))
  const health = unknown()
  const readSlowly = async (archive: ArrivingArchive) => {
    await all(archive)
    now += 3_600_000
    throw new Error('it is damaged')
  }
  expect(await run({ health }, readSlowly)).toBeUndefined()
  expect([said, health.failing]).toEqual([['Restoring the image from the Actions cache failed: it is damaged'], false])
})

test('the waits of a step add up, and those in vain are eight seconds at most, less the one that an answer takes', async () => {
  processThat('exit 1')
  const health = unknown()
  const ended = 'Restoring the image from the Actions cache failed: the cache process ended early'
  for (const wait of [3000, 4000]) {
    const slowly = (archive: ArrivingArchive) => {
      now += wait
      return all(archive)
    }
    expect(await run({ health }, slowly)).toBeUndefined()
  }
  expect([said, health]).toEqual([[ended, ended], { failing: false, waited: 7000 }])
  const later = (archive: ArrivingArchive) => {
    now++
    return all(archive)
  }
  expect(await run({ health }, later)).toBeUndefined()
  expect(said.slice(2)).toEqual([ended, 'The Actions cache is too slow, so this step goes on without it'])
  expect(health).toEqual({ failing: true, waited: 7001 })
})

test('an archive that has been seen enough of is not waited for', async () => {
  processThat('mkdir "$status.temp"; echo "$$" >"$status.temp/archive"; sleep 1000')
  const first = async (archive: ArrivingArchive) => {
    for await (const piece of archive.read()) return String(piece)
    return ''
  }
  const pid = await run({}, first)
  expect([existsSync(`/proc/${pid?.trim()}/fd/0`), said]).toEqual([false, []])
})

test('an archive that is no good is not waited for, and the reason is told', async () => {
  processThat('mkdir "$status.temp"; echo no >"$status.temp/archive"; sleep 1000')
  const refuse = async (archive: ArrivingArchive) => {
    await archive.read().next()
    throw new Error('it is damaged')
  }
  expect(await run({}, refuse)).toBeUndefined()
  expect(said).toEqual(['Restoring the image from the Actions cache failed: it is damaged'])
})

test('what has arrived is shown, and what has been read of it', async () => {
  processThat(
    `mkdir "$status.temp"; echo 'Received 5 of 10 (50.0%), 1.0 MBs/sec'; until [ -e '${dir}/shown' ]; do sleep 0.05; done
    printf 'the archive' >"$status.temp/archive"; ${ends({ outcome: 'restored', reason: '' })}`,
  )
  const shown: ProgressState[] = []
  let read = false
  const show = (progress: ProgressState) => {
    shown.push(progress)
    writeFileSync(join(dir, 'shown'), '')
    if (progress.doing.startsWith('Reading')) read = true
  }
  const slowly = async (archive: ArrivingArchive) => {
    const text = await all(archive)
    while (!read) await new Promise((resolve) => setTimeout(resolve, 20))
    return text
  }
  expect(await run({ show }, slowly)).toBe('the archive')
  expect([shown[0], shown.at(-1)]).toEqual([
    { doing: 'Restoring the image', done: 5, total: 10 },
    { doing: 'Reading the image', done: 11, total: 11 },
  ])
  const before = shown.length
  await new Promise((resolve) => setTimeout(resolve, 700))
  expect(shown).toHaveLength(before)
})

test('if the job has ended before, no process is started', async () => {
  processThat(arrives('the archive'))
  const reason = new Error('cancelled')
  await expect(run({ signal: AbortSignal.abort(reason) }, all)).rejects.toBe(reason)
  expect([said, existsSync(join(dir, 'started'))]).toEqual([[], false])
})

test('if the job ends when all is there, the caller gets it', async () => {
  processThat(arrives('the archive'))
  const job = new AbortController()
  const readAndEnd = async (archive: ArrivingArchive) => {
    const text = await all(archive)
    job.abort(new Error('cancelled'))
    return text
  }
  expect(await run({ signal: job.signal }, readAndEnd)).toBe('the archive')
})

test('what uses the archive has ended before the restore does', async () => {
  processThat('mkdir "$status.temp"; echo no >"$status.temp/archive"; exit 1')
  let ended = false
  const clearSlowly = async (archive: ArrivingArchive) => {
    try {
      return await all(archive)
    } finally {
      await new Promise((resolve) => setTimeout(resolve, 100))
      ended = true
    }
  }
  expect([await run({}, clearSlowly), ended]).toEqual([undefined, true])
})

test('the entry is what the process is asked for', async () => {
  processThat(`cat >'${dir}/task'; exit 1`)
  await run({}, all)
  const { task } = JSON.parse(readFileSync(join(dir, 'task'), 'utf8')) as { task: object }
  expect(task).toEqual({ kind: 'restore', entries: [entry()], statusFile: join(dir, 'entry/restore') })
})
