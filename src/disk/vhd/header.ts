import { DiskError, damage, type Warn } from '../../bytes/errors.ts'
import { bytesAt, type Source } from '../../bytes/source.ts'
import { checksumWithout } from './checksum.ts'

/** The header of a dynamic or differencing VHD (specification 1.0, "Dynamic Disk Header Format"). */
export interface Header {
  /** Position of the block allocation table, in bytes. */
  readonly tableOffset: number
  readonly maxTableEntries: number
  /** Bytes of data in a block. */
  readonly blockSize: number
  /** Only for a differencing disk. */
  readonly parentName: string
}

export const headerSize = 1024
const cookie = 'cxsparse'
/** blktap's limit. No other size has been seen with XenServer. */
const maxBlockSize = 1 << 21

/** @throws DiskError if there is no header at `offset`, or it can't be used */
export function readHeader(source: Source, offset: number, warn: Warn): Header {
  const place = `${source.name}, byte ${offset}`
  if (!Number.isSafeInteger(offset)) throw damage(source, 'the footer', 'it has no valid position of the dynamic disk header', 'VHD')
  const bytes = bytesAt(source, offset, headerSize)
  if (bytes.toString('latin1', 0, 8) !== cookie) throw damage(source, offset, `the header of a dynamic VHD ("${cookie}") is missing`, 'VHD')
  if (bytes.readUInt32BE(36) !== checksumWithout(bytes, 36))
    warn(`${place}: the checksum of the VHD header is wrong; its fields are used anyway`)
  const blockSize = bytes.readUInt32BE(32)
  if (blockSize < 512 || blockSize > maxBlockSize || (blockSize & (blockSize - 1)) !== 0) {
    throw new DiskError(
      place,
      `the VHD has blocks of ${blockSize} bytes; only powers of two from 512 to ${maxBlockSize} can be read`,
      'unsupported',
    )
  }
  const tableOffset = Number(bytes.readBigUInt64BE(16))
  if (!Number.isSafeInteger(tableOffset))
    throw damage(source, offset, 'the VHD header has no valid position of the block allocation table', 'VHD')
  return { tableOffset, maxTableEntries: bytes.readUInt32BE(28), blockSize, parentName: parentName(bytes.subarray(64, 576)) }
}

/** UTF-16, big-endian according to the specification. Some programs write little-endian. */
function parentName(field: Buffer): string {
  const bytes = Buffer.from(field)
  if (bytes.readUInt8(0) === 0) bytes.swap16()
  return bytes.toString('utf16le').replace(/\0.*$/su, '')
}
