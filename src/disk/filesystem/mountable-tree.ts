import { type FileNode, type FileTree, fileKey } from './tree.ts'

/** A tree in which other trees can be mounted on directories, as Linux does. */
export interface MountableTree extends FileTree {
  /**
   * Mounts a tree. Its root replaces the directory, with its own mode, owner and time, and hides what is in it.
   * @param dir a directory of this tree as it is now
   */
  mount(dir: FileNode, other: FileTree): void
}

/** Makes a tree of one filesystem, to which others can be added. Nodes keep their inode numbers; `dev` tells the filesystems apart. */
export function mountableTree(base: FileTree): MountableTree {
  const trees: FileTree[] = [base]
  /** By the key of the directory that a filesystem is mounted on. */
  const mounted = new Map<number | string, FileNode>()
  /** Of the directories of all filesystems but the first: what their own trees know them by. */
  const originals = new WeakMap<FileNode, FileNode>()

  const adopt = (node: FileNode, dev: number): FileNode => {
    if (dev === 0) return node
    const adopted = withDevice(node, dev)
    if (node.type === 'dir') originals.set(adopted, node)
    return adopted
  }
  /** Several filesystems may be mounted on top of each other. */
  const topmost = (node: FileNode): FileNode => {
    let top = node
    if (node.type === 'dir') for (let over = mounted.get(fileKey(top)); over; over = mounted.get(fileKey(top))) top = over
    return top
  }
  return {
    get root() {
      return topmost(base.root)
    },
    *entries(dir) {
      const { dev = 0 } = dir
      for (const { name, node } of trees[dev]!.entries(originals.get(dir) ?? dir)) yield { name, node: () => topmost(adopt(node(), dev)) }
    },
    mount(dir, other) {
      mounted.set(fileKey(dir), adopt(other.root, trees.length))
      trees.push(other)
    },
  }
}

/** A copy that reads from the original: a reader's node may be an object of a class with private fields. */
function withDevice(node: FileNode, dev: number): FileNode {
  const { type, ino, mode, uid, gid, nlink, mtime, size, rdev } = node
  return {
    type,
    ino,
    dev,
    mode,
    uid,
    gid,
    nlink,
    mtime,
    size,
    ...(rdev && { rdev }),
    content: () => node.content(),
    target: () => node.target(),
    xattrs: () => node.xattrs(),
  }
}
