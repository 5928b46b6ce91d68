import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../host/make-folder.ts'
import { debug } from '../../log.ts'
import type { ShowProgress } from '../../phase/progress.ts'
import { durationText } from '../../phase/units.ts'
import { forwardLog, haveService, readStatus, startCacheProcess, stop } from './background.ts'
import { bestEffort } from './best-effort.ts'
import { watchMovement } from './movement.ts'
import { showTransfer } from './progress.ts'
import { type CacheEntry, entryFolder, filesOf } from './task.ts'

export interface RestoreOptions {
  readonly say: (line: string) => void
  /** Ends the restore within a second. */
  readonly signal?: AbortSignal
  /** Time limit in milliseconds. Default: 5 minutes. */
  readonly patience?: number
  /** Shows the progress. */
  readonly show?: ShowProgress
  /** What this step knows about the service. Default: nothing. */
  readonly health?: ServiceHealth
}

/** If the service has kept this step waiting in vain, it isn't asked again. */
export interface ServiceHealth {
  failing: boolean
  /** Milliseconds that this step has waited for answers that brought it nothing. */
  waited: number
}

/** Milliseconds without a noteworthy transfer after which the service counts as failing, for all entries of a step together. */
export const stallLimit = 8000

/** Milliseconds. No answer can be expected in less. */
const minPatience = 1000

/**
 * Restores an entry from the Actions cache. Returns its folder, whose contents are not verified; or undefined if there is no entry or
 * anything fails, which is one line for `say`.
 * @throws only the reason of `signal`
 */
export async function restoreFolder(entry: CacheEntry, options: RestoreOptions): Promise<string | undefined> {
  const { say, show, signal, patience = 300_000, health = { failing: false, waited: 0 } } = options
  if (!haveService() || health.failing) return undefined
  debug(`Looking for ${entry.what} in the Actions cache: ${entry.key}`)
  const folder = join(entry.dir, entryFolder)
  const start = Date.now()
  const trouble = await bestEffort(
    () => restoreTo(folder, entry, { patience, stall: stallLimit - health.waited, signal, show }),
    (why) => why,
  )
  if (trouble === undefined && !signal?.aborted) return folder
  rmSync(folder, { recursive: true, force: true })
  signal?.throwIfAborted()
  say(trouble !== '' ? `Restoring ${entry.what} from the Actions cache failed: ${trouble}` : `The Actions cache doesn't have ${entry.what}`)
  health.waited += Date.now() - start
  if (!health.failing && health.waited > stallLimit - minPatience) {
    health.failing = true
    say('The Actions cache is too slow, so this step goes on without it')
  }
  return undefined
}

/** Returns undefined on success, else the reason; an empty reason means that there is no such entry. */
async function restoreTo(
  folder: string,
  entry: CacheEntry,
  {
    patience,
    stall,
    signal,
    show,
  }: {
    readonly patience: number
    readonly stall: number
    readonly signal: AbortSignal | undefined
    readonly show: ShowProgress | undefined
  },
): Promise<string | undefined> {
  makeFolder(entry.dir)
  rmSync(folder, { recursive: true, force: true })
  const statusFile = join(entry.dir, 'restore')
  signal?.throwIfAborted()
  const child = startCacheProcess({ kind: 'restore', entries: [entry], statusFile })
  const deadline = AbortSignal.timeout(patience)
  const stalled = new AbortController()
  const hasStalled = watchMovement(child.pid ?? 0, stall)
  const timer = setInterval(() => {
    if (show) showTransfer(`Restoring ${entry.what}`, statusFile, show)
    if (hasStalled()) stalled.abort()
  }, 500)
  try {
    await once(child, 'exit', { signal: AbortSignal.any([deadline, stalled.signal, ...(signal ? [signal] : [])]) })
    const { results, failure } = readStatus(statusFile)
    const [result] = results
    if (!result) return failure || 'the cache process ended early'
    return result.outcome === 'restored' ? undefined : result.reason
  } catch (error) {
    if (stalled.signal.aborted) return `it gave nothing for ${durationText(stall)}`
    if (!deadline.aborted) throw error
    return `it took longer than ${durationText(patience)}`
  } finally {
    clearInterval(timer)
    if (child.pid !== undefined) await stop(child.pid, statusFile)
    forwardLog(statusFile)
    for (const file of Object.values(filesOf(statusFile))) rmSync(file, { recursive: true, force: true })
  }
}
