import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { forwardLog, haveService, isAlive, readStatus, stop } from '../../../src/cache/process/background.ts'
import { until } from '../../support/tools.ts'

const environment = { ...process.env }
let dir = ''
let statusFile = ''
const started: ChildProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-background-'))
  statusFile = join(dir, 'save')
})
afterEach(() => {
  process.env = { ...environment }
  for (const child of started.splice(0)) if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

/** Starts a process with the argument by which it is recognized, once it has said that it is ready. */
async function start(script: string): Promise<number> {
  const child = spawn('sh', ['-c', script, 'sh', statusFile], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  started.push(child)
  await once(child.stdout!, 'data')
  return child.pid!
}

const sessionOf = (pid: number) => spawnSync('ps', ['-s', String(pid), '-o', 'stat='], { encoding: 'utf8' }).stdout.match(/^[^Z\n]/gm) ?? []

test('a process is recognized by its status file, because its number may belong to another one by now', async () => {
  const pid = await start('echo ready; sleep 1000')
  expect([isAlive(pid, statusFile), isAlive(pid, join(dir, 'other')), isAlive(pid, dir)]).toEqual([true, false, false])
  expect(isAlive(2 ** 30, statusFile)).toBe(false)
})

test.each([
  ['that ends', 'sleep 1000 & echo ready; wait'],
  ['that does not want to end', "trap '' TERM; sleep 1000 & echo ready; while :; do wait; done"],
])('a process %s is ended, with what it has started', async (_which, script) => {
  const pid = await start(script)
  expect(sessionOf(pid)).toHaveLength(2)
  await stop(pid, statusFile)
  expect(isAlive(pid, statusFile)).toBe(false)
  await until(() => sessionOf(pid).length === 0)
})

test('another process, which has its number now, is left alone', async () => {
  const child = spawn('sh', ['-c', 'read line; echo "heard $line"', 'sh', statusFile], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  started.push(child)
  await stop(child.pid!, join(dir, 'other'))
  child.stdin.on('error', () => {}).end('something\n')
  expect(await text(child.stdout)).toBe('heard something\n')
})

test('without a status, nothing is known yet', () => {
  expect(readStatus(statusFile)).toEqual({ results: [], ended: false, failure: '' })
})

test.each(['ACTIONS_RESULTS_URL', 'ACTIONS_CACHE_URL'])('the service is there if the runner sets %s', (name) => {
  for (const url of ['ACTIONS_RESULTS_URL', 'ACTIONS_CACHE_URL']) delete process.env[url]
  expect(haveService()).toBe(false)
  process.env[name] = 'http://127.0.0.1/'
  expect(haveService()).toBe(true)
})

test('the log is only read if somebody debugs the job', () => {
  delete process.env.RUNNER_DEBUG
  expect(() => forwardLog(statusFile)).not.toThrow()
})
