import { DiskError } from '../../bytes/errors.ts'
import { bytesAt, type Source } from '../../bytes/source.ts'
import { hasTarChecksum } from '../../bytes/tar-checksum.ts'

/** A regular file in a tar archive. */
export interface TarMember {
  readonly name: string
  /** Position of its content in the archive, in bytes. */
  readonly offset: number
  /** In bytes. */
  readonly size: number
}

const blockSize = 512

/** Whether the first block is a tar header. */
export function isTar(source: Source): boolean {
  return source.size >= blockSize && hasTarChecksum(bytesAt(source, 0, blockSize))
}

/**
 * The regular files of an uncompressed archive, in order (POSIX.1-2017, pax, "ustar Interchange Format").
 * @throws DiskError if it is cut short or damaged
 */
export function* tarMembers(source: Source): Generator<TarMember> {
  let at = 0
  for (; at + blockSize <= source.size; ) {
    const header = bytesAt(source, at, blockSize)
    if (header.every((byte) => byte === 0)) return
    if (!hasTarChecksum(header))
      throw new DiskError(`${source.name}, byte ${at}`, 'a tar header should be here, but its checksum is wrong; the archive is damaged')
    const size = sizeField(header)
    const offset = at + blockSize
    if (!Number.isSafeInteger(size) || offset + size > source.size) {
      throw new DiskError(
        `${source.name}, byte ${at}`,
        `${memberName(header)} should have ${size} bytes, but the archive ends at byte ${source.size}; it is cut short`,
      )
    }
    const type = header.toString('latin1', 156, 157)
    if (type === '0' || type === '\0') yield { name: memberName(header), offset, size }
    at = offset + Math.ceil(size / blockSize) * blockSize
  }
  throw new DiskError(`${source.name}, byte ${at}`, 'the end of the archive is missing; it is cut short')
}

function memberName(header: Buffer): string {
  const name = text(header, 0, 100)
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(header, 345, 500) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

/** Octal digits or, from 8 GiB on, a binary number with the first bit set. */
function sizeField(header: Buffer): number {
  if ((header[124]! & 0x80) === 0) return octal(header, 124, 136)
  return header.readUInt32BE(128) * 2 ** 32 + header.readUInt32BE(132)
}

function octal(header: Buffer, from: number, to: number): number {
  const digits = text(header, from, to).trim()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
}

function text(header: Buffer, from: number, to: number): string {
  return header.toString('latin1', from, to).replace(/\0.*$/s, '')
}
