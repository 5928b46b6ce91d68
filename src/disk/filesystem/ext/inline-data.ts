import { damage } from '../../../bytes/errors.ts'
import type { Inode } from './inode/inode.ts'
import { blockField } from './inode/layout.ts'
import type { ExtReader } from './reader.ts'
import { inodeAttributes } from './xattr/xattr.ts'

/**
 * The content of a file that is stored in its own inode, up to its size, in two parts: the block field, and the inode's attribute
 * `system.data` (Linux, Documentation/filesystems/ext4/inlinedata.rst).
 */
export function inlineData(reader: ExtReader, inode: Inode): [Buffer, Buffer] {
  const first = blockField(inode)
  if (inode.size <= first.length) return [first.subarray(0, inode.size), Buffer.alloc(0)]
  const attribute = inodeAttributes(reader, inode).find(({ index, name }) => index === 7 && name === 'data')
  const rest = inode.size - first.length
  if (attribute?.valueInode !== 0 || attribute.value.length < rest) {
    throw damage(reader, `inode ${inode.number}`, `${rest} bytes of its inline data are missing`)
  }
  return [first, attribute.value.subarray(0, rest)]
}
