/** Size of a tar's blocks: a header is one block, and contents are padded to whole blocks. */
export const tarBlockSize = 512

/** Number of zero bytes after `size` bytes of content, up to the next whole block. */
export function tarPadding(size: number): number {
  return (tarBlockSize - (size % tarBlockSize)) % tarBlockSize
}

/** Position of a tar header's checksum: octal digits, surrounded by spaces or a NUL. */
const field = { start: 148, end: 156 }

/**
 * The sum of a tar header's bytes, counting those of the checksum's own field as spaces (POSIX.1-2017, pax, "ustar Interchange Format").
 */
export function tarChecksum(header: Uint8Array): number {
  return sumOf(header, 0, field.start) + (field.end - field.start) * 0x20 + sumOf(header, field.end, header.length)
}

/** Counts in a plain loop: an iterator of the bytes takes twenty times as long, and a layer has as many headers as files. */
function sumOf(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0
  for (let index = start; index < end; index++) sum += bytes[index]!
  return sum
}

/** Whether a block of 512 bytes has a valid tar header checksum. */
export function hasTarChecksum(header: Buffer): boolean {
  const stored = /^[\0 ]*([0-7]+)(?:[\0 ]|$)/.exec(header.toString('latin1', field.start, field.end))?.[1]
  return stored !== undefined && Number.parseInt(stored, 8) === tarChecksum(header)
}

/** What a reader of plain files needs to know from a tar header. */
export interface TarHeader {
  /** One character per byte. Not checked: it may be absolute, or lead out of the folder. */
  readonly path: string
  /** In bytes; NaN if the field has no valid number. */
  readonly size: number
  /** One character, e.g. `0` for a regular file, which old archives mark with NUL. */
  readonly typeflag: string
}

/** Reads a block of 512 bytes with a valid checksum (POSIX.1-2017, pax, "ustar Interchange Format"). */
export function readTarHeader(header: Buffer): TarHeader {
  const name = text(header, 0, 100)
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(header, 345, 500) : ''
  return { path: prefix === '' ? name : `${prefix}/${name}`, size: sizeField(header), typeflag: header.toString('latin1', 156, 157) }
}

/** Octal digits or, from 8 GiB on, GNU's base-256: big-endian, with the first bit set. Beyond 64 bits, no file has such a size. */
function sizeField(header: Buffer): number {
  if ((header[124]! & 0x80) !== 0) {
    return header.readUInt32BE(124) === 0x8000_0000 ? header.readUInt32BE(128) * 2 ** 32 + header.readUInt32BE(132) : Number.NaN
  }
  const digits = text(header, 124, 136).trim()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
}

/** A field's bytes up to its first NUL. */
function text(header: Buffer, start: number, end: number): string {
  return header.toString('latin1', start, end).replace(/\0.*$/s, '')
}
