import { DiskError } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { pathText } from '../../bytes/text.ts'

const unit = 4096
const zeros = Buffer.alloc(unit)

/**
 * Watches the contents, and stops when they have too many zeros: a file such as /var/log/lastlog may be a terabyte of hole, and a layer has
 * no holes. It counts zeros rather than holes, so that every filesystem gives the same result.
 * @param maxZeroBytes limit for all contents together, in whole blocks of 4 KiB
 * @param filesystemSize in bytes; the rest of a longer file must be holes
 */
export function zeroLimit(maxZeroBytes: number, filesystemSize: number): (path: Buffer, content: Source) => Source {
  let found = 0
  return (path, content) => {
    const check = (zeroBytes: number) => {
      if (zeroBytes <= maxZeroBytes) return
      throw new DiskError(
        `/${pathText(path)}`,
        `this file of ${content.size} bytes is mostly a hole; with it, the image would contain more than ${maxZeroBytes} bytes of zeros`,
        'unsupported',
      )
    }
    check(found + Math.max(0, content.size - filesystemSize))
    return {
      name: content.name,
      size: content.size,
      read(into, offset) {
        content.read(into, offset)
        found += zeroBytesIn(into)
        check(found)
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
