import { bytesAt } from '../../bytes/source.ts'
import { type FileTree, resolve } from './tree.ts'

/** More than any release file has. The rest is ignored. */
const most = 64 << 10

/** The text of a small file; undefined if there is none. Symlinks are followed. */
export function readText(root: FileTree, path: string): string | undefined {
  return readStart(root, path, most)?.toString('utf8')
}

/** At most `length` bytes from the start of a file; undefined if there is none. Symlinks are followed. */
export function readStart(root: FileTree, path: string, length: number): Buffer | undefined {
  const node = resolve(root, path)
  if (node?.type !== 'file') return undefined
  const content = node.content()
  return bytesAt(content, 0, Math.min(length, content.size))
}
