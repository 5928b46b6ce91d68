import { memorySource, type Source } from '../../../src/bytes/source.ts'
import type { FileSystemFormat } from '../../../src/disk/filesystem/format.ts'
import { walk } from '../../../src/disk/filesystem/tree.ts'
import type { Range } from '../seed.ts'

/** Where a reader looks for anything but the contents of files. The ends of contents are read to find the maps of their blocks. */
export function metadataRanges(bytes: Buffer, format: Pick<FileSystemFormat, 'open'>): Range[] {
  const found = new Map<number, number>()
  const memory = memorySource(bytes, 'the seed')
  const watched: Source = {
    ...memory,
    read(into, offset) {
      found.set(offset, Math.max(into.length, found.get(offset) ?? 0))
      memory.read(into, offset)
    },
  }
  const tree = format.open(watched, () => {})
  for (const { node } of walk(tree)) {
    node.xattrs()
    if (node.type === 'symlink') node.target()
    // Byte for byte, so that the content itself is hardly in the ranges.
    if (node.type === 'file' && node.size > 0) node.content().read(Buffer.alloc(1), node.size - 1)
  }
  return [...found].filter(([, length]) => length > 1).map(([at, length]) => [at, at + length])
}
