import { damageAt } from '../../../../bytes/errors.ts'
import type { Inode } from '../inode/inode.ts'
import type { XfsReader } from '../reader.ts'
import { type SelfDescription, verify } from '../self-description.ts'
import type { ForkBlock } from './fork-blocks.ts'

const magic = 'XARM'
const headerSize = 56
const fields: SelfDescription = { checksum: 12, uuid: 16, owner: 32, block: 40 }

/**
 * A value that has blocks of its own, one after the other in the attribute fork. In version 5, each block begins with a header (Linux,
 * fs/xfs/libxfs/xfs_attr_remote.c).
 * @param readBlock reads a block of the attribute fork
 */
export function remoteValue(reader: XfsReader, inode: Inode, first: number, size: number, readBlock: (block: number) => ForkBlock): Buffer {
  const { hasChecksums } = reader.superblock
  const parts: Buffer[] = []
  for (let done = 0, number = first; done < size; number++) {
    const { bytes, fsBlock, place } = readBlock(number)
    const start = hasChecksums ? headerSize : 0
    const length = Math.min(size - done, bytes.length - start)
    if (hasChecksums) {
      verify(reader, bytes, fields, { block: fsBlock, owner: inode.number }, place)
      if (bytes.toString('latin1', 0, 4) !== magic || bytes.readUInt32BE(4) !== done || bytes.readUInt32BE(8) !== length) {
        throw damageAt(place, "it isn't the part of an attribute's value that should be there")
      }
    }
    parts.push(bytes.subarray(start, start + length))
    done += length
  }
  return Buffer.concat(parts)
}
