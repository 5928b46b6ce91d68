import { damageAt } from '../../../../bytes/errors.ts'
import { type Log, logBlockSize, recordMagic } from './log.ts'

/** A record of the log (Linux, fs/xfs/libxfs/xfs_log_format.h, struct xlog_rec_header). */
export interface LogRecord {
  /** The block at which it begins. */
  readonly block: number
  readonly headerBlocks: number
  readonly dataBlocks: number
  readonly operations: number
}

/** 256 KiB, the most that a record may have, and its headers. */
export const maxRecordBlocks = 512 + 8
/** For as many bytes of a record there is a block of header, which has the bytes that cycle numbers replaced. */
const bytesPerHeader = 32 * 1024
const unmountFlag = 0x20

/** The last record that begins before the block `end`, in the ring; undefined if there is none within the length of a record. */
export function recordBefore(log: Log, end: number, limit = log.blocks): LogRecord | undefined {
  const most = Math.min(limit, log.blocks)
  for (let distance = 1; distance <= most; distance += maxRecordBlocks) {
    const count = Math.min(maxRecordBlocks, most - distance + 1)
    const first = (end - distance - count + 1 + 2 * log.blocks) % log.blocks
    const bytes = log.read(first, count)
    for (let index = count - 1; index >= 0; index--) {
      if (bytes.readUInt32BE(index * logBlockSize) === recordMagic) return header(log, (first + index) % log.blocks)
    }
  }
  return undefined
}

function header(log: Log, block: number): LogRecord {
  const bytes = log.read(block, 1)
  const version = bytes.readUInt32BE(8)
  const length = bytes.readUInt32BE(12)
  const size = bytes.readUInt32BE(320)
  if (length > 2 * 256 * 1024) throw damageAt(log.name, `a record of the XFS log has the impossible length ${length}`)
  return {
    block,
    headerBlocks: version & 2 ? Math.min(8, Math.max(1, Math.ceil(size / bytesPerHeader))) : 1,
    dataBlocks: Math.ceil(length / logBlockSize),
    operations: bytes.readUInt32BE(40),
  }
}

/** The block after a record, in the ring. */
export function endOf(log: Log, { block, headerBlocks, dataBlocks }: LogRecord): number {
  return (block + headerBlocks + dataBlocks) % log.blocks
}

/** Whether a record is complete, and says that the filesystem was unmounted, and nothing else. */
export function isUnmount(log: Log, record: LogRecord): boolean {
  const data = log.read((record.block + record.headerBlocks) % log.blocks, 1)
  return record.operations === 1 && (data.readUInt8(9) & unmountFlag) !== 0
}
