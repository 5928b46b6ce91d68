import { damage, type Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'

/** A path has no room for more (PATH_MAX, with its NUL). */
const longestTarget = 4095

/**
 * A symlink's target, if it is one that Linux can have.
 * @param source what the symlink is in
 * @param at where, as for `damage`
 * @throws DiskError if it is empty, longer than a path can be, or has a zero byte
 */
export function checkedTarget(target: Buffer, source: { readonly name: string }, at: number | string, whole?: string): Buffer {
  if (target.length === 0) throw damage(source, at, 'the symlink has no target', whole)
  if (target.length > longestTarget) throw damage(source, at, `the symlink's target has ${target.length} bytes`, whole)
  if (target.includes(0)) throw damage(source, at, "the symlink's target has a zero byte", whole)
  return target
}

/** Warns if a source ends before the filesystem in it does: what lies at its end can't be read then. */
export function warnIfCutShort(source: Source, what: string, size: number, warn: Warn): void {
  if (source.size >= size) return
  warn(
    `${source.name}: ${what} has ${size} bytes, of which only the first ${source.size} are there; files at its end can't be read. ` +
      "If it was downloaded, the download isn't complete",
  )
}
