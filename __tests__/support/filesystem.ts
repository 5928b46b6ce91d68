import type { Warn } from '../../src/bytes/errors.ts'
import { openFile, type Source } from '../../src/bytes/source.ts'
import { listingEntry } from '../../src/disk/filesystem/listing-entry.ts'
import { type FileTree, type OnUnreadable, walk } from '../../src/disk/filesystem/tree.ts'
import { byPath, type Listed } from './tools.ts'

/** A format's reader, e.g. `ext.open`. */
export type Open<Tree extends FileTree> = (source: Source, warn: Warn) => Tree

/** Opens an image for as long as `use` takes. `warnings` are those so far. */
export function withFileSystem<Tree extends FileTree, T>(
  path: string,
  open: Open<Tree>,
  use: (tree: Tree, warnings: readonly string[], file: Source) => T,
): T {
  const file = openFile(path, 'the image')
  try {
    const warnings: string[] = []
    return use(
      open(file, (sentence) => warnings.push(sentence)),
      warnings,
      file,
    )
  } finally {
    file.close()
  }
}

/** A larger file is a hole, and takes minutes to hash. */
const maxHashed = 2 ** 30

/** A tree's entries, sorted by path, in the form of `xenserver-ddk list --json --sha256`. */
export function listOf(tree: FileTree, onUnreadable?: OnUnreadable): Listed[] {
  return byPath([...walk(tree, onUnreadable)].map((entry) => ({ ...listingEntry(entry, { sha256: entry.node.size <= maxHashed }) })))
}

/** What a reader says is in an image, and by path what couldn't be read. */
export function readImage(
  path: string,
  open: Open<FileTree>,
): { entries: Listed[]; unreadable: Record<string, string>; warnings: readonly string[] } {
  return withFileSystem(path, open, (tree, warnings) => {
    const unreadable: Record<string, string> = {}
    const entries = listOf(tree, (error, at) => {
      unreadable[at.toString()] = error.message
    })
    return { entries, unreadable, warnings }
  })
}
