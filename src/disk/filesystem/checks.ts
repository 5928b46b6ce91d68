import { damage, type Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'

/** The longest target that fits into a path (PATH_MAX, including its NUL). */
const maxTargetLength = 4095

/**
 * Checks that a symlink's target is one that Linux allows.
 * @param source that contains the symlink
 * @param at its position, as for `damage`
 * @throws DiskError if it is empty, longer than a path, or contains a zero byte
 */
export function checkedTarget(target: Buffer, source: { readonly name: string }, at: number | string, whole?: string): Buffer {
  if (target.length === 0) throw damage(source, at, 'the symlink has no target', whole)
  if (target.length > maxTargetLength) throw damage(source, at, `the symlink's target has ${target.length} bytes`, whole)
  if (target.includes(0)) throw damage(source, at, "the symlink's target has a zero byte", whole)
  return target
}

/** Warns if a source ends before the filesystem in it does, because the end of the filesystem can't be read then. */
export function warnIfCutShort(source: Source, what: string, size: number, warn: Warn): void {
  if (source.size >= size) return
  warn(
    `${source.name}: ${what} has ${size} bytes, of which only the first ${source.size} are there; files at its end can't be read. ` +
      "If it was downloaded, the download isn't complete",
  )
}
