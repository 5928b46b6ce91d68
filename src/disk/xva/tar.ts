import { DiskError } from '../../bytes/errors.ts'
import { bytesAt, type Source } from '../../bytes/source.ts'
import { hasTarChecksum, readTarHeader, tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'

/** A regular file in a tar archive. */
export interface TarMember {
  readonly name: string
  /** Position of its content in the archive, in bytes. */
  readonly offset: number
  /** In bytes. */
  readonly size: number
}

/** Whether the first block is a tar header. */
export function isTar(source: Source): boolean {
  return source.size >= tarBlockSize && hasTarChecksum(bytesAt(source, 0, tarBlockSize))
}

/**
 * The regular files of an uncompressed archive, in order (POSIX.1-2017, pax, "ustar Interchange Format").
 * @throws DiskError if it is cut short or damaged
 */
export function* tarMembers(source: Source): Generator<TarMember> {
  let at = 0
  for (; at + tarBlockSize <= source.size; ) {
    const header = bytesAt(source, at, tarBlockSize)
    if (header.every((byte) => byte === 0)) return
    if (!hasTarChecksum(header))
      throw new DiskError(`${source.name}, byte ${at}`, 'a tar header should be here, but its checksum is wrong; the archive is damaged')
    const { path, size, typeflag } = readTarHeader(header)
    const offset = at + tarBlockSize
    if (!Number.isSafeInteger(size) || offset + size > source.size) {
      throw new DiskError(
        `${source.name}, byte ${at}`,
        `${path} should have ${size} bytes, but the archive ends at byte ${source.size}; it is cut short`,
      )
    }
    if (typeflag === '0' || typeflag === '\0') yield { name: path, offset, size }
    at = offset + size + tarPadding(size)
  }
  throw new DiskError(`${source.name}, byte ${at}`, 'the end of the archive is missing; it is cut short')
}
