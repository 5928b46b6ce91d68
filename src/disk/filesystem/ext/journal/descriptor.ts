import { crc32c } from '../../../../bytes/crc32c.ts'
import { headerSize, tailSize } from './block.ts'
import type { JournalSuperblock } from './superblock.ts'

/** Describes one of the blocks that follow a descriptor in the log. */
export interface Tag {
  /** The filesystem block that it replaces. */
  readonly block: number
  /**
   * Whether the block's first four bytes are the journal's magic. They are zeroed in the log, so that the block isn't taken for one of the
   * journal's own.
   */
  readonly escaped: boolean
  /** Checksum of the block as stored in the log: 16 bits of it in v2, 32 in v3. */
  readonly checksum: number
}

const flag = { escape: 0x1, sameUuid: 0x2, lastTag: 0x8 }
const uuidSize = 16

/** A descriptor block's tags (Linux Documentation/filesystems/ext4/journal.rst, "Descriptor Block"). */
export function* tags(raw: Buffer, superblock: JournalSuperblock): Generator<Tag> {
  const { checksums, has64bit } = superblock
  const size = tagSize(superblock)
  const end = raw.length - (hasBlockChecksums(superblock) ? tailSize : 0)
  for (let at = headerSize; at + size <= end; ) {
    const flags = raw.readUInt16BE(at + 6)
    yield {
      block: raw.readUInt32BE(at) + (has64bit ? raw.readUInt32BE(at + 8) * 2 ** 32 : 0),
      escaped: (flags & flag.escape) !== 0,
      checksum: checksums === 'v3' ? raw.readUInt32BE(at + 12) : raw.readUInt16BE(at + 4),
    }
    if (flags & flag.lastTag) return
    at += size + (flags & flag.sameUuid ? 0 : uuidSize)
  }
}

/** v2 makes a tag two bytes longer without using them; Linux has always written it that way. */
function tagSize({ checksums, has64bit }: JournalSuperblock): number {
  if (checksums === 'v3') return 16
  return 8 + (checksums === 'v2' ? 2 : 0) + (has64bit ? 4 : 0)
}

/** Whether a block of the log matches its tag's checksum (v2 or v3). */
export function dataHolds(data: Buffer, tag: Tag, sequence: number, { checksums, checksumSeed }: JournalSuperblock): boolean {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(sequence)
  const checksum = crc32c(crc32c(checksumSeed, number), data)
  return tag.checksum === (checksums === 'v3' ? checksum : checksum & 0xffff)
}

/** Whether the checksum at the end of a descriptor or revoke block is right. */
export function tailHolds(raw: Buffer, superblock: JournalSuperblock): boolean {
  if (!hasBlockChecksums(superblock)) return true
  const tail = raw.length - tailSize
  const zeroed = Buffer.from(raw).fill(0, tail)
  return raw.readUInt32BE(tail) === crc32c(superblock.checksumSeed, zeroed)
}

/** Whether every block has a checksum: descriptor and revoke blocks at their end, other blocks in their tag. */
export function hasBlockChecksums({ checksums }: JournalSuperblock): boolean {
  return checksums === 'v2' || checksums === 'v3'
}
