import { DiskError, damageAt } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { pathText } from '../../bytes/text.ts'
import type { DeviceNumber, FileType } from './file-type.ts'

/**
 * What every filesystem consists of: inodes, and directories that give them names. `walk` sorts the entries, and detects what no valid
 * filesystem has: duplicate or impossible names, and a directory within itself. A reader needn't check for these.
 */
export interface FileTree {
  /** Of type `dir`. */
  readonly root: FileNode
  /**
   * The directory's entries in any order, without `.` and `..`. `dir` is a node of this tree. The iteration must always end, however
   * damaged the filesystem is, because `walk` counts the entries only afterwards.
   * @throws DiskError, also between two entries, if the rest of the directory can't be read
   */
  entries(dir: FileNode): Iterable<DirectoryEntry>
}

export interface DirectoryEntry {
  /** One path component, as the filesystem's bytes. */
  readonly name: Buffer
  /**
   * Reads the inode. It is separate, so that looking for one name doesn't read all inodes.
   * @throws DiskError if it can't be read
   */
  node(): FileNode
}

/** An inode. A walk holds all inodes of a directory at once, so keep it small, and read the rest when it is needed. */
export interface FileNode {
  readonly type: FileType
  /**
   * Unique within its filesystem: names with the same number are hard links, and any of them may represent the others. A format without
   * inodes uses another number that is unique for each file, such as the position of its entry.
   */
  readonly ino: number
  /**
   * Number of the filesystem that a tree of several filesystems has it from, like st_dev; absent in the first one, and in a tree of one.
   * A reader leaves it out; `mountableTree` sets it.
   */
  readonly dev?: number
  /**
   * Permission bits, with setuid, setgid and sticky: 0 to 0o7777. A format without them returns 0o555 for a directory and 0o444 for
   * anything else.
   */
  readonly mode: number
  /** 0 if the format has no owners. */
  readonly uid: number
  readonly gid: number
  /**
   * Number of names; 0 if the format doesn't count them. 1 promises that there is no other name, so that a tar needn't remember the inode: if
   * there is another name nevertheless, it becomes a copy.
   */
  readonly nlink: number
  /** 1970-01-01 if there is none. */
  readonly mtime: Time
  /** In bytes: exactly the size of a file's content or of a symlink's target; meaningless for anything else. */
  readonly size: number
  /** Always set for `char` and `block`, and only for these. */
  readonly rdev?: DeviceNumber
  /**
   * A file's bytes; holes read as zeros. Its `size` must equal the node's. Nothing needs to be verified before a byte is read.
   * @throws DiskError here or when it is read. It is only called for the type `file`.
   */
  content(): Source
  /** A symlink's target, as the filesystem's bytes, checked with `checkedTarget`. It is only called for the type `symlink`. */
  target(): Buffer
  /** Extended attributes by full name (`security.capability`), sorted by name, as getxattr(2) returns them. */
  xattrs(): ReadonlyMap<string, Buffer>
}

/** The same for all names of a file, and different for any two files of a tree, also if it consists of several filesystems. */
export function fileKey({ dev, ino }: FileNode): number | string {
  return dev === undefined ? ino : `${dev}:${ino}`
}

/** A time as in POSIX: nanoseconds are 0 to 999,999,999 and always added, also before 1970. */
export interface Time {
  readonly seconds: number
  readonly nanoseconds: number
}

/** A node and its path. */
export interface TreeEntry {
  /** From the root, without a leading slash, as the filesystem's bytes. */
  readonly path: Buffer
  readonly node: FileNode
}

/**
 * Beyond these limits a tree is damaged or hostile. Names and paths have Linux's own limits (NAME_MAX, PATH_MAX); the number of entries is
 * our choice.
 */
const limits = { name: 255, path: 4096, entries: 5_000_000 }

/** Called for a directory or an inode that can't be read. It may throw, or return to continue without it. */
export type OnUnreadable = (error: Error, path: Buffer) => void

/**
 * All entries below the root: each directory before its contents, siblings sorted by the bytes of their names.
 * @param depth how many components a path may have; deeper directories aren't entered
 * @throws DiskError for what no valid filesystem has: a directory or a name that occurs twice, or an impossible name
 */
