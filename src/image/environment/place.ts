import { memorySource } from '../../bytes/source.ts'
import { childNode, type FileNode, type FileTree, resolveTrail, type TreeEntry } from '../../disk/filesystem/tree.ts'

/** A file to add to the DDK. */
export interface NewFile {
  /** Absolute. */
  readonly path: string
  readonly mode: number
  readonly text: string
}

/** The layer's entries for a new file, or why it can't be added, as the first half of a sentence. */
export type Placed = { readonly entries: readonly TreeEntry[] } | { readonly obstacle: string }

/**
 * Adds a new file to a tree. The layer also contains every directory above the file, with the tree's own attributes, because unpacking a
 * layer sets owner, mode and time of its entries, and invents those of missing directories. Symlinks in the path are followed, not
 * replaced.
 * @param mtime of the file and of new directories, in seconds since 1970
 */
export function placeFile(root: FileTree, file: NewFile, mtime: number): Placed {
  const names = file.path.split('/').filter((name) => name !== '')
  const fileName = names.pop()!
  const dir = `/${names.join('/')}`
  const way = existing(root, names)
  if (!way) return { obstacle: `${dir} is not a directory that can be written to` }
  const entries = [...way.trail]
  const below = (name: string) =>
    Buffer.concat([...(entries.length > 0 ? [entries.at(-1)!.path, Buffer.from('/')] : []), Buffer.from(name)])
  if (way.missing.length === 0 && childNode(root, entries.at(-1)?.node ?? root.root, fileName)) {
    return { obstacle: `the DDK has its own ${file.path}` }
  }
  for (const name of way.missing) entries.push({ path: below(name), node: newNode('dir', 0o755, mtime) })
  return { entries: [...entries, { path: below(fileName), node: newNode('file', file.mode, mtime, file.text) }] }
}

/** The existing part of a path, and the remaining names; undefined if they can't be created. */
function existing(root: FileTree, names: readonly string[]): { trail: readonly TreeEntry[]; missing: readonly string[] } | undefined {
  for (let depth = names.length; depth >= 0; depth--) {
    const trail = resolveTrail(root, names.slice(0, depth).join('/'))
    if (!trail) continue
    const dir = trail.at(-1)?.node ?? root.root
    const missing = names.slice(depth)
    // A name that exists but doesn't resolve is a dangling link.
    return dir.type !== 'dir' || (missing[0] && childNode(root, dir, missing[0])) ? undefined : { trail, missing }
  }
  return undefined
}

/** Numbers that no filesystem uses. */
let nextNumber = -1

/** Owned by root. Each has its own number, because names with the same number would be hard links. */
function newNode(type: 'file' | 'dir', mode: number, mtime: number, text = ''): FileNode {
  const content = Buffer.from(text)
  return {
    type,
    ino: nextNumber--,
    mode,
    uid: 0,
    gid: 0,
    nlink: 1,
    mtime: { seconds: mtime, nanoseconds: 0 },
    size: content.length,
    content: () => memorySource(content, 'new file'),
    target: () => Buffer.alloc(0),
    xattrs: () => new Map(),
  }
}
