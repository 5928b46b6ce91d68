import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { sentenceOf } from '../../host/system-error.ts'
import type { ShowProgress } from '../../phase/progress.ts'
import { durationText } from '../../phase/units.ts'
import { forwardLog, haveService, isAlive, readStatus, startCacheProcess, stop } from './background.ts'
import { watchMovement } from './movement.ts'
import { showTransfer } from './progress.ts'
import { stallLimit } from './restore.ts'
import { type CacheEntry, type EntryResult, filesOf } from './task.ts'

type Say = (line: string) => void

/**
 * Starts to save entries, one after the other, in a process that goes on while later steps run. The entries' folders must stay until
 * `awaitSaving` returns. The caller then removes them, and the files whose names begin with `statusFile`. Never throws; a problem is a line
 * for `say`.
 */
export function startSaving(entries: readonly CacheEntry[], statusFile: string, say: Say): void {
  if (entries.length === 0 || !haveService()) return
  try {
    rmSync(statusFile, { force: true })
    const child = startCacheProcess({ kind: 'save', entries, statusFile })
    child.on('error', (error) => say(`Nothing is saved to the Actions cache: ${sentenceOf(error)}`))
    const started: Started = { pid: child.pid ?? 0, entries }
    writeFileSync(filesOf(statusFile).started, JSON.stringify(started))
    child.unref()
  } catch (error) {
    say(`Nothing is saved to the Actions cache: ${sentenceOf(error)}`)
  }
}

interface Started {
  readonly pid: number
  readonly entries: readonly CacheEntry[]
}

/**
 * Waits for the process that `startSaving` started, and reports the result in one line per entry. Never throws.
 * @param patience how long to wait, in milliseconds; entries that aren't saved by then are given up
 * @param options `signal` gives up within a second; `show` shows the progress
 * @returns the outcome of each entry
 */
export async function awaitSaving(
  statusFile: string,
  patience: number,
  say: Say,
  { signal, show }: { readonly signal?: AbortSignal | undefined; readonly show?: ShowProgress | undefined } = {},
): Promise<readonly EntryResult['outcome'][]> {
  try {
    const started = readStarted(statusFile)
    return started ? await awaitProcess(started, statusFile, patience, say, { signal, show }) : []
  } catch (error) {
    say(`The result of saving to the Actions cache is unknown: ${sentenceOf(error)}`)
    return ['refused']
  }
}

function readStarted(statusFile: string): Started | undefined {
  try {
    return JSON.parse(readFileSync(filesOf(statusFile).started, 'utf8')) as Started
  } catch {
    return undefined
  }
}

async function awaitProcess(
  { pid, entries }: Started,
  statusFile: string,
  patience: number,
  say: Say,
  { signal, show }: { readonly signal?: AbortSignal | undefined; readonly show?: ShowProgress | undefined },
): Promise<EntryResult['outcome'][]> {
  const end = Date.now() + patience
  // Check first whether the process is alive: if it ends in between, its last status has been written.
  let alive = isAlive(pid, statusFile)
  let status = readStatus(statusFile)
  const hasStalled = watchMovement(pid, stallLimit)
  let stalled = false
  while (alive && !status.ended && !stalled && Date.now() < end && !signal?.aborted) {
    await sleep(200)
    if (show) showTransfer('Saving to the Actions cache', statusFile, show)
    stalled = hasStalled()
    alive = isAlive(pid, statusFile)
    status = readStatus(statusFile)
  }
  const givenUp = alive && !status.ended
  if (givenUp) await stop(pid, statusFile)
  forwardLog(statusFile)
  const timeOut = signal?.aborted
    ? 'the job was cancelled'
    : stalled
      ? `it took nothing for ${durationText(stallLimit)}`
      : `it took longer than ${durationText(patience)}`
  const why = givenUp ? timeOut : status.failure || 'the cache process ended early'
  return entries.map(({ what, key }, index) => {
    const result = status.results[index]
    say(result ? sentence(result, what, key) : `Saving ${what} to the Actions cache failed: ${why}`)
    return result?.outcome ?? 'refused'
  })
}

function sentence({ outcome, reason, milliseconds }: EntryResult, what: string, key: string): string {
  if (outcome === 'saved') return `Saved ${what} to the Actions cache in ${durationText(milliseconds)} (${key})`
  if (outcome === 'exists') return `Another job has saved ${what} to the Actions cache, or is saving it now (${key})`
  return `Saving ${what} to the Actions cache failed: ${reason || 'the service refused it'}`
}
