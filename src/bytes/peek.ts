import { bytesAt, checkRange, type Source, slice } from './source.ts'

/** The `length` bytes at `offset`, or undefined if the source ends before. Doesn't wait for any other bytes. */
export function peek(source: Source, offset: number, length: number): Buffer<ArrayBuffer> | undefined {
  return reaches(source, offset + length) ? bytesAt(source, offset, length) : undefined
}

function reaches(source: Source, end: number): boolean {
  return source.reaches ? source.reaches(end) : end <= source.size
}

/** Whether `text` (one character per byte) is at `offset`. */
export function hasText(source: Source, offset: number, text: string): boolean {
  return peek(source, offset, text.length)?.toString('latin1') === text
}

/**
 * `size` bytes of `source` from `offset` on. They may extend past its end; only reading those is an error. So there is no need to wait for
 * the end of a growing source.
 */
export function window(source: Source, offset: number, size: number, name: string): Source {
  if (!source.reaches && offset + size <= source.size) return slice(source, offset, size, name)
  const part: Source = {
    name,
    size,
    read(into, at) {
      checkRange(part, at, into.length)
      source.read(into, offset + at)
    },
  }
  return part
}
