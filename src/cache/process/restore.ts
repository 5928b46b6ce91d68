import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../host/make-folder.ts'
import { debug } from '../../log.ts'
import type { ShowProgress } from '../../phase/progress.ts'
import { durationText } from '../../phase/units.ts'
import { ArrivingArchive } from './arriving-archive.ts'
import { forwardLog, haveService, readStatus, startCacheProcess, stop } from './background.ts'
import { bestEffort } from './best-effort.ts'
import { watchMovement } from './movement.ts'
import { showTransfer } from './progress.ts'
import { type CacheEntry, filesOf } from './task.ts'

export interface RestoreOptions {
  readonly say: (line: string) => void
  /** Ends the restore within a second. */
  readonly signal?: AbortSignal
  /** Time limit for the download, in milliseconds. Default: 5 minutes. */
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

const progressInterval = 500

/** Milliseconds. No answer can be expected in less. */
const minPatience = 1000

/**
 * Restores an entry from the Actions cache. Returns what `use` makes of its archive, which isn't verified; or undefined if there is no entry
 * or anything fails, which is one line for `say`.
 * @param use is called at once, and reads the archive while it arrives; nothing is done with what it returns unless all of it has arrived
 * @throws only the reason of `signal`
 */
export async function restore<T>(
  entry: CacheEntry,
  options: RestoreOptions,
  use: (archive: ArrivingArchive) => Promise<T>,
): Promise<T | undefined> {
  const { say, show, signal, patience = 300_000, health = { failing: false, waited: 0 } } = options
  if (!haveService() || health.failing) return undefined
  debug(`Looking for ${entry.what} in the Actions cache: ${entry.key}`)
  const start = Date.now()
  let arrived = Number.POSITIVE_INFINITY
  const onArrival = () => {
    arrived = Date.now()
  }
  const restored = await bestEffort<Restored<T>>(
    () => attempt(entry, { patience, stall: stallLimit - health.waited, signal, show, onArrival }, use),
    (trouble) => ({ trouble }),
  )
  // Also if the job has ended: the caller knows what to do with it.
  if (!('trouble' in restored)) return restored.value
  signal?.throwIfAborted()
  const { trouble } = restored
  say(trouble !== '' ? `Restoring ${entry.what} from the Actions cache failed: ${trouble}` : `The Actions cache doesn't have ${entry.what}`)
  health.waited += Math.min(arrived, Date.now()) - start
  if (!health.failing && health.waited > stallLimit - minPatience) {
    health.failing = true
    say('The Actions cache is too slow, so this step goes on without it')
  }
  return undefined
}

/** An empty `trouble` means that there is no such entry. */
type Restored<T> = { readonly value: T } | { readonly trouble: string }

interface AttemptOptions {
  readonly signal: AbortSignal | undefined
  readonly show: ShowProgress | undefined
  readonly patience: number
  readonly stall: number
  /** Called when all of the archive is there. */
  readonly onArrival: () => void
}

async function attempt<T>(entry: CacheEntry, options: AttemptOptions, use: (archive: ArrivingArchive) => Promise<T>): Promise<Restored<T>> {
  const { signal, show, onArrival } = options
  const statusFile = join(entry.dir, 'restore')
  makeFolder(entry.dir)
  signal?.throwIfAborted()
  const child = startCacheProcess({ kind: 'restore', entries: [entry], statusFile })
  const archive = new ArrivingArchive(filesOf(statusFile).temp, signal ?? new AbortController().signal)
  const used = use(archive)
  // It ends before the download only if it has seen enough of it.
  const seenEnough = new AbortController()
  const enough = () => seenEnough.abort()
  const settled = used.then(enough, enough)
  try {
    const outcome = await download(child, entry, statusFile, seenEnough.signal, options)
    if (outcome === 'enough') return { value: await used }
    if (outcome !== 'arrived') return outcome
    archive.complete()
    onArrival()
    const { size: total } = statSync(filesOf(statusFile).archive)
    const showReading = () => show?.({ doing: `Reading ${entry.what}`, done: archive.given, total })
    const timer = setInterval(showReading, progressInterval)
    return { value: await used.finally(() => clearInterval(timer)) }
  } finally {
    archive.fail(new Error('the rest of its archive is missing'))
    if (child.pid !== undefined) await stop(child.pid, statusFile)
    await settled
    await archive.close()
    forwardLog(statusFile)
    for (const file of Object.values(filesOf(statusFile))) rmSync(file, { recursive: true, force: true })
  }
}

/** Waits for the archive, or for `seenEnough`. */
async function download(
  child: ChildProcess,
  { what }: CacheEntry,
  statusFile: string,
  seenEnough: AbortSignal,
  { patience, stall, signal, show }: AttemptOptions,
): Promise<'arrived' | 'enough' | { readonly trouble: string }> {
  const deadline = AbortSignal.timeout(patience)
  const stalled = new AbortController()
  const ended = new AbortController()
  const hasStalled = watchMovement(child.pid ?? 0, stall)
  const timer = setInterval(() => {
    if (show) showTransfer(`Restoring ${what}`, statusFile, show)
    // Node sometimes hangs while it exits (nodejs/node#54918).
    if (readStatus(statusFile).ended) ended.abort()
    else if (hasStalled()) stalled.abort()
  }, progressInterval)
  const outcome = () => {
    const { results, failure } = readStatus(statusFile)
    const [result] = results
    if (!result) return { trouble: failure || 'the cache process ended early' }
    return result.outcome === 'restored' ? 'arrived' : { trouble: result.reason }
  }
  try {
    const others = [ended.signal, deadline, stalled.signal, seenEnough, ...(signal ? [signal] : [])]
    await once(child, 'exit', { signal: AbortSignal.any(others) })
    return outcome()
  } catch (error) {
    if (ended.signal.aborted) return outcome()
    if (seenEnough.aborted) return 'enough'
    if (stalled.signal.aborted) return { trouble: `it gave nothing for ${durationText(stall)}` }
    if (!deadline.aborted) throw error
    return { trouble: `it took longer than ${durationText(patience)}` }
  } finally {
    clearInterval(timer)
  }
}
