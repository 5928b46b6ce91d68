import type { Warn } from '../../bytes/errors.ts'
import { memorySource, type Source } from '../../bytes/source.ts'
import { tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { fileKey, type TreeEntry } from '../../disk/filesystem/tree.ts'
import { type TarMember, tarHeader } from './header.ts'
import { type LayerEntry, type LayerPolicy, layerEntries } from './layer-policy.ts'

export interface TarOptions extends LayerPolicy {
  /** In bytes. Default 4 MiB. */
  readonly pieceSize?: number
  /** Returns memory for a piece of exactly `size` bytes, with arbitrary contents. Once the piece is yielded, it belongs to the consumer. */
  allocate(size: number): Uint8Array<ArrayBuffer>
  readonly warn: Warn
}

export interface TarSummary {
  readonly members: number
  /** Size of all files' contents in bytes. */
  readonly contentSize: number
  /** Size of the whole tar in bytes. */
  readonly size: number
  /** The highest owners of its members. An engine whose users have fewer ids can't unpack it. Absent in descriptions of older versions. */
  readonly highestIds?: HighestIds
}

export interface HighestIds {
  readonly uid: number
  readonly gid: number
}

/** In bytes. */
export const defaultPieceSize = 4 << 20

/**
 * Writes a filesystem as a tar in pieces of `pieceSize` bytes; the last one is shorter. The format is POSIX.1-2001 (PAX), and the same
 * entries give the same bytes on every machine. Times are whole seconds, not before 1970. Holes are written out. Of an inode's names, the
 * first in path order has the content, and the others are links to it.
 * @param entries each directory before its contents, no path twice, as `walk` returns them
 * @throws DiskError that names the path of an entry that can't be read, or that a layer can't hold
 */
export function* tarPieces(entries: Iterable<TreeEntry>, options: TarOptions): Generator<Uint8Array<ArrayBuffer>, TarSummary> {
  const { pieceSize = defaultPieceSize, allocate, warn } = options
  const summary = { members: 0, contentSize: 0, size: 0, highestIds: { uid: 0, gid: 0 } }
  let piece: Uint8Array<ArrayBuffer> | undefined
  let used = 0
  for (const part of tarParts(layerEntries(entries, options, warn), summary)) {
    for (let offset = 0; offset < part.size; ) {
      piece ??= allocate(pieceSize)
      const length = Math.min(pieceSize - used, part.size - offset)
      part.read(piece.subarray(used, used + length), offset)
      used += length
      offset += length
      summary.size += length
      if (used < pieceSize) continue
      yield piece
      piece = undefined
      used = 0
    }
  }
  if (piece) yield piece.subarray(0, used)
  return summary
}

const zeros = Buffer.alloc(2 * tarBlockSize)

/** What is counted while the parts are made. */
interface Counted {
  members: number
  contentSize: number
  readonly highestIds: { uid: number; gid: number }
}

/** All parts of the tar, in order. */
function* tarParts(entries: Iterable<LayerEntry>, summary: Counted): Generator<Source> {
  /** By inode. Most files have a single name, and are left out to save memory. */
  const firstNames = new Map<number | string, Buffer>()
  for (const entry of entries) {
    const { path, node } = entry
    const key = fileKey(node)
    const first = firstNames.get(key)
    if (!first && node.type !== 'dir' && node.nlink !== 1) firstNames.set(key, path)
    const member = first ? linkTo(first, entry) : describe(entry)
    summary.members++
    summary.highestIds.uid = Math.max(summary.highestIds.uid, node.uid)
    summary.highestIds.gid = Math.max(summary.highestIds.gid, node.gid)
    yield memorySource(tarHeader(member), 'header')
    if (member.size === 0) continue
    summary.contentSize += member.size
    yield entry.content()
    yield memorySource(zeros.subarray(0, tarPadding(member.size)), 'padding')
  }
  yield memorySource(zeros, 'end')
}

/** A hard link repeats all attributes of its inode: whoever unpacks it sets the owner again, which clears capabilities and setuid. */
function linkTo(first: Buffer, entry: LayerEntry): TarMember {
  return { ...describe(entry), type: 'link', size: 0, linkname: first }
}

function describe({ path, node, type, xattrs, target }: LayerEntry): TarMember {
  return {
    path: type === 'dir' ? Buffer.concat([path, Buffer.from('/')]) : path,
    type,
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    size: type === 'file' ? node.size : 0,
    mtime: Math.max(0, node.mtime.seconds),
    xattrs,
    ...(type === 'symlink' && { linkname: target() }),
    ...(node.rdev && { device: node.rdev }),
  }
}
