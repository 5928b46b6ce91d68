import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { durationText } from '../phase/units.ts'
import { forwardLog, haveService, readStatus, startCacheProcess, stop } from './background.ts'
import { bestEffort } from './best-effort.ts'
import { type Entry, entryFolder, filesOf } from './task.ts'

export interface RestoreOptions {
  readonly say: (line: string) => void
  /** Ends it within a second. */
  readonly signal?: AbortSignal
  /** How long it may take, in milliseconds; default 5 minutes. */
  readonly patience?: number
}

/**
 * Brings back an entry from the Actions cache, as the folder that is returned; nothing if it isn't there, or anything goes wrong, which is
 * one line for `say`. Nothing of it has been verified.
 * @throws what `signal` was aborted with, nothing else
 */
export async function restoreFolder(entry: Entry, { say, signal, patience = 300_000 }: RestoreOptions): Promise<string | undefined> {
  if (!haveService()) return undefined
  const folder = join(entry.dir, entryFolder)
  const trouble = await bestEffort(
    () => restoreTo(folder, entry, patience, signal),
    (why) => why,
  )
  if (trouble === undefined && !signal?.aborted) return folder
  rmSync(folder, { recursive: true, force: true })
  signal?.throwIfAborted()
  say(trouble === '' ? `The Actions cache doesn't have ${entry.what}` : `The Actions cache couldn't give ${entry.what}: ${trouble}`)
  return undefined
}

/** Undefined if all went well; else why not, or an empty text if there is no such entry. */
async function restoreTo(folder: string, entry: Entry, patience: number, signal: AbortSignal | undefined): Promise<string | undefined> {
  mkdirSync(entry.dir, { recursive: true })
  rmSync(folder, { recursive: true, force: true })
  const statusFile = join(entry.dir, 'restore')
  signal?.throwIfAborted()
  const child = startCacheProcess({ kind: 'restore', entries: [entry], statusFile })
  const deadline = AbortSignal.timeout(patience)
  try {
    await once(child, 'exit', { signal: signal ? AbortSignal.any([signal, deadline]) : deadline })
    const { results, failure } = readStatus(statusFile)
    const [result] = results
    if (!result) return failure || 'the process for it ended early'
    return result.outcome === 'restored' ? undefined : result.reason
  } catch (error) {
    if (!deadline.aborted) throw error
    return `it took longer than ${durationText(patience)}`
  } finally {
    if (child.pid !== undefined) await stop(child.pid, statusFile)
    forwardLog(statusFile)
    for (const file of Object.values(filesOf(statusFile))) rmSync(file, { recursive: true, force: true })
  }
}
