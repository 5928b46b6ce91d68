/**
 * CRC-32C (Castagnoli) as ext uses it: the raw register, inverted neither before nor after (XFS inverts the result). The initial seed is
 * 0xffffffff. It processes
 * eight bytes per step with eight tables ("slicing by 8"), because every inode and directory block goes through it.
 */
export function crc32c(seed: number, bytes: Uint8Array): number {
  let crc = seed | 0
  const length = bytes.length
  let at = 0
  for (const last = length - 8; at <= last; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      table[0x700 | (crc & 0xff)]! ^
      table[0x600 | ((crc >>> 8) & 0xff)]! ^
      table[0x500 | ((crc >>> 16) & 0xff)]! ^
      table[0x400 | (crc >>> 24)]! ^
      table[0x300 | bytes[at + 4]!]! ^
      table[0x200 | bytes[at + 5]!]! ^
      table[0x100 | bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!
  }
  for (; at < length; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return crc >>> 0
}

/** CRC-32C of the four bytes of a little-endian number. */
export function crc32cOfU32(seed: number, value: number): number {
  const crc = seed ^ value
  return (
    (table[0x300 | (crc & 0xff)]! ^ table[0x200 | ((crc >>> 8) & 0xff)]! ^ table[0x100 | ((crc >>> 16) & 0xff)]! ^ table[crc >>> 24]!) >>> 0
  )
}

/** `table[256 * n + byte]` is the effect of a byte on the register after n more bytes. */
const table = makeTable()

function makeTable(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
    made[byte] = crc
  }
  for (let index = 256; index < made.length; index++) {
    const before = made[index - 256]!
    made[index] = made[before & 0xff]! ^ (before >>> 8)
  }
  return made
}
