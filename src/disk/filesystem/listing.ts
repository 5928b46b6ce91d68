import { sha256OfSource } from '../../bytes/digest.ts'
import { DiskError } from '../../bytes/errors.ts'
import { pathText } from '../../bytes/text.ts'
import type { FileType } from './file-type.ts'
import { type FileTree, type Time, type TreeEntry, walk } from './tree.ts'

/** An entry of a filesystem as `xenserver-ddk list` prints it: one JSON object per line. */
export interface ListingEntry {
  /** From the root, without a leading slash. Bytes that aren't UTF-8 become lone surrogates U+DC80 to U+DCFF. */
  path: string
  type: FileType
  /** Permission bits in octal, at least four digits. */
  mode: string
  uid: number
  gid: number
  nlink: number
  ino: number
  /** `seconds.nanoseconds`, with nine digits of nanoseconds. */
  mtime: string
  /** Size of a file in bytes. */
  size?: number
  /** SHA-256 of a file in hexadecimal, if requested. */
  sha256?: string
  target?: string
  /** Of a device, `major:minor`. */
  rdev?: string
  /** Values in hexadecimal, by name. */
  xattrs?: Record<string, string>
  /** Why the content, or what is in the directory, can't be read. */
  error?: string
}

/** Leaves out what can't be read, and sets `error` to the reason. */
export function listed({ path, node }: TreeEntry, options: { sha256: boolean }): ListingEntry {
  const errors: string[] = []
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      errors.push(error.message)
      return undefined
    }
  }
  const target = node.type === 'symlink' ? attempt(() => node.target()) : undefined
  const xattrs = attempt(() => [...node.xattrs()]) ?? []
  const sha256 = node.type === 'file' && options.sha256 ? attempt(() => sha256OfSource(node.content())) : undefined
  return {
    path: pathText(path),
    type: node.type,
    mode: node.mode.toString(8).padStart(4, '0'),
    uid: node.uid,
    gid: node.gid,
    nlink: Math.max(1, node.nlink),
    ino: node.ino,
    mtime: timeText(node.mtime),
    ...(node.type === 'file' && { size: node.size }),
    ...(sha256 !== undefined && { sha256 }),
    ...(target && { target: pathText(target) }),
    ...(node.rdev && { rdev: `${node.rdev.major}:${node.rdev.minor}` }),
    ...(xattrs.length > 0 && { xattrs: Object.fromEntries(xattrs.map(([name, value]) => [name, value.toString('hex')])) }),
    ...(errors.length > 0 && { error: errors.join('; ') }),
  }
}

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
    waiting = listed(entry, options)
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

function timeText({ seconds, nanoseconds }: Time): string {
  return `${seconds}.${String(nanoseconds).padStart(9, '0')}`
}
