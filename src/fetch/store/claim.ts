import { readdirSync, renameSync, rmdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeFolder } from '../../host/make-folder.ts'
import { heartbeat, isAlive, ownerTag } from '../../host/owner.ts'

/** A folder that only this job uses. */
export interface Claim {
  readonly dir: string
  /** Aborted if another job took the folder, because it assumed that this job was dead. */
  readonly lost: AbortSignal
  /** Leaves the folder and its contents to the next job that claims it. Does nothing if it has been moved or removed. */
  release(): void
}

/**
 * Claims the folder `path` with everything that an earlier owner left in it. Waits while another job uses it.
 *
 * A claim renames the folder to a name that contains the owner: if two jobs rename the same folder, only one succeeds. Two jobs may still
 * end up with a folder each. That is safe, and only costs a second download.
 * @param findResult called before every attempt; once it returns something, that is the result and nothing is claimed
 * @throws the reason of `signal`
 */
export async function claim<T>(
  path: string,
  findResult: () => Promise<T | undefined>,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<Claim | T> {
  makeFolder(dirname(path))
  const mine = `${path}.${ownerTag()}`
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted()
    const found = await findResult()
    if (found !== undefined) return found
    if (!claimedByOther(path, mine) && take(path, mine)) {
      if (!claimedByOther(path, mine)) return held(path, mine)
      release(path, mine)
    }
    if (!waited) say('Another job on this machine is fetching this ISO; waiting for it')
    await sleep(250 + Math.random() * 500, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

/** Removes what dead owners left, after another claim has brought the result. */
export function sweep(path: string): void {
  for (const { dir, alive } of claimed(path)) if (!alive) rmSync(dir, { recursive: true, force: true })
  rmSync(path, { recursive: true, force: true })
}

/** Age in milliseconds after which an abandoned partial ISO is removed. */
const oldAge = 7 * 24 * 3600 * 1000

/** Removes what was abandoned in a folder long ago: claims of dead owners, and folders that were being removed. */
export function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder).filter((name) => /\.(partial(\.[\w-]+)?|removed)$/.test(name))) {
    const dir = join(folder, name)
    const touched = statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    const [, tag] = /\.partial\.([\w-]+)$/.exec(name) ?? []
    if (Date.now() - touched > oldAge && !(tag && isAlive(tag, dir))) rmSync(dir, { recursive: true, force: true })
  }
}

function claimed(path: string): { dir: string; alive: boolean }[] {
  const prefix = `${basename(path)}.`
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix))
  return names.map((name) => {
    const dir = join(dirname(path), name)
    return { dir, alive: isAlive(name.slice(prefix.length), dir) }
  })
}

function claimedByOther(path: string, mine: string): boolean {
  return claimed(path).some(({ dir, alive }) => alive && dir !== mine)
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
