import { crc32c } from '../../../../bytes/crc32c.ts'
import type { JournalSuperblock } from './superblock.ts'

const field = { type: 12, size: 13, checksum: 16, seconds: 48 }
const headerEnd = 60
const crc32Type = 1
const crc32Size = 4

/**
 * Whether a commit block's checksum holds (Linux Documentation/filesystems/ext4/journal.rst, "Commit Block").
 * `transactionCrc` is the CRC-32 of the transaction's descriptors and data, which v1 keeps here.
 */
export function commitHolds(raw: Buffer, transactionCrc: number, { checksums, checksumSeed }: JournalSuperblock): boolean {
  const found = raw.readUInt32BE(field.checksum)
  if (checksums === 'v1') {
    const unused = raw[field.type] === 0 && raw[field.size] === 0 && found === 0
    return unused || (raw[field.type] === crc32Type && raw[field.size] === crc32Size && found === transactionCrc)
  }
  if (checksums === 'none') return true
  // The header is in one sector and so written at once, while what follows it, zeros, may not have been: Linux takes that for a commit as well.
  return [raw, Buffer.alloc(raw.length).fill(raw.subarray(0, headerEnd), 0, headerEnd)].some((block) => {
    const zeroed = Buffer.from(block)
    zeroed.writeUInt32BE(0, field.checksum)
    return found === crc32c(checksumSeed, zeroed)
  })
}

/** When the transaction was committed, in seconds since 1970; a log never goes back in time, but what is left of an older one may. */
export function commitTime(raw: Buffer): bigint {
  return raw.readBigUInt64BE(field.seconds)
}
