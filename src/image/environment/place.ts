import { memorySource } from '../../bytes/source.ts'
import { childNode, type FileNode, type FileTree, resolveTrail, type TreeEntry } from '../../disk/filesystem/tree.ts'

/** A file that the DDK doesn't have. */
export interface NewFile {
  /** Absolute. */
  readonly path: string
  readonly mode: number
  readonly text: string
}

/** What goes into a layer for a new file, or the reason why it can't be put there, as the first half of a sentence. */
export type Placed = { readonly entries: readonly TreeEntry[] } | { readonly obstacle: string }

/**
 * Puts a new file over a tree: with it, every directory on the way, as the tree has it, since unpacking a layer sets owner, mode and time of
 * all that is in it, and makes up those of directories that aren't. Symlinks on the way are followed, not replaced.
 * @param mtime of the file, and of directories that have to be made; in seconds since 1970
 */
export function placeFile(root: FileTree, file: NewFile, mtime: number): Placed {
  const names = file.path.split('/').filter((name) => name !== '')
  const fileName = names.pop()!
  const dir = `/${names.join('/')}`
  const way = existing(root, names)
  if (!way) return { obstacle: `${dir} is no directory that can be written to` }
  const entries = [...way.trail]
  const below = (name: string) =>
    Buffer.concat([...(entries.length > 0 ? [entries.at(-1)!.path, Buffer.from('/')] : []), Buffer.from(name)])
  if (way.missing.length === 0 && childNode(root, entries.at(-1)?.node ?? root.root, fileName)) {
    return { obstacle: `the DDK has a ${file.path} of its own` }
  }
  for (const name of way.missing) entries.push({ path: below(name), node: newNode('dir', 0o755, mtime) })
  return { entries: [...entries, { path: below(fileName), node: newNode('file', file.mode, mtime, file.text) }] }
}

/** As much of a path as is there, and the names of the rest; nothing if it can't be gone on with. */
function existing(root: FileTree, names: readonly string[]): { trail: readonly TreeEntry[]; missing: readonly string[] } | undefined {
  for (let depth = names.length; depth >= 0; depth--) {
    const trail = resolveTrail(root, names.slice(0, depth).join('/'))
    if (!trail) continue
    const dir = trail.at(-1)?.node ?? root.root
    const missing = names.slice(depth)
    // What is there under the next name, and yet doesn't resolve, is a link that leads nowhere.
    return dir.type !== 'dir' || (missing[0] && childNode(root, dir, missing[0])) ? undefined : { trail, missing }
  }
  return undefined
}

/** Numbers that no filesystem has. */
let nextNumber = -1

/** Root's own, with a number of its own, since two names with one number would be hard links. */
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
