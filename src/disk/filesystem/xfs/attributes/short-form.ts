import { damage } from '../../../../bytes/errors.ts'
import type { Fork } from '../inode/fork.ts'
import type { Inode } from '../inode/inode.ts'
import type { XfsReader } from '../reader.ts'
import type { Attribute } from './attribute.ts'

const header = 4
/** The lengths of the name and of the value, and the flags. */
const entryHeader = 3

/** Attributes that are in the inode. */
export function shortFormAttributes(reader: XfsReader, inode: Inode, { bytes }: Fork): Attribute[] {
  const damaged = (at: number) =>
    damage(reader, `inode ${inode.number}`, `the attribute at byte ${at} of those in it has an impossible length`)
  const size = bytes.length < header ? 0 : bytes.readUInt16BE(0)
  if (size < header || size > bytes.length)
    throw damage(reader, `inode ${inode.number}`, `the attributes in it have the impossible size of ${size} bytes`)
  const found: Attribute[] = []
  let at = header
  for (let count = bytes.readUInt8(2); count > 0; count--) {
    if (at + entryHeader > size) throw damaged(at)
    const nameEnd = at + entryHeader + bytes.readUInt8(at)
    const valueSize = bytes.readUInt8(at + 1)
    if (nameEnd + valueSize > size) throw damaged(at)
    found.push({
      flags: bytes.readUInt8(at + 2),
      name: bytes.subarray(at + entryHeader, nameEnd),
      valueSize,
      value: bytes.subarray(nameEnd, nameEnd + valueSize),
    })
    at = nameEnd + valueSize
  }
  return found
}
