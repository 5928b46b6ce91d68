import { damage } from '../../../../bytes/errors.ts'
import { u64 } from '../bytes.ts'
import type { Fork } from '../inode/fork.ts'
import type { Inode } from '../inode/inode.ts'
import type { XfsReader } from '../reader.ts'
import type { DirectoryRecord } from './record.ts'

/** Number of entries, and number of those whose inode number needs 8 bytes: if there is one, all numbers have 8 bytes. */
const countsSize = 2
/** The length of the name, and the position that the entry would have in a block. */
const entryHeader = 3

/** The entries of a directory that is in its inode. There is no `.`; the parent's number comes first. */
export function* shortFormRecords(reader: XfsReader, inode: Inode, fork: Fork): Generator<DirectoryRecord> {
  const damaged = (what: string) => damage(reader, `inode ${inode.number}`, what)
  const { size } = inode
  if (size > fork.bytes.length || size < countsSize + 4) throw damaged(`the directory in it has the impossible size of ${size} bytes`)
  const area = fork.bytes.subarray(0, size)
  const numberSize = area.readUInt8(1) > 0 ? 8 : 4
  const count = Math.max(area.readUInt8(0), area.readUInt8(1))
  const typeSize = reader.superblock.hasFileTypes ? 1 : 0
  let at = countsSize + numberSize
  for (let index = 0; index < count; index++) {
    const nameEnd = at >= size ? size : at + entryHeader + area.readUInt8(at)
    const end = nameEnd + typeSize + numberSize
    if (end > size || nameEnd === at + entryHeader) throw damaged(`the entry at byte ${at} of the directory in it has an impossible length`)
    const numberAt = nameEnd + typeSize
    yield {
      name: Buffer.from(area.subarray(at + entryHeader, nameEnd)),
      inode: numberSize === 8 ? u64(area, numberAt) : area.readUInt32BE(numberAt),
    }
    at = end
  }
  if (at !== size) throw damaged(`the directory in it has ${count} entries, but ${size - at} bytes more`)
}
