import { crc32c } from '../../../../bytes/crc32c.ts'
import { damage } from '../../../../bytes/errors.ts'
import { bytesAt } from '../../../../bytes/source.ts'
import { type Inode, loadInode, modificationTime } from '../inode/inode.ts'
import { inodeFlags } from '../inode/layout.ts'
import { mappedContent } from '../mapping/mapped-content.ts'
import type { ExtReader } from '../reader.ts'
import type { Attribute } from './attribute.ts'

/** The value of an attribute of `owner` that is too large for its block and therefore has an inode of its own (feature `ea_inode`). */
export function attributeInodeValue(reader: ExtReader, owner: Inode, { valueInode, valueSize }: Attribute): Buffer {
  const inode = loadInode(reader, valueInode)
  const at = `inode ${valueInode}`
  if (!(inode.flags & inodeFlags.eaInode) || inode.flags & inodeFlags.inlineData || inode.size !== valueSize) {
    throw damage(reader, at, `it should hold the ${valueSize} bytes of an attribute of inode ${owner.number}, but doesn't`)
  }
  const value = bytesAt(mappedContent(reader, inode), 0, valueSize)
  // The hash is stored in place of the access time. Lustre's older form has no hash, but stores the owner's number as modification time.
  const hash = inode.raw.readUInt32LE(0x8)
  const ofLustre = modificationTime(inode).seconds === owner.number
  if (!ofLustre && crc32c(reader.superblock.checksumSeed, value) !== hash) {
    throw damage(reader, at, 'the hash of the attribute in it is wrong')
  }
  return value
}
