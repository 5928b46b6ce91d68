import { DiskError } from '../../bytes/errors.ts'
import { peek } from '../../bytes/peek.ts'
import { bytesAt, type Source } from '../../bytes/source.ts'
import { hasTarChecksum, readTarHeader, tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'

/** A regular file in a tar archive. */
export interface TarMember {
  /** One character per byte, without a leading `./`. */
  readonly name: string
  /** Position of its header in the archive, in bytes. */
  readonly header: number
  /** Position of its content in the archive, in bytes. */
  readonly offset: number
  /** In bytes. */
  readonly size: number
}

/** A disk of 2040 GiB has two million blocks, each with a checksum. */
const maxFiles = 5_000_000

/** A name and a few numbers need less. */
const maxExtension = 64 << 10

/**
 * The regular files of an uncompressed archive, in order: V7, ustar, pax and GNU (POSIX.1-2017, pax; GNU tar, "Basic Tar Format"). The
 * archive may still be growing, and is never read further than to the header of the next file.
 * @throws DiskError if it is cut short or damaged
 */
export function* tarMembers(source: Source): Generator<TarMember> {
  let next: { name?: string; size?: number } = {}
  let files = 0
  for (let at = 0; ; ) {
    const place = `${source.name}, byte ${at}`
    const header = peek(source, at, tarBlockSize)
    if (!header) throw new DiskError(place, 'the end of the archive is missing; it is cut short')
    if (header.every((byte) => byte === 0)) return
    if (!hasTarChecksum(header))
      throw new DiskError(place, 'a tar header should be here, but its checksum is wrong; the archive is damaged')
    const { path, typeflag, size: sizeField } = readTarHeader(header)
    const size = next.size ?? sizeField
    const name = (next.name ?? path).replace(/^(?:\.\/+)+/, '')
    const offset = at + tarBlockSize
    // A growing archive is asked for the end of the content only when that is read.
    if (!Number.isSafeInteger(size) || (!source.reaches && offset + size > source.size)) {
      throw new DiskError(place, `${name} should have ${size} bytes, but the archive ends at byte ${source.size}; it is cut short`)
    }
    if (typeflag === 'x' || typeflag === 'L') {
      if (size > maxExtension) throw new DiskError(place, `the header of the next file has ${size} bytes; the limit is ${maxExtension}`)
      const bytes = bytesAt(source, offset, size).toString('latin1')
      next = { ...next, ...(typeflag === 'L' ? { name: bytes.replace(/\0.*$/s, '') } : paxFields(bytes)) }
    } else if (typeflag !== 'g') {
      next = {}
      // V7 has no type for directories: their names end with a slash.
      const isFile = typeflag === '0' || typeflag === '7' || (typeflag === '\0' && !name.endsWith('/'))
      if (isFile && ++files > maxFiles) throw new DiskError(place, `the archive has more than ${maxFiles} files`, 'unsupported')
      if (isFile) yield { name, header: at, offset, size }
    }
    at = offset + size + tarPadding(size)
  }
}

/** Records of the form `LENGTH KEY=VALUE\n`. */
function paxFields(records: string): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {}
  for (let at = 0; at < records.length; ) {
    const [, length, key, value] = /^(\d{1,6}) ([^=]+)=(.*)\n$/s.exec(records.slice(at, at + Number.parseInt(records.slice(at), 10))) ?? []
    if (length === undefined) break
    if (key === 'path') found.name = value!
    if (key === 'size') found.size = /^\d+$/.test(value!) ? Number(value) : Number.NaN
    at += Number(length)
  }
  return found
}
