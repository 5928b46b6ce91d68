import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { durationText } from '../phase/units.ts'
import { forwardLog, haveService, readStatus, startCacheProcess, stop } from './background.ts'
import { bestEffort } from './best-effort.ts'
import { watchMovement } from './movement.ts'
import { type CacheEntry, entryFolder, filesOf } from './task.ts'

export interface RestoreOptions {
  readonly say: (line: string) => void
  /** Ends it within a second. */
  readonly signal?: AbortSignal
  /** How long it may take, in milliseconds; default 5 minutes. */
  readonly patience?: number
  /** What this step knows of the service; by default nothing. */
  readonly health?: ServiceHealth
}

/** A service that has kept this step waiting for nothing isn't asked again. */
export interface ServiceHealth {
  failing: boolean
}

/** Milliseconds without a byte after which the service counts as failing. */
export const stallLimit = 8000

/** Milliseconds: a refusal that took longer came after the toolkit had tried several times. */
const longRefusal = 1500

/**
 * Brings back an entry from the Actions cache, as the folder that is returned; nothing if it isn't there, or anything goes wrong, which is
 * one line for `say`. Nothing of it has been verified.
 * @throws what `signal` was aborted with, nothing else
 */
export async function restoreFolder(entry: CacheEntry, options: RestoreOptions): Promise<string | undefined> {
  const { say, signal, patience = 300_000, health = { failing: false } } = options
  if (!haveService() || health.failing) return undefined
  const folder = join(entry.dir, entryFolder)
  const start = Date.now()
  const trouble = await bestEffort(
    () => restoreTo(folder, entry, patience, signal),
    (why) => why,
  )
  if (trouble === undefined && !signal?.aborted) return folder
  rmSync(folder, { recursive: true, force: true })
  signal?.throwIfAborted()
  if (trouble !== '' && Date.now() - start > longRefusal) health.failing = true
  say(trouble === '' ? `The Actions cache doesn't have ${entry.what}` : `The Actions cache couldn't give ${entry.what}: ${trouble}`)
  return undefined
}

/** Undefined if all went well; else why not, or an empty text if there is no such entry. */
async function restoreTo(
  folder: string,
  entry: CacheEntry,
  patience: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  mkdirSync(entry.dir, { recursive: true })
  rmSync(folder, { recursive: true, force: true })
  const statusFile = join(entry.dir, 'restore')
  signal?.throwIfAborted()
  const child = startCacheProcess({ kind: 'restore', entries: [entry], statusFile })
  const deadline = AbortSignal.timeout(patience)
  const stalled = new AbortController()
  const hasStalled = watchMovement(child.pid ?? 0, stallLimit)
  const timer = setInterval(() => hasStalled() && stalled.abort(), 500)
  try {
    await once(child, 'exit', { signal: AbortSignal.any([deadline, stalled.signal, ...(signal ? [signal] : [])]) })
    const { results, failure } = readStatus(statusFile)
    const [result] = results
    if (!result) return failure || 'the process for it ended early'
    return result.outcome === 'restored' ? undefined : result.reason
  } catch (error) {
    if (stalled.signal.aborted) return `it gave nothing for ${durationText(stallLimit)}`
    if (!deadline.aborted) throw error
    return `it took longer than ${durationText(patience)}`
  } finally {
    clearInterval(timer)
    if (child.pid !== undefined) await stop(child.pid, statusFile)
    forwardLog(statusFile)
    for (const file of Object.values(filesOf(statusFile))) rmSync(file, { recursive: true, force: true })
  }
}
