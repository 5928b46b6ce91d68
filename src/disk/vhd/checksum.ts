/** The ones' complement of the sum of all bytes, counting the four bytes of the checksum at `field` as zero. */
export function checksumWithout(bytes: Buffer, field: number): number {
  let sum = 0
  for (const byte of bytes) sum += byte
  for (const byte of bytes.subarray(field, field + 4)) sum -= byte
  return ~sum >>> 0
}
