import { sha256OfSource } from '../../bytes/digest.ts'
import { DiskError } from '../../bytes/errors.ts'
import { pathText } from '../../bytes/text.ts'
import type { FileType } from './file-type.ts'
import type { Time, TreeEntry } from './tree.ts'

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

/** Formats an entry. What can't be read is left out, and `error` is set to the reason. */
export function listingEntry({ path, node }: TreeEntry, options: { sha256: boolean }): ListingEntry {
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

function timeText({ seconds, nanoseconds }: Time): string {
  return `${seconds}.${String(nanoseconds).padStart(9, '0')}`
}
