import { DiskError } from './errors.ts'
import type { Source } from './source.ts'
import { slice } from './source.ts'

/**
 * The `length` bytes at `offset`, without asking for the source's size, which may not be known before all of it has arrived.
 * `length` is trusted: whoever calls has checked it.
 * @throws DiskError if they don't all lie within the source
 */
export function readBytes(source: Source, offset: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  source.read(bytes, offset)
  return bytes
}

/** Like `readBytes`, but nothing if the source ends before. */
export function probe(source: Source, offset: number, length: number): Buffer<ArrayBuffer> | undefined {
  try {
    return readBytes(source, offset, length)
  } catch (error) {
    // Only the end of the source is an answer; a file that can't be read is not.
    if (error instanceof DiskError && offset + length > source.size) return undefined
    throw error
  }
}

/** Whether `text` (one character a byte) stands at `offset`. */
export function hasText(source: Source, offset: number, text: string): boolean {
  return probe(source, offset, text.length)?.toString('latin1') === text
}

/** `size` bytes of `source` from `offset` on, of which some may lie past its end: reading those is the error. */
export function window(source: Source, offset: number, size: number, name: string): Source {
  // A source that can name its bytes' places in files has its size, and passes those places on.
  if (source.runs && offset + size <= source.size) return slice(source, offset, size, name)
  return {
    name,
    size,
    read(into, at) {
      if (!(at >= 0 && at + into.length <= size)) {
        throw new DiskError(name, `${into.length} bytes are needed at byte ${at}, but it ends at byte ${size}; it is cut short or damaged`)
      }
      source.read(into, offset + at)
    },
  }
}
