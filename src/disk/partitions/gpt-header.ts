import { crc32 } from 'node:zlib'
import { hasText, peek } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'

/** A GPT header with a correct checksum (UEFI specification 5.3.2), and its array of entries. */
export interface Gpt {
  readonly sectorSize: number
  /** Sector of the other header. */
  readonly alternate: number
  readonly diskGuid: string
  readonly entrySize: number
  readonly array: Buffer
}

/** Logical sectors have 512 bytes, or 4096 on 4Kn disks. */
export const gptSectorSizes: readonly number[] = [512, 4096]

const signature = 'EFI PART'
const maxEntries = 1024

export function hasGptSignature(disk: Source, sectorSize: number): boolean {
  return hasText(disk, sectorSize, signature)
}

/** Reads the GPT whose header is in the given sector. Returns a sentence if it is damaged, and undefined if there is none. */
export function readGptAt(disk: Source, sectorSize: number, sector: number): Gpt | string | undefined {
  if (!Number.isSafeInteger(sector * sectorSize)) return undefined
  const header = peek(disk, sector * sectorSize, sectorSize)
  if (!header || header.toString('latin1', 0, 8) !== signature) return undefined
  const size = header.readUInt32LE(12)
  if (size < 92 || size > sectorSize) return `its size is ${size}`
  if (header.readUInt32LE(16) !== headerChecksum(header.subarray(0, size))) return 'its checksum is wrong'
  if (Number(header.readBigUInt64LE(24)) !== sector) return 'it belongs to another sector'
  const arraySector = Number(header.readBigUInt64LE(72))
  const count = header.readUInt32LE(80)
  const entrySize = header.readUInt32LE(84)
  if (count > maxEntries || entrySize < 128 || entrySize > 4096 || (entrySize & (entrySize - 1)) !== 0) {
    return `it has ${count} entries of ${entrySize} bytes`
  }
  if (!Number.isSafeInteger(arraySector * sectorSize)) return `its entries are in sector ${arraySector}`
  const array = peek(disk, arraySector * sectorSize, count * entrySize)
  if (!array) return 'its entries lie past the end of the disk'
  if (header.readUInt32LE(88) !== crc32(array)) return 'the checksum of its entries is wrong'
  return { sectorSize, alternate: Number(header.readBigUInt64LE(32)), diskGuid: guid(header, 56), entrySize, array }
}

function headerChecksum(header: Buffer): number {
  const zeroed = Buffer.from(header)
  zeroed.writeUInt32LE(0, 16)
  return crc32(zeroed)
}

/** The first three fields are little-endian (UEFI specification, appendix A). */
export function guid(bytes: Buffer, at: number): string {
  const hex = (from: number, to: number) => bytes.toString('hex', at + from, at + to)
  const little = (from: number, length: number) =>
    bytes
      .readUIntLE(at + from, length)
      .toString(16)
      .padStart(length * 2, '0')
  return [little(0, 4), little(4, 2), little(6, 2), hex(8, 10), hex(10, 16)].join('-').toUpperCase()
}
