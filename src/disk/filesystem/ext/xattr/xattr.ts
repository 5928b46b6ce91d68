import { crc32c, crc32cOfU32 } from '../../../../bytes/crc32c.ts'
import { DiskError } from '../../../../bytes/errors.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import { pathText } from '../../../../bytes/text.ts'
import { type Inode, inodePlace, originalSize } from '../inode/inode.ts'
import type { Superblock } from '../superblock/superblock.ts'
import type { Volume } from '../volume.ts'
import { userSpaceAcl } from './acl.ts'
import { attributeInodeValue } from './ea-inode.ts'

/** An extended attribute as it is stored. */
export interface Attribute {
  /** Stands for the beginning of the name, up to its first dot. */
  readonly index: number
  readonly name: string
  /** Empty if it is in an inode of its own. */
  readonly value: Buffer
  /** Number of the inode that holds the value; 0 if none does. */
  readonly valueInode: number
  readonly valueSize: number
}

const magic = 0xea020000
const entryHeader = 16
const blockHeader = 32
/** Linux's XATTR_SIZE_MAX. */
const largestValue = 65536
/** Of all of an inode's values; the names, and what isn't in inodes of its own, hardly count. */
const mostValueBytes = 2 ** 20
const aclIndexes = [2, 3]
/** By index. What isn't here, such as an encryption context or inline data, is the filesystem's own and not listed, as in Linux. */
const prefixes: Readonly<Record<number, string>> = {
  1: 'user.',
  2: 'system.posix_acl_access',
  3: 'system.posix_acl_default',
  4: 'trusted.',
  6: 'security.',
  10: 'gnu.',
}

/**
 * By full name, as getxattr(2) gives them: those in the inode, and those in its attribute block whose names the inode doesn't have
 * (Linux, Documentation/filesystems/ext4/attributes.rst).
 */
export function readAttributes(volume: Volume, inode: Inode): Map<string, Buffer> {
  const block = attributeBlockNumber(inode, volume.superblock)
  const stored = [...(block === 0 ? [] : volume.attributeBlock(block)), ...inodeAttributes(volume, inode)]
  const found = new Map<string, Attribute>()
  for (const attribute of stored) {
    const prefix = prefixes[attribute.index]
    if (prefix !== undefined) found.set(prefix + attribute.name, attribute)
  }
  const names = [...found.keys()].sort()
  let total = 0
  for (const { valueSize } of found.values()) total += valueSize
  if (total > mostValueBytes)
    throw new DiskError(inodePlace(volume, inode.number), `it has ${total} bytes of attributes; ${mostValueBytes} is the most`)
  return new Map(names.map((name) => [name, attributeValue(volume, inode, found.get(name)!)]))
}

function attributeValue(volume: Volume, inode: Inode, attribute: Attribute): Buffer {
  const value = attribute.valueInode === 0 ? attribute.value : attributeInodeValue(volume, inode, attribute)
  return aclIndexes.includes(attribute.index) ? userSpaceAcl(value, inodePlace(volume, inode.number)) : value
}

/** The attributes within the inode. */
export function inodeAttributes(volume: Volume, inode: Inode): Attribute[] {
  const start = originalSize + inode.extraSize
  if (inode.extraSize === 0 || start + 4 > inode.raw.length || inode.raw.readUInt32LE(start) !== magic) return []
  const area = inode.raw.subarray(start + 4)
  return readEntries(area, 0, `the attributes of ${inodePlace(volume, inode.number)}`)
}

function attributeBlockNumber({ raw }: Inode, { descriptorSize }: Superblock): number {
  return raw.readUInt32LE(0x68) + (descriptorSize >= 64 ? raw.readUInt16LE(0x76) * 2 ** 32 : 0)
}

/** The attributes in a block, which several inodes may share. */
export function readAttributeBlock(device: Source, superblock: Superblock, block: number): Attribute[] {
  const { blockSize, blocksCount, firstDataBlock } = superblock
  const place = `attribute block ${block} of ${device.name}`
  if (block <= firstDataBlock || block >= blocksCount) throw new DiskError(place, 'it is outside the filesystem, which is damaged')
  const raw = bytesAt(device, block * blockSize, blockSize)
  if (raw.readUInt32LE(0) !== magic || raw.readUInt32LE(8) !== 1) {
    throw new DiskError(place, 'it has no header of attributes; the filesystem is damaged')
  }
  if (superblock.hasChecksums) {
    const stored = raw.readUInt32LE(16)
    raw.writeUInt32LE(0, 16)
    const seed = crc32cOfU32(crc32cOfU32(superblock.checksumSeed, block % 2 ** 32), Math.floor(block / 2 ** 32))
    if (crc32c(seed, raw) !== stored) throw new DiskError(place, 'its checksum is wrong; the filesystem is damaged')
  }
  return readEntries(raw, blockHeader, place)
}

/** Entries follow each other from `first` on, up to four zero bytes; values lie behind them, at offsets from the start of `area`. */
function readEntries(area: Buffer, first: number, place: string): Attribute[] {
  const found: Attribute[] = []
  const damaged = () => new DiskError(place, `the entry at byte ${at} is damaged`)
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
    if (name.includes(0) || valueSize > largestValue || (stored > 0 && offset + stored > area.length)) throw damaged()
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
