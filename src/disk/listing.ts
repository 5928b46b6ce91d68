import { createHash } from 'node:crypto'
import { pieces } from './source.ts'
import { pathText } from './text.ts'
import type { Entry, NodeType, Time } from './tree.ts'

/** An entry of a filesystem as `xenserver-ddk list` prints it: one JSON object a line. */
export interface Listed {
  /** From the root, without a leading slash; bytes that aren't UTF-8 as lone surrogates U+DC80 to U+DCFF. */
  path: string
  type: NodeType
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

/** @throws DiskError if its target, its attributes, or (with `sha256`) its content can't be read */
export function listed({ path, node }: Entry, options: { sha256: boolean }): Listed {
  const xattrs = [...node.xattrs()]
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
    ...(node.type === 'file' && options.sha256 && { sha256: contentHash(node) }),
    ...(node.type === 'symlink' && { target: pathText(node.target()) }),
    ...(node.rdev && { rdev: `${node.rdev.major}:${node.rdev.minor}` }),
    ...(xattrs.length > 0 && { xattrs: Object.fromEntries(xattrs.map(([name, value]) => [name, value.toString('hex')])) }),
  }
}

function contentHash(node: Entry['node']): string {
  const hash = createHash('sha256')
  for (const piece of pieces(node.content())) hash.update(piece)
  return hash.digest('hex')
}

function timeText({ seconds, nanoseconds }: Time): string {
  return `${seconds}.${String(nanoseconds).padStart(9, '0')}`
}
