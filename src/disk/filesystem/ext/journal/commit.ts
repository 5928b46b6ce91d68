import { crc32c } from '../../../../bytes/crc32c.ts'
import type { JournalSuperblock } from './superblock.ts'

const field = { type: 12, size: 13, checksum: 16, seconds: 48 }
const headerEnd = 60
const crc32Type = 1
const crc32Size = 4

/**
 * Whether a commit block's checksum is right (Linux Documentation/filesystems/ext4/journal.rst, "Commit Block"). `transactionCrc` is the
 * CRC-32 of the transaction's descriptors and data, which v1 stores here.
 */
export function commitHolds(raw: Buffer, transactionCrc: number, { checksums, checksumSeed }: JournalSuperblock): boolean {
  const found = raw.readUInt32BE(field.checksum)
  if (checksums === 'v1') {
    const unused = raw[field.type] === 0 && raw[field.size] === 0 && found === 0
    return unused || (raw[field.type] === crc32Type && raw[field.size] === crc32Size && found === transactionCrc)
  }
  if (checksums === 'none') return true
  // The header is within one sector and is therefore written atomically. The zeros after it may not have been written; Linux accepts that
  // as a commit as well.
  return [raw, Buffer.alloc(raw.length).fill(raw.subarray(0, headerEnd), 0, headerEnd)].some((block) => {
    const zeroed = Buffer.from(block)
    zeroed.writeUInt32BE(0, field.checksum)
    return found === crc32c(checksumSeed, zeroed)
  })
}

/**
 * When the transaction was committed, in seconds since 1970. Within a log it never decreases, but blocks left from an older log may be
 * older.
 */
export function commitTime(raw: Buffer): bigint {
  return raw.readBigUInt64BE(field.seconds)
}
