import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as core from '@actions/core'
import { debug } from '../../log.ts'
import { startDetached } from '../../programs/child.ts'
import { handedEnvironment, openEnvironment } from './environment.ts'
import { type CacheTask, filesOf, type Handover, type Status } from './task.ts'

/** In the sources, and beside the bundle. */
const script = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../toolkit/cache-process.ts' : './cache-process.cjs', import.meta.url),
)

/**
 * Starts the process that talks to the cache, in its own session, so that neither a closed pipe nor a signal to this step ends it. It keeps
 * RUNNER_TRACKING_ID in its environment, so that the runner ends it with the job at the latest.
 */
export function startCacheProcess(task: CacheTask): ReturnType<typeof startDetached> {
  const handover: Handover = { task, environment: handedEnvironment() }
  const { statusFile } = task
  // `isAlive` recognizes the process by this argument.
  return startDetached(process.execPath, [script, statusFile], {
    env: openEnvironment(),
    input: JSON.stringify(handover),
    log: filesOf(statusFile).log,
  })
}

/** Whether a cache service is available. Only the runner sets its address, and only for actions. */
export function haveService(): boolean {
  const { ACTIONS_RESULTS_URL, ACTIONS_CACHE_URL } = process.env
  return Boolean(ACTIONS_RESULTS_URL || ACTIONS_CACHE_URL)
}

/** The status that the process has written so far. */
export function readStatus(statusFile: string): Status {
  try {
    return JSON.parse(readFileSync(statusFile, 'utf8')) as Status
  } catch {
    return { results: [], ended: false, failure: '' }
  }
}

/** Shows the toolkit's output if the job runs in debug mode, with its own commands disabled. */
export function forwardLog(statusFile: string): void {
  if (!core.isDebug()) return
  for (const line of readFileSync(filesOf(statusFile).log, 'utf8').split('\n')) debug(line.replace(/^::\w+::/, ''))
}

/** Whether process `pid` is the one with that status file: the number may have been reused. */
export function isAlive(pid: number, statusFile: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(statusFile)
  } catch {
    return false
  }
}

/** Ends the process and the archiver that it started. */
export async function stop(pid: number, statusFile: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(pid, statusFile)) return
    try {
      process.kill(-pid, signal)
    } catch {
      return
    }
    for (let turn = 0; turn < 20 && isAlive(pid, statusFile); turn++) await sleep(25)
  }
}
