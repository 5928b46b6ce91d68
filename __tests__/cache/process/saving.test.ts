import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { isAlive } from '../../../src/cache/process/background.ts'
import { awaitSaving, startSaving } from '../../../src/cache/process/saving.ts'
import { type CacheEntry, type EntryResult, filesOf } from '../../../src/cache/process/task.ts'
import type { ProgressState } from '../../../src/phase/progress.ts'
import { until } from '../../support/tools.ts'

// What is said about a process that saves, as it may end. Instead of the toolkit, the tests write its status; actions-cache.test.ts has the
// toolkit.

const environment = { ...process.env }
const { execPath } = process
let dir = ''
let statusFile = ''
let said: string[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-saving-'))
  statusFile = join(dir, 'save')
  said = []
  process.env.ACTIONS_RESULTS_URL = 'http://127.0.0.1:1/'
})
afterEach(() => {
  process.env = { ...environment }
  process.execPath = execPath
  rmSync(dir, { recursive: true, force: true })
})

const say = (line: string) => void said.push(line)
const entries: readonly CacheEntry[] = ['image', 'ISO'].map((name) => ({ key: `the-${name}`, dir, what: `the ${name}` }))

function write(pid: number, results: readonly Partial<EntryResult>[] = [], more: object = {}): void {
  writeFileSync(filesOf(statusFile).started, JSON.stringify({ pid, entries }))
  writeFileSync(statusFile, JSON.stringify({ results, ended: true, failure: '', ...more }))
}

/** Of a process that has ended. */
const none = 2 ** 30

test('each entry has a line, and an outcome', async () => {
  write(none, [
    { outcome: 'saved', reason: '', milliseconds: 1500 },
    { outcome: 'exists', reason: '', milliseconds: 1 },
  ])
  expect(await awaitSaving(statusFile, 1000, say)).toEqual(['saved', 'exists'])
  expect(said).toEqual([
    'Saved the image to the Actions cache in 1.5 s (the-image)',
    'Another job has saved the ISO to the Actions cache, or is saving it now (the-ISO)',
  ])
})

test('an entry that is refused has the reason, if there is one', async () => {
  write(none, [
    { outcome: 'refused', reason: 'it is full', milliseconds: 1 },
    { outcome: 'refused', reason: '', milliseconds: 1 },
  ])
  expect(await awaitSaving(statusFile, 1000, say)).toEqual(['refused', 'refused'])
  expect(said).toEqual([
    'Saving the image to the Actions cache failed: it is full',
    'Saving the ISO to the Actions cache failed: the service refused it',
  ])
})

test.each([
  ['its own reason', 'it is broken', 'it is broken'],
  ['none', '', 'the cache process ended early'],
])('a process that ended early, with %s', async (_what, failure, why) => {
  write(none, [{ outcome: 'saved', reason: '', milliseconds: 1 }], { failure })
  expect(await awaitSaving(statusFile, 1000, say)).toEqual(['saved', 'refused'])
  expect(said[1]).toBe(`Saving the ISO to the Actions cache failed: ${why}`)
})

test('if nothing was to be saved, there is nothing to say, and no process', async () => {
  startSaving([], statusFile, say)
  expect([readdirSync(dir), await awaitSaving(statusFile, 1000, say), said]).toEqual([[], [], []])
})

test('if what was started is not known any more, that is said', async () => {
  writeFileSync(filesOf(statusFile).started, '{"pid":1}')
  expect(await awaitSaving(statusFile, 1000, say)).toEqual(['refused'])
  expect(said).toEqual([expect.stringMatching(/^The result of saving to the Actions cache is unknown: ./)])
})

test('a process that can not be started is no error, and an older result is not taken for its own', async () => {
  write(none, [{ outcome: 'saved', reason: '', milliseconds: 1 }])
  process.execPath = join(dir, 'no-such-program')
  startSaving(entries.slice(0, 1), statusFile, say)
  await until(() => said.length > 0)
  expect(said).toEqual([expect.stringMatching(/^Nothing is saved to the Actions cache: \S*no-such-program: it can't be started \(/)])
  said = []
  expect(await awaitSaving(statusFile, 1000, say)).toEqual(['refused'])
  expect(said).toEqual(['Saving the image to the Actions cache failed: the cache process ended early'])
})

test('a folder that is not there is no error', () => {
  startSaving(entries, join(dir, 'none/save'), say)
  expect(said).toEqual([expect.stringMatching(/^Nothing is saved to the Actions cache: \S*\/none\/save\.log: it can't be opened \(/)])
})

test('the task goes through a pipe, and only the status file is an argument', async () => {
  process.execPath = join(dir, 'program')
  writeFileSync(process.execPath, `#!/bin/sh\ncat >"$2.task"; echo "$#" >"$2"\n`, { mode: 0o755 })
  startSaving(entries, statusFile, say)
  await until(() => existsSync(statusFile) && readFileSync(statusFile, 'utf8') !== '')
  expect([readFileSync(statusFile, 'utf8'), JSON.parse(readFileSync(`${statusFile}.task`, 'utf8'))]).toEqual([
    '2\n',
    { task: { kind: 'save', entries, statusFile }, environment: expect.objectContaining({ ACTIONS_RESULTS_URL: 'http://127.0.0.1:1/' }) },
  ])
})

test('while it goes on, its progress is shown; what hangs after its last status is not waited for, nor ended', async () => {
  const process_ = spawn('sh', ['-c', 'sleep 1000', 'sh', statusFile], { detached: true, stdio: 'ignore' })
  try {
    write(process_.pid!, [], { ended: false })
    writeFileSync(filesOf(statusFile).log, 'Sent 5 of 10 (50.0%), 1.0 MBs/sec\n')
    const shown: ProgressState[] = []
    const awaited = awaitSaving(statusFile, 3_600_000, say, { show: (progress) => shown.push(progress) })
    await until(() => shown.length > 0)
    write(
      process_.pid!,
      entries.map(() => ({ outcome: 'saved', reason: '', milliseconds: 1 })),
    )
    expect(await awaited).toEqual(['saved', 'saved'])
    expect(shown[0]).toEqual({ doing: 'Saving to the Actions cache', done: 5, total: 10 })
    expect(isAlive(process_.pid!, statusFile)).toBe(true)
  } finally {
    process.kill(-process_.pid!, 'SIGKILL')
  }
})
