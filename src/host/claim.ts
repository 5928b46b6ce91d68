import { readdirSync, renameSync, rmdirSync, rmSync, utimesSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from './make-folder.ts'
import { heartbeat, isAlive, ownerTag } from './owner.ts'

/** A folder that only this job uses. */
export interface Claim {
  readonly dir: string
  /** Aborted if another job took the folder, because it assumed that this job was dead. */
  readonly lost: AbortSignal
  /** Leaves the folder and its contents to the next job that claims it. Does nothing if it has been moved or removed. */
  release(): void
}

/** A folder that a job has claimed, under the name that says whose it is. */
export interface ClaimedFolder {
  readonly dir: string
  /** Whether its owner still runs. */
  readonly alive: boolean
}

/**
 * Claims the folder `path` with everything that an earlier owner left in it.
 *
 * A claim renames the folder to a name that contains the owner: if two jobs rename the same folder, only one succeeds. Two jobs may still
 * end up with a folder each, so a claim only saves work: what its owner makes must not depend on it.
 * @param mine this job's name for it, from `claimName`
 * @returns undefined if another job that is alive has it
 * @throws the system's error if the folder can't be made or renamed
 */
export function tryClaim(path: string, mine: string): Claim | undefined {
  makeFolder(dirname(path))
  if (isClaimed(path, mine) || !take(path, mine)) return undefined
  if (!isClaimed(path, mine)) return held(path, mine)
  release(path, mine)
  return undefined
}

/** A name for this job's claims of a folder. */
export function claimName(path: string): string {
  return `${path}.${ownerTag()}`
}

/** Whether another job that is alive has claimed the folder. */
export function isClaimed(path: string, mine: string): boolean {
  return claimed(path).some(({ dir, alive }) => alive && dir !== mine)
}

/** All claims of a folder. */
export function claimed(path: string): ClaimedFolder[] {
  const prefix = `${basename(path)}.`
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix))
  return names.map((name) => {
    const dir = join(dirname(path), name)
    return { dir, alive: isAlive(name.slice(prefix.length), dir) }
  })
}

/** Tries to take over a folder of a dead owner, one without an owner, or a new one. Returns whether `mine` exists now. */
function take(path: string, mine: string): boolean {
  const dead = claimed(path).filter(({ alive }) => !alive)
  for (const { dir } of dead) if (moved(dir, mine)) return true
  makeFolder(path)
  return moved(path, mine)
}

/** Renames, and returns whether there was something to rename: another job may have been faster. */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to)
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
  return true
}

function held(path: string, mine: string): Claim {
  const lost = new AbortController()
  const touch = () => {
    try {
      utimesSync(mine, new Date(), new Date())
    } catch {
      lost.abort(new Error(`${mine} was taken away by another job; run the job again`))
    }
  }
  touch()
  const timer = setInterval(touch, heartbeat)
  timer.unref()
  return {
    dir: mine,
    lost: lost.signal,
    release() {
      clearInterval(timer)
      release(path, mine)
    },
  }
}

function release(path: string, mine: string): void {
  if (removedIfEmpty(mine)) return
  if (!moved(mine, path)) rmSync(mine, { recursive: true, force: true })
}

function removedIfEmpty(dir: string): boolean {
  try {
    rmdirSync(dir)
    return true
  } catch {
    return false
  }
}
