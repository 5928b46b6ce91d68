import { DiskError } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { pathText } from '../../bytes/text.ts'

const unit = 4096
const zeros = Buffer.alloc(unit)

/**
 * Watches the contents that go by, and stops when they have too many zeros: a file such as /var/log/lastlog can be a terabyte of hole, and
 * a layer has no holes. Zeros are counted rather than holes, so that it is the same for every filesystem.
 * @param maxZeroBytes of all contents together, in whole blocks of 4 KiB
 * @param filesystemSize in bytes: a file that is longer has the rest in holes
 */
export function zeroLimit(maxZeroBytes: number, filesystemSize: number): (path: Buffer, content: Source) => Source {
  let found = 0
  return (path, content) => {
    const check = (zeroBytes: number) => {
      if (zeroBytes <= maxZeroBytes) return
      throw new DiskError(
        `/${pathText(path)}`,
        `a file of ${content.size} bytes that is mostly a hole: with it the image has more than ${maxZeroBytes} bytes of zeros, which would all be written`,
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
    // The two ends first: the comparison is a call, and nearly every block has something at one of them.
    if (bytes[at] === 0 && bytes[at + unit - 1] === 0 && Buffer.compare(zeros, bytes.subarray(at, at + unit)) === 0) found += unit
  }
  return found
}
