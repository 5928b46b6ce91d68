import { crc32 } from 'node:zlib'

const seed = 0xf597a6cf

/**
 * LVM's checksum of labels, headers and metadata: CRC-32 with a seed of its own and no inversion at either end (calc_crc in lib/misc/crc.c
 * of LVM2). zlib inverts at both ends, which is undone here.
 */
export function lvmChecksum(bytes: Uint8Array): number {
  return ~crc32(bytes, ~seed >>> 0) >>> 0
}
