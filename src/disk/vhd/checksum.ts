/** The ones' complement of the sum of all bytes, the four of the checksum field at `field` counted as zero. */
export function checksumWithout(bytes: Buffer, field: number): number {
  let sum = 0
  for (const byte of bytes) sum += byte
  for (const byte of bytes.subarray(field, field + 4)) sum -= byte
  return ~sum >>> 0
}
