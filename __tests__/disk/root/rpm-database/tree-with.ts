import { memorySource, type Source } from '../../../../src/bytes/source.ts'
import type { FileNode, FileTree } from '../../../../src/disk/filesystem/tree.ts'
import { entry } from '../../../image/memory-tree.ts'

/** Where CentOS has the database. */
export const usualPath = 'var/lib/rpm/Packages'

/** A tree in memory that has only this file. */
export function treeWith(content: Buffer | Source, path = usualPath): FileTree {
  const source = Buffer.isBuffer(content) ? memorySource(content, path) : content
  const file = entry(path, { size: source.size }).node
  const names = path.split('/')
  const nodes: FileNode[] = names.map((name) => entry(name, { type: 'dir' }).node)
  nodes.push({ ...file, content: () => source })
  return {
    root: nodes[0]!,
    *entries(dir) {
      const depth = nodes.indexOf(dir)
      yield { name: Buffer.from(names[depth]!), node: () => nodes[depth + 1]! }
    },
  }
}
