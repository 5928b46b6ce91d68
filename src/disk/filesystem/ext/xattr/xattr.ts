import { DiskError } from '../../../../bytes/errors.ts'
import { type FsBlock, fsBlock } from '../../block-number.ts'
import { type Inode, inodePlace } from '../inode/inode.ts'
import { originalSize } from '../inode/layout.ts'
import type { ExtReader } from '../reader.ts'
import type { Superblock } from '../superblock/superblock.ts'
import { userSpaceAcl } from './acl.ts'
import { type Attribute, attributeMagic, readEntries } from './attribute.ts'
import { attributeInodeValue } from './ea-inode.ts'

/** Limit for all values of an inode. Compared with that, names and values outside their own inodes hardly matter. */
const maxValueBytes = 2 ** 20
const aclIndexes = [2, 3]
/**
 * By index. An index that isn't here, such as an encryption context or inline data, belongs to the filesystem itself and isn't listed;
 * Linux does the same.
 */
const prefixes: Readonly<Record<number, string>> = {
  1: 'user.',
  2: 'system.posix_acl_access',
  3: 'system.posix_acl_default',
  4: 'trusted.',
  6: 'security.',
  10: 'gnu.',
}

/**
 * Reads attributes by full name, as getxattr(2) returns them: those in the inode, and those in its attribute block unless the inode has one
 * of the same name (Linux, Documentation/filesystems/ext4/attributes.rst).
 */
export function readAttributes(reader: ExtReader, inode: Inode): Map<string, Buffer> {
  const block = attributeBlockNumber(inode, reader.superblock)
  const stored = [...(block === 0 ? [] : reader.attributeBlock(block)), ...inodeAttributes(reader, inode)]
  const found = new Map<string, Attribute>()
  for (const attribute of stored) {
    const prefix = prefixes[attribute.index]
    if (prefix !== undefined) found.set(prefix + attribute.name, attribute)
  }
  const names = [...found.keys()].sort()
  let total = 0
  for (const { valueSize } of found.values()) total += valueSize
  if (total > maxValueBytes)
    throw new DiskError(
      inodePlace(reader, inode.number),
      `it has ${total} bytes of attributes; the limit is ${maxValueBytes}`,
      'unsupported',
    )
  return new Map(names.map((name) => [name, attributeValue(reader, inode, found.get(name)!)]))
}

function attributeValue(reader: ExtReader, inode: Inode, attribute: Attribute): Buffer {
  const value = attribute.valueInode === 0 ? attribute.value : attributeInodeValue(reader, inode, attribute)
  return aclIndexes.includes(attribute.index) ? userSpaceAcl(value, reader, `inode ${inode.number}`) : value
}

/** The attributes stored in the inode. */
export function inodeAttributes(reader: ExtReader, inode: Inode): Attribute[] {
  const start = originalSize + inode.extraSize
  if (inode.extraSize === 0 || start + 4 > inode.raw.length || inode.raw.readUInt32LE(start) !== attributeMagic) return []
  const area = inode.raw.subarray(start + 4)
  return readEntries(area, 0, reader, `the attributes of inode ${inode.number}`)
}

function attributeBlockNumber({ raw }: Inode, { descriptorSize }: Superblock): FsBlock {
  return fsBlock(raw.readUInt32LE(0x68) + (descriptorSize >= 64 ? raw.readUInt16LE(0x76) * 2 ** 32 : 0))
}
