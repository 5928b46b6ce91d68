import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { sentenceOf } from '../../host/system-error.ts'
import { durationText } from '../../phase/units.ts'
import { forwardLog, haveService, isAlive, readStatus, startCacheProcess, stop } from './background.ts'
import { watchMovement } from './movement.ts'
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
 * @param signal gives up within a second
 */
export async function awaitSaving(statusFile: string, patience: number, say: Say, signal?: AbortSignal): Promise<void> {
  try {
    const started = readStarted(statusFile)
    if (started) await awaitProcess(started, statusFile, patience, say, signal)
  } catch (error) {
    say(`The result of saving to the Actions cache is unknown: ${sentenceOf(error)}`)
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
  signal?: AbortSignal,
): Promise<void> {
  const end = Date.now() + patience
  // Check first whether the process is alive: if it ends in between, its last status has been written.
  let alive = isAlive(pid, statusFile)
  let status = readStatus(statusFile)
  const hasStalled = watchMovement(pid, stallLimit)
  let stalled = false
  while (alive && !status.ended && !stalled && Date.now() < end && !signal?.aborted) {
    await sleep(200)
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
  for (const [index, { what, key }] of entries.entries()) {
    const result = status.results[index]
    if (result) say(sentence(result, what, key))
    else say(`Saving ${what} to the Actions cache failed: ${why}`)
  }
}

function sentence({ outcome, reason, milliseconds }: EntryResult, what: string, key: string): string {
  if (outcome === 'saved') return `Saved ${what} to the Actions cache in ${durationText(milliseconds)} (${key})`
  if (outcome === 'exists') return `Another job has saved ${what} to the Actions cache, or is saving it now (${key})`
  return `Saving ${what} to the Actions cache failed: ${reason || 'the service refused it'}`
}
