import { bytesAt } from '../../bytes/source.ts'
import { type FileTree, resolve } from './tree.ts'

/** Bytes of a text that are read. Any release file is shorter. */
const maxTextSize = 64 << 10

/** The text of a small file; undefined if there is none. Symlinks are followed. */
export function readText(root: FileTree, path: string): string | undefined {
  return readStart(root, path, maxTextSize)?.toString('utf8')
}

/** At most `length` bytes from the start of a file; undefined if there is none. Symlinks are followed. */
export function readStart(root: FileTree, path: string, length: number): Buffer | undefined {
  const node = resolve(root, path)
  if (node?.type !== 'file') return undefined
  const content = node.content()
  return bytesAt(content, 0, Math.min(length, content.size))
}
