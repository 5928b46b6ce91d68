import { fileTypeOf } from '../../../file-type.ts'
import type { DirectoryRecord } from '../../directory/record.ts'
import { blockFieldRange, extentEntrySize, extentMagic, generation, inodeFlags } from '../../inode/layout.ts'
import type { Change, Range } from './log.ts'
import { merged } from './ranges.ts'

/** The changes in the fast commits. They log inodes and names rather than blocks, so the reader looks them up here. */
export interface FastCommits {
  /** The bytes of inode `number`, which has the bytes `raw` on the device; undefined if it didn't change. */
  inode(number: number, raw: Buffer): Buffer | undefined
  /** Sorted ranges that override the file's block map; undefined if it didn't change. */
  ranges(number: number): readonly Range[] | undefined
  /** A directory's names. Those on the device are read only if the directory existed before. */
  names(dir: number, onDevice: Iterable<DirectoryRecord>): Iterable<DirectoryRecord>
}

interface InodeChanges {
  /** As last logged. */
  raw?: Buffer
  /** Whether the number was given to another file in between, which only `i_generation` shows. */
  reused: boolean
  firstGeneration?: number
  ranges: Range[]
  merged?: Range[]
}

interface DirectoryChanges {
  /** Whether the directory didn't exist before. */
  isNew: boolean
  names: { readonly name: Buffer; readonly inode: number; readonly isRemoved: boolean }[]
}

/** Applies the changes in the order of the log, as the replay in fs/ext4/fast_commit.c does. */
export function fastCommits(changes: readonly Change[]): FastCommits {
  const inodes = new Map<number, InodeChanges>()
  const dirs = new Map<number, DirectoryChanges>()
  for (const change of changes) {
    if (change.kind === 'inode') logInode(entry(inodes, change.inode, noInodeChanges), change.raw)
    else if (change.kind === 'range') entry(inodes, change.inode, noInodeChanges).ranges.push(change.range)
    else {
      if (change.kind === 'create') dirs.set(change.inode, { isNew: true, names: [] })
      const { name, inode } = change
      entry(dirs, change.dir, noDirectoryChanges).names.push({ name, inode, isRemoved: change.kind === 'unlink' })
    }
  }
  return {
    inode(number, raw) {
      const logged = inodes.get(number)
      return logged?.raw && patched(raw, logged.raw, logged.reused || logged.firstGeneration !== generation(raw))
    },
    ranges(number) {
      const logged = inodes.get(number)
      if (!logged || logged.ranges.length === 0) return undefined
      logged.merged ??= merged(logged.ranges)
      return logged.merged
    },
    names(dir, onDevice) {
      const logged = dirs.get(dir)
      return logged ? changedNames(logged, onDevice) : onDevice
    },
  }
}

function noInodeChanges(): InodeChanges {
  return { reused: false, ranges: [] }
}

function noDirectoryChanges(): DirectoryChanges {
  return { isNew: false, names: [] }
}

function entry<Value>(map: Map<number, Value>, key: number, make: () => Value): Value {
  const found = map.get(key)
  if (found) return found
  const made = make()
  map.set(key, made)
  return made
}

function logInode(logged: InodeChanges, raw: Buffer): void {
  logged.firstGeneration ??= generation(raw)
  if (logged.raw && generation(logged.raw) !== generation(raw)) {
    logged.reused = true
    logged.ranges = []
  }
  logged.raw = raw
}

function* changedNames({ isNew, names }: DirectoryChanges, onDevice: Iterable<DirectoryRecord>): Generator<DirectoryRecord> {
  const changed = new Map<string, DirectoryRecord | undefined>(names.map(({ name }) => [name.toString('latin1'), undefined]))
  if (!isNew) {
    for (const found of onDevice) {
      const key = found.name.toString('latin1')
      if (changed.has(key)) changed.set(key, found)
      else yield found
    }
  }
  for (const { name, inode, isRemoved } of names) {
    const key = name.toString('latin1')
    const there = changed.get(key)
    if (isRemoved && there?.inode === inode) changed.set(key, undefined)
    if (!isRemoved && !there) changed.set(key, { name, inode })
  }
  for (const found of changed.values()) if (found) yield found
}

/**
 * The inode with the logged fields. The log has ranges for the block map, so the map itself isn't taken from the log: the one on the device
 * stays, unless it belongs to another file that had this number before. Content that is stored in place of a map is taken.
 */
function patched(raw: Buffer, logged: Buffer, isOther: boolean): Buffer {
  const result = isOther ? Buffer.alloc(raw.length) : Buffer.from(raw)
  logged.copy(result, 0, 0, blockFieldRange.start)
  logged.copy(result, blockFieldRange.end, blockFieldRange.end)
  const flags = logged.readUInt32LE(0x20)
  const type = fileTypeOf(logged.readUInt16LE(0))
  if (flags & inodeFlags.inlineData || (type !== 'file' && type !== 'dir' && !(flags & inodeFlags.extents))) {
    logged.copy(result, blockFieldRange.start, blockFieldRange.start, blockFieldRange.end)
  } else if (flags & inodeFlags.extents && result.readUInt16LE(blockFieldRange.start) !== extentMagic) {
    result.fill(0, blockFieldRange.start, blockFieldRange.end)
    result.writeUInt16LE(extentMagic, blockFieldRange.start)
    result.writeUInt16LE((blockFieldRange.end - blockFieldRange.start) / extentEntrySize - 1, blockFieldRange.start + 4)
  }
  return result
}
