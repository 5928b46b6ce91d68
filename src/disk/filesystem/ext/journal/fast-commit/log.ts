import { crc32c } from '../../../../../bytes/crc32c.ts'
import { DiskError, type Warn } from '../../../../../bytes/errors.ts'
import { type FileBlock, type FsBlock, fileBlock, fsBlock } from '../../../block-number.ts'
import { maxWrittenExtent } from '../../inode/layout.ts'
import type { Log } from '../log.ts'

/** A change in a fast commit, in terms of inode numbers and blocks of files. */
export type Change =
  | { readonly kind: 'inode'; readonly inode: number; readonly raw: Buffer }
  | { readonly kind: 'range'; readonly inode: number; readonly range: Range }
  | { readonly kind: NameChange; readonly dir: number; readonly inode: number; readonly name: Buffer }

type NameChange = 'create' | 'link' | 'unlink'

/** Blocks of a file: `count` blocks from its block `first` on. */
export interface Range {
  readonly first: FileBlock
  readonly count: number
  /** First block in the filesystem; absent if the blocks read as zeros. */
  readonly start?: FsBlock
}

export interface FastCommitLog {
  readonly commits: number
  readonly changes: readonly Change[]
}

const tag = { addRange: 1, removeRange: 2, create: 3, link: 4, unlink: 5, inode: 6, pad: 7, tail: 8, head: 9 }
const nameChanges = new Map<number, NameChange>([
  [tag.create, 'create'],
  [tag.link, 'link'],
  [tag.unlink, 'unlink'],
])
const tagHeaderSize = 4
/** Far more than fit into the journals that Linux makes. */
const maxChanges = 1_000_000

/**
 * Reads the fast commits that follow transaction `transaction - 1`: little-endian tags, lengths and values, up to a tail with a correct
 * checksum (Linux Documentation/filesystems/ext4/journal.rst, "Fast commits"; e2fsprogs lib/ext2fs/fast_commit.h). Anything after the last
 * valid tail was never finished, or is left from an earlier transaction.
 * @throws DiskError if they use an unknown feature
 */
export function readFastCommits(log: Log, transaction: number, inodeSize: number, warn: Warn): FastCommitLog {
  const { first, end } = log.superblock.fastCommits!
  const changes: Change[] = []
  let commits = 0
  let finished = 0
  let crc = 0
  scan: for (let at = first; at < end; at++) {
    const raw = log.block(at)
    if (at === first && raw.readUInt16LE(0) !== tag.head) break
    for (let offset = 0; offset + tagHeaderSize <= raw.length; ) {
      const kind = raw.readUInt16LE(offset)
      const value = raw.subarray(offset + tagHeaderSize, offset + tagHeaderSize + raw.readUInt16LE(offset + 2))
      if (value.length !== raw.readUInt16LE(offset + 2) || !lengthFits(kind, value.length, inodeSize)) break scan
      if (kind === tag.head) {
        const features = value.readUInt32LE(0)
        if (features !== 0) {
          const what = `the fast commits have features that can't be read: 0x${features.toString(16)}`
          throw new DiskError(`block ${at} of ${log.name}`, what, 'unsupported')
        }
        if (value.readUInt32LE(4) !== transaction) break scan
      }
      const summed = kind === tag.tail ? 4 : value.length
      crc = crc32c(crc, raw.subarray(offset, offset + tagHeaderSize + summed))
      offset += tagHeaderSize + value.length
      if (kind === tag.tail) {
        if (value.readUInt32LE(0) !== transaction || value.readUInt32LE(4) !== crc) break scan
        commits++
        finished = changes.length
        crc = 0
        continue
      }
      const change = readChange(kind, value)
      if (change) changes.push(change)
      if (changes.length > maxChanges) throw log.damage(at, `the fast commits hold more than ${maxChanges} changes`)
    }
  }
  if (commits === 0 && changes.length > 0) warn(`${log.name}: its only fast commit is unfinished or damaged, and is ignored`)
  return { commits, changes: changes.slice(0, finished) }
}

function lengthFits(kind: number, length: number, inodeSize: number): boolean {
  if (kind === tag.addRange) return length === 16
  if (kind === tag.removeRange) return length === 12
  if (nameChanges.has(kind)) return length > 8 && length <= 8 + 255
  if (kind === tag.inode) return length >= 4 + 128 && length <= 4 + inodeSize
  if (kind === tag.tail) return length >= 8
  return kind === tag.head ? length === 8 : kind === tag.pad
}

function readChange(kind: number, value: Buffer): Change | undefined {
  if (kind === tag.inode) return { kind: 'inode', inode: value.readUInt32LE(0), raw: value.subarray(4) }
  if (kind === tag.addRange) return { kind: 'range', inode: value.readUInt32LE(0), range: readExtent(value) }
  if (kind === tag.removeRange) {
    return { kind: 'range', inode: value.readUInt32LE(0), range: { first: fileBlock(value.readUInt32LE(4)), count: value.readUInt32LE(8) } }
  }
  const name = nameChanges.get(kind)
  return name && { kind: name, dir: value.readUInt32LE(0), inode: value.readUInt32LE(4), name: value.subarray(8) }
}

/** Parses an extent as in an inode's tree: a length above 32768 means `length - 32768` blocks that were never written. */
function readExtent(value: Buffer): Range {
  const first = fileBlock(value.readUInt32LE(4))
  const length = value.readUInt16LE(8)
  if (length > maxWrittenExtent) return { first, count: length - maxWrittenExtent }
  return { first, count: length, start: fsBlock(value.readUInt16LE(10) * 2 ** 32 + value.readUInt32LE(12)) }
}
