import { bytesAt, type Source } from '../../bytes/source.ts'
import type { BlockMap } from './block-map.ts'
import type { Footer } from './footer.ts'

/** Which sectors of an allocated block are in use. Most blocks use all of them, so that is remembered in one byte. */
export interface Bitmaps {
  /** One bit per sector, with the first sector in the highest bit of the first byte; or `full`. */
  of(block: number): Buffer | 'full'
}

/** Two megabytes of bitmaps for blocks of the usual size. */
const maxKept = 4096

export function bitmapReader(source: Source, map: BlockMap, footer: Footer): Bitmaps {
  const knownFull = new Uint8Array(map.count)
  const kept = new Map<number, Buffer>()
  // tapdisk 0.1 stored words in native byte order, on little-endian machines (blktap, vhd-update.c).
  const littleEndian = footer.creator === 'tap' && footer.creatorVersion.major === 0 && footer.creatorVersion.minor === 1
  const sectors = map.blockSize / 512
  return {
    of(block) {
      if (knownFull[block]) return 'full'
      const known = kept.get(block)
      if (known) return known
      const bitmap = map.isFull(block) ? undefined : bytesAt(source, map.place(block)!, Math.ceil(sectors / 8))
      if (bitmap && littleEndian) for (const [index, byte] of bitmap.entries()) bitmap.writeUInt8(reversed(byte), index)
      if (!bitmap || isFull(bitmap, sectors)) {
        knownFull[block] = 1
        return 'full'
      }
      if (kept.size >= maxKept) kept.delete(kept.keys().next().value!)
      kept.set(block, bitmap)
      return bitmap
    },
  }
}

export function bit(bitmap: Buffer, sector: number): boolean {
  return (bitmap.readUInt8(sector >>> 3) & (0x80 >>> (sector & 7))) !== 0
}

function isFull(bitmap: Buffer, sectors: number): boolean {
  const wholeBytes = sectors >>> 3
  for (let index = 0; index < wholeBytes; index++) if (bitmap[index] !== 0xff) return false
  for (let sector = wholeBytes * 8; sector < sectors; sector++) if (!bit(bitmap, sector)) return false
  return true
}

function reversed(byte: number): number {
  let result = 0
  for (let index = 0; index < 8; index++) result |= ((byte >>> index) & 1) << (7 - index)
  return result
}
