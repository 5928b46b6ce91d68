import { bytesText } from '../../bytes/bytes-text.ts'
import { DiskError } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { pathText } from '../../bytes/text.ts'

/** Unless another limit is set: 8 GiB. */
export const defaultZeroLimit = 8 * 2 ** 30

const unit = 4096
const zeros = Buffer.alloc(unit)

/** Files with fewer zeros aren't named in the error: they are many, and removing one of them doesn't help. */
const worthNaming = 64 << 20

/**
 * Watches the contents, and stops when they have too many zeros: a file such as /var/log/lastlog may be a terabyte of hole, and a layer has
 * no holes. It counts zeros rather than holes, so that every filesystem gives the same result.
 * @param maxZeroBytes limit for all contents together, in whole blocks of 4 KiB
 * @param filesystemSize in bytes; the rest of a longer file must be holes
 */
export function zeroLimit(maxZeroBytes: number, filesystemSize: number): (path: Buffer, content: Source) => Source {
  let found = 0
  const large: { readonly path: Buffer; readonly zeros: number }[] = []
  return (path, content) => {
    let inFile = 0
    const check = (more: number) => {
      if (found + more <= maxZeroBytes) return
      const named = [...large, { path, zeros: inFile + more }].sort((a, b) => b.zeros - a.zeros).slice(0, 5)
      const files = named.map((file) => `/${pathText(file.path)} (${bytesText(file.zeros)})`)
      throw new DiskError(
        `/${pathText(path)}`,
        `with this file of ${bytesText(content.size)}, the image would contain more than ${bytesText(maxZeroBytes)} of zeros, since an image has no holes; ` +
          `most are in ${files.join(', ')}; raise the limit with zero-limit, in GiB, if there is room for them`,
        'unsupported',
      )
    }
    check(Math.max(0, content.size - filesystemSize))
    return {
      name: content.name,
      size: content.size,
      read(into, offset) {
        content.read(into, offset)
        const more = zeroBytesIn(into)
        check(more)
        found += more
        inFile += more
        if (offset + into.length === content.size && inFile >= worthNaming) large.push({ path, zeros: inFile })
      },
    }
  }
}

function zeroBytesIn(bytes: Uint8Array): number {
  let found = 0
  for (let at = 0; at + unit <= bytes.length; at += unit) {
    // Check both ends first: the comparison is a call, and nearly every block has a nonzero byte at one of them.
    if (bytes[at] === 0 && bytes[at + unit - 1] === 0 && Buffer.compare(zeros, bytes.subarray(at, at + unit)) === 0) found += unit
  }
  return found
}

/**
 * Parses a limit in GiB.
 * @returns bytes
 * @throws Error unless it is a positive whole number
 */
export function parseZeroLimit(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text.trim())) throw new Error(`it is "${text}"; it may be a whole number of GiB, from 1 to 999999`)
  return Number(text) * 2 ** 30
}
