import { crc32c, crc32cOfU32 } from '../../../../bytes/crc32c.ts'
import { damage } from '../../../../bytes/errors.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import { pathText } from '../../../../bytes/text.ts'
import type { FsBlock } from '../../block-number.ts'
import type { Superblock } from '../superblock/superblock.ts'

/** An extended attribute in its stored form. */
export interface Attribute {
  /** Stands for the prefix of the name. */
  readonly index: number
  readonly name: string
  /** Empty if the value has an inode of its own. */
  readonly value: Buffer
  /** Number of the inode that holds the value; 0 if there is none. */
  readonly valueInode: number
  readonly valueSize: number
}

/** Starts an attribute block, and the space for attributes in an inode. */
export const attributeMagic = 0xea020000
const entryHeader = 16
const blockHeader = 32
/** Linux's XATTR_SIZE_MAX. */
const maxValueSize = 65536

/** The attributes in a block, which several inodes may share. */
export function readAttributeBlock(device: Source, superblock: Superblock, block: FsBlock): Attribute[] {
  const { blockSize, blocksCount, firstDataBlock } = superblock
  const place = `attribute block ${block}`
  if (block <= firstDataBlock || block >= blocksCount) throw damage(device, place, 'it is outside the filesystem')
  const raw = bytesAt(device, block * blockSize, blockSize)
  if (raw.readUInt32LE(0) !== attributeMagic || raw.readUInt32LE(8) !== 1) {
    throw damage(device, place, 'it has no attribute header')
  }
  if (superblock.hasChecksums) {
    const stored = raw.readUInt32LE(16)
    raw.writeUInt32LE(0, 16)
    const seed = crc32cOfU32(crc32cOfU32(superblock.checksumSeed, block % 2 ** 32), Math.floor(block / 2 ** 32))
    if (crc32c(seed, raw) !== stored) throw damage(device, place, 'its checksum is wrong')
  }
  return readEntries(raw, blockHeader, device, place)
}

/**
 * Entries follow each other from `first` on, until four zero bytes. Values come after the entries, at offsets from the start of `area`.
 * @param place what `area` is, as for `damage` in bytes/errors.ts
 */
export function readEntries(area: Buffer, first: number, source: { readonly name: string }, place: string): Attribute[] {
  const found: Attribute[] = []
  const damaged = () => damage(source, place, `the entry at byte ${at} is invalid`)
  let at = first
  for (; ; at += (entryHeader + area.readUInt8(at) + 3) & ~3) {
    if (at + 4 > area.length) throw damaged()
    if (area.readUInt32LE(at) === 0) break
    const nameEnd = at + entryHeader + area.readUInt8(at)
    if (nameEnd > area.length) throw damaged()
    const name = area.subarray(at + entryHeader, nameEnd)
    const offset = area.readUInt16LE(at + 2)
    const valueInode = area.readUInt32LE(at + 4)
    const valueSize = area.readUInt32LE(at + 8)
    const stored = valueInode === 0 ? valueSize : 0
    if (name.includes(0) || valueSize > maxValueSize || (stored > 0 && offset + stored > area.length)) throw damaged()
    found.push({
      index: area.readUInt8(at + 1),
      name: pathText(name),
      value: stored === 0 ? Buffer.alloc(0) : Buffer.from(area.subarray(offset, offset + stored)),
      valueInode,
      valueSize,
    })
  }
  return found
}
