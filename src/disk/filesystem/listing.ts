import { sha256OfSource } from '../../bytes/digest.ts'
import { DiskError } from '../../bytes/errors.ts'
import { pathText } from '../../bytes/text.ts'
import type { FileType } from './file-type.ts'
import { type FileTree, type Time, type TreeEntry, walk } from './tree.ts'

/** An entry of a filesystem as `xenserver-ddk list` prints it: one JSON object a line. */
export interface ListingEntry {
  /** From the root, without a leading slash; bytes that aren't UTF-8 as lone surrogates U+DC80 to U+DCFF. */
  path: string
  type: FileType
  /** Permission bits in octal, at least four digits. */
  mode: string
  uid: number
  gid: number
  nlink: number
  ino: number
  /** `seconds.nanoseconds`, the latter in nine digits. */
  mtime: string
  /** Of a file, in bytes. */
  size?: number
  /** Of a file, in hexadecimal; if asked for. */
  sha256?: string
  target?: string
  /** Of a device, `major:minor`. */
  rdev?: string
  /** Name to value in hexadecimal. */
  xattrs?: Record<string, string>
  /** Why the content, or what is below the directory, can't be read. */
  error?: string
}

/** What can't be read of an entry is left out, and `error` says why. */
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
    nlink: node.nlink,
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

/**
 * All entries below the root, in path order.
 * @throws DiskError after the last one, if the root itself, or the inode of something in it, couldn't be read
 */
export function* listTree(tree: FileTree, options: { sha256: boolean }): Generator<ListingEntry> {
  // Whether a directory can be read is known when the walk goes on, so its line waits until then.
  let waiting: ListingEntry | undefined
  let errors: string[] = []
  const rootErrors: DiskError[] = []
  const onUnreadable = (error: Error) => {
    if (!(error instanceof DiskError)) throw error
    if (waiting) errors.push(error.message)
    else rootErrors.push(error)
  }
  for (const entry of walk(tree, onUnreadable)) {
    if (waiting) yield withErrors(waiting, errors)
    waiting = listed(entry, options)
    errors = []
  }
  if (waiting) yield withErrors(waiting, errors)
  if (rootErrors[0]) throw rootErrors[0]
}

/** A directory full of unreadable inodes has one error for all of them. */
function withErrors(entry: ListingEntry, errors: readonly string[]): ListingEntry {
  const [first] = errors
  if (first === undefined) return entry
  return { ...entry, error: errors.length === 1 ? first : `${first}; and ${errors.length - 1} more errors in it` }
}

function timeText({ seconds, nanoseconds }: Time): string {
  return `${seconds}.${String(nanoseconds).padStart(9, '0')}`
}
