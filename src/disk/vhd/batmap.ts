import type { Warn } from '../../bytes/errors.ts'
import { peek } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'
import type { Footer } from './footer.ts'
import type { Header } from './header.ts'

/** One bit per block, set if all of its sectors are in use, so that its bitmap isn't needed. blktap added this to the format. */
export interface Batmap {
  /** Range of its header and bits, in bytes. */
  readonly start: number
  readonly end: number
  isFull(block: number): boolean
}

const cookie = 'tdbatmap'
/** 2040 GiB in blocks of 512 bytes. */
const maxBytes = 1 << 21

/**
 * Reads the batmap after the block allocation table, if the program that wrote the VHD makes one. Returns undefined if there is none, or it
 * can't be trusted.
 */
export function readBatmap(source: Source, footer: Footer, header: Header, warn: Warn): Batmap | undefined {
  const { major, minor } = footer.creatorVersion
  if (footer.creator !== 'tap' || major * 65536 + minor < 65537) return undefined
  const start = header.tableOffset + Math.ceil((header.maxTableEntries * 4) / 512) * 512
  const distrust = (why: string) => {
    warn(`${source.name}, byte ${start}: ${why}; the batmap of the VHD is ignored, and only the bitmaps of its blocks are used`)
    return undefined
  }
  const fields = peek(source, start, 512)
  // Version 1.1 may have none, if the file was made from an older one.
  if (fields?.toString('latin1', 0, 8) !== cookie) return minor === 1 && major === 1 ? undefined : distrust(`"${cookie}" is missing`)
  const offset = Number(fields.readBigUInt64BE(8))
  const size = fields.readUInt32BE(16) * 512
  const blocks = Math.ceil(footer.currentSize / header.blockSize)
  if (!Number.isSafeInteger(offset) || size > maxBytes || size * 8 < blocks) return distrust(`its size of ${size} bytes is impossible`)
  const bits = peek(source, offset, size)
  if (!bits) return distrust('it lies past the end of the file')
  if (fields.readUInt32BE(24) !== checksum(bits, fields.readUInt32BE(20) === 0x10001)) return distrust('its checksum is wrong')
  return {
    start: Math.min(start, offset),
    end: Math.max(start + 512, offset + size),
    isFull: (block) => (bits.readUInt8(block >>> 3) & (0x80 >>> (block & 7))) !== 0,
  }
}

/** The ones' complement of the sum of the bytes, which version 1.1 of the batmap treats as signed. */
function checksum(bits: Buffer, signed: boolean): number {
  let sum = 0
  for (const byte of bits) sum += signed && byte > 127 ? byte - 256 : byte
  return ~sum >>> 0
}
