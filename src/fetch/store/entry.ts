import { randomUUID } from 'node:crypto'
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../../bytes/errors.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { sentenceOf } from '../../host/system-error.ts'
import { flawOf, isWanted, readIso, type StoredIso, type Wanted } from './stored-iso.ts'

// An entry of the tool cache is a folder with a marker file beside it. The folder is renamed to its final name when it is complete.

/** The ISO in an entry's folder, if it is the wanted one and hasn't changed since it was stored. */
export async function verified(
  dir: string,
  wanted: Wanted,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<StoredIso | undefined> {
  const iso = readIso(dir)
  if (!iso || !isWanted(iso, wanted)) return undefined
  const inode = statSync(iso.path, { throwIfNoEntry: false })?.ino
  const flaw = await flawOf(iso, { say, signal })
  if (flaw === undefined) {
    mark(dir)
    return iso
  }
  say(`The ISO ${iso.path} in the tool cache has changed: ${flaw}. It is removed and downloaded again`)
  // Another job may have removed it meanwhile, and put a good one there.
  if (statSync(iso.path, { throwIfNoEntry: false })?.ino === inode) remove(dir, say)
  return undefined
}

function markerOf(dir: string): string {
  return `${dir}.complete`
}

/**
 * Writes the marker of an entry that has none. A folder gets its name only when it is complete, so the marker is all that can be missing.
 */
export function markWhole(dir: string): void {
  if (readIso(dir)) mark(dir)
}

function mark(dir: string): void {
  if (existsSync(markerOf(dir))) return
  try {
    writeFileSync(markerOf(dir), '')
  } catch {
    // An ISO can be used even if its tool cache is read-only.
  }
}

/** Removes an entry atomically. */
function remove(dir: string, say: (line: string) => void): void {
  const away = `${dir}.${randomUUID()}.removed`
  try {
    rmSync(markerOf(dir), { force: true })
    renameSync(dir, away)
    rmSync(away, { recursive: true, force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') say(sentenceOf(error))
  }
}

/** Renames a complete folder to its final name in the store. Another job may have been faster. */
export async function publish(
  dir: string,
  entry: string,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<StoredIso> {
  const iso = readIso(dir)!
  for (const target of [entry, entryNamedByContent(entry, iso)]) {
    for (let tries = 0; tries < 3; tries++) {
      if (renamed(dir, target)) {
        mark(target)
        return { ...iso, path: join(target, basename(iso.path)) }
      }
      const same = await verified(target, { sha256: iso.sha256 }, say, signal)
      if (same) return same
      // An entry from the same address is replaced. Another ISO of the same version stays, because another job may be using it.
      const other = readIso(target)
      if (other && other.urlSha256 !== iso.urlSha256) break
      remove(target, say)
    }
  }
  throw new UserError(
    `${entry} is taken by something that can't be removed; remove it by hand, or give the runner's user permission to`,
    'permission',
  )
}

/** An entry of the same version with a unique name: `6.5.0-i0123456789abcdef`. */
function entryNamedByContent(entry: string, { sha256 }: StoredIso): string {
  const semver = basename(dirname(entry))
  return join(dirname(dirname(entry)), `${semver}${semver.includes('-') ? '.' : '-'}i${sha256.slice(0, 16)}`, basename(entry))
}

function renamed(from: string, to: string): boolean {
  makeFolder(dirname(to))
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    // Other errors come if what is there is a file, or belongs to a user whose things others may not rename.
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '') || existsSync(to)) return false
    throw error
  }
}
