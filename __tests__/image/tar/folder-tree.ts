import { openFile } from '../../../src/bytes/source.ts'
import { textBytes } from '../../../src/bytes/text.ts'
import type { FileType } from '../../../src/disk/filesystem/file-type.ts'
import type { FileNode, FileTree } from '../../../src/disk/filesystem/tree.ts'
import { type Listed, walkMounted } from '../../support/tools.ts'

/** A folder of this machine as a FileTree, by the kernel's own word. The tree's files are open for reading while their content is read. */
export function folderTree(dir: string, listing: readonly Listed[] = walkMounted(dir)): FileTree {
  const children = new Map<number, { name: Buffer; node(): FileNode }[]>()
  const dirs = new Map([['', 0]])
  for (const listed of listing) if (listed.type === 'dir') dirs.set(listed.path, Number(listed.ino))
  for (const listed of listing) {
    const slash = listed.path.lastIndexOf('/')
    const parent = dirs.get(listed.path.slice(0, Math.max(0, slash)))!
    const node = folderNode(dir, listed)
    children.set(parent, [...(children.get(parent) ?? []), { name: textBytes(listed.path.slice(slash + 1)), node: () => node }])
  }
  const root = folderNode(dir, { path: '', type: 'dir', mode: '0755', mtime: '0.0', ino: 0 })
  return { root, entries: (node) => children.get(node.ino) ?? [] }
}

function folderNode(dir: string, listed: Listed): FileNode {
  const [seconds, nanoseconds] = String(listed.mtime).split('.').map(Number)
  const [major, minor] = String(listed.rdev ?? '')
    .split(':')
    .map(Number)
  return {
    type: listed.type as FileType,
    ino: Number(listed.ino),
    mode: Number.parseInt(String(listed.mode), 8),
    uid: Number(listed.uid),
    gid: Number(listed.gid),
    nlink: Number(listed.nlink),
    mtime: { seconds: seconds!, nanoseconds: nanoseconds! },
    size: Number(listed.size ?? 0),
    ...(listed.rdev !== undefined && { rdev: { major: major!, minor: minor! } }),
    content() {
      const path = Buffer.concat([Buffer.from(`${dir}/`), textBytes(listed.path)])
      return {
        name: listed.path,
        size: Number(listed.size),
        read(into, offset) {
          const file = openFile(path as unknown as string, listed.path)
          try {
            file.read(into, offset)
          } finally {
            file.close()
          }
        },
      }
    },
    target: () => textBytes(String(listed.target)),
    xattrs: () =>
      new Map(
        Object.entries((listed.xattrs ?? {}) as Record<string, string>)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, value]) => [name, Buffer.from(value, 'hex')]),
      ),
  }
}
