import { DiskError } from '../../bytes/errors.ts'
import { type ListingEntry, listingEntry } from './listing-entry.ts'
import { type FileTree, walk } from './tree.ts'

export interface ListingOptions {
  /** Whether to read every file, for its checksum. */
  readonly sha256: boolean
  /** Called for an entry of the root directory that can't be read. The root itself isn't listed, so no listed entry can have the error. */
  onLost(error: DiskError): void
}

/**
 * All entries below the root, in path order. An entry that can't be read is left out, and its directory has the error.
 * @throws DiskError if the root directory itself can't be read
 */
export function* listTree(tree: FileTree, options: ListingOptions): Generator<ListingEntry> {
  // Whether a directory can be read is known only when the walk goes on, so its line waits until then.
  let waiting: ListingEntry | undefined
  let errors: string[] = []
  const onUnreadable = (error: Error, path: Buffer) => {
    if (!(error instanceof DiskError) || path.length === 0) throw error
    if (waiting) errors.push(error.message)
    else options.onLost(error)
  }
  for (const entry of walk(tree, onUnreadable)) {
    if (waiting) yield withErrors(waiting, errors)
    waiting = listingEntry(entry, options)
    errors = []
  }
  if (waiting) yield withErrors(waiting, errors)
}

/** If many inodes in a directory can't be read, they share one error. */
function withErrors(entry: ListingEntry, errors: readonly string[]): ListingEntry {
  const [first] = errors
  if (first === undefined) return entry
  return { ...entry, error: errors.length === 1 ? first : `${first}; and ${errors.length - 1} more errors in it` }
}