export function* walk(tree: FileTree, onUnreadable: OnUnreadable = rethrow, depth = Number.POSITIVE_INFINITY): Generator<TreeEntry> {
  const seen = new Set([fileKey(tree.root)])
  const pending: TreeEntry[] = []
  let count = 0
  const enter = (dir: TreeEntry) => {
    let children: TreeEntry[]
    try {
      children = sortedChildren(tree, dir, onUnreadable)
    } catch (error) {
      onUnreadable(error as Error, dir.path)
      return
    }
    count += children.length
    if (count > limits.entries) throw new DiskError(`/${pathText(dir.path)}`, `the filesystem has more than ${limits.entries} entries`)
    for (const child of children.reverse()) pending.push(child)
  }
  enter({ path: Buffer.alloc(0), node: tree.root })
  for (let entry = pending.pop(); entry; entry = pending.pop()) {
    yield entry
    if (entry.node.type !== 'dir' || componentsOf(entry.path) >= depth) continue
    if (seen.has(fileKey(entry.node))) {
      onUnreadable(damageAt(`/${pathText(entry.path)}`, `directory inode ${entry.node.ino} occurs in two places`), entry.path)
      continue
    }
    seen.add(fileKey(entry.node))
    enter(entry)
  }
}

function componentsOf(path: Buffer): number {
  let slashes = 0
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) slashes++
  return slashes + 1
}

function rethrow(error: Error): void {
  throw error
}

function sortedChildren(tree: FileTree, dir: TreeEntry, onUnreadable: OnUnreadable): TreeEntry[] {
  const children: TreeEntry[] = []
  for (const entry of tree.entries(dir.node)) {
    checkName(entry.name, dir)
    const path = join(dir.path, entry.name)
    try {
      children.push({ path, node: entry.node() })
    } catch (error) {
      onUnreadable(error as Error, path)
    }
  }
  children.sort((a, b) => Buffer.compare(a.path, b.path))
  for (const [index, child] of children.entries()) {
    if (index > 0 && child.path.equals(children[index - 1]!.path)) {
      throw damageAt(`/${pathText(child.path)}`, 'the name occurs twice in its directory')
    }
  }
  return children
}

function checkName(name: Buffer, dir: TreeEntry): void {
  const text = name.toString('latin1')
  const place = `/${pathText(dir.path)}`
  if (text === '' || text === '.' || text === '..' || /[/\0]/.test(text)) {
    throw damageAt(place, `the directory has an entry with the impossible name ${JSON.stringify(text)}`)
  }
  if (name.length > limits.name) throw new DiskError(place, `the directory has a name of ${name.length} bytes; the limit is ${limits.name}`)
  if (dir.path.length + 1 + name.length > limits.path) throw new DiskError(place, `a path in it is longer than ${limits.path} bytes`)
}

function join(dir: Buffer, name: Buffer): Buffer {
  return dir.length === 0 ? name : Buffer.concat([dir, Buffer.from('/'), name])
}

/** The node at an absolute or relative path; undefined if there is none. Symlinks are followed as in a chroot. */
export function resolve(tree: FileTree, path: string): FileNode | undefined {
  const trail = resolveTrail(tree, path)
  return trail && (trail.at(-1)?.node ?? tree.root)
}

/** The same, with all entries on the way from the top down, at their real paths. The root itself is not included. */
export function resolveTrail(tree: FileTree, path: string): readonly TreeEntry[] | undefined {
  const trail: TreeEntry[] = []
  const components = (text: string) => text.split('/').filter((name) => name !== '' && name !== '.')
  const pending = components(path).reverse()
  let links = 0
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const dir = trail.at(-1) ?? { path: Buffer.alloc(0), node: tree.root }
    if (name === '..') {
      trail.pop()
      continue
    }
    if (dir.node.type !== 'dir') return undefined
    const node = childNode(tree, dir.node, name)
    if (node?.type !== 'symlink') {
      if (!node) return undefined
      trail.push({ path: join(dir.path, Buffer.from(name, 'latin1')), node })
      continue
    }
    // Linux gives up after 40 links as well.
    if (++links > 40) return undefined
    const target = node.target().toString('latin1')
    if (target.startsWith('/')) trail.length = 0
    pending.push(...components(target).reverse())
  }
  return trail
}

/** A directory's child with a name, without following links. `name` has one character per byte. */
export function childNode(tree: FileTree, dir: FileNode, name: string): FileNode | undefined {
  for (const entry of tree.entries(dir)) if (entry.name.toString('latin1') === name) return entry.node()
  return undefined
}
