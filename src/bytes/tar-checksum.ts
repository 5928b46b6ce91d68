/** Position of a tar header's checksum: octal digits, surrounded by spaces or a NUL. */
const field = { start: 148, end: 156 }

/**
 * The sum of a tar header's bytes, counting those of the checksum's own field as spaces (POSIX.1-2017, pax, "ustar Interchange Format").
 */
export function tarChecksum(header: Uint8Array): number {
  let sum = 0
  for (const [index, byte] of header.entries()) sum += index < field.start || index >= field.end ? byte : 0x20
  return sum
}

/** Whether a block of 512 bytes has a valid tar header checksum. */
export function hasTarChecksum(header: Buffer): boolean {
  const stored = /^[\0 ]*([0-7]+)(?:[\0 ]|$)/.exec(header.toString('latin1', field.start, field.end))?.[1]
  return stored !== undefined && Number.parseInt(stored, 8) === tarChecksum(header)
}
