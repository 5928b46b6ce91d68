import { DiskError } from '../bytes/errors.ts'
import type { Source } from '../bytes/source.ts'
import { pathText } from '../bytes/text.ts'
import { type FileNode, type FileTree, walk } from './filesystem/tree.ts'
import { sniff } from './sniff.ts'
import { peekDecoded } from './spool/decode.ts'
import type { Compression } from './spool/packed-file.ts'
import { isXva } from './xva/index.ts'

/** A file of a tree that may contain a DDK. Only an ova.xml is recognized by its name, all others by their content. */
export interface Candidate {
  /** From the root of the tree. */
  readonly path: string
  readonly node: FileNode
  readonly holds: Holding
}

/** `xva`, `iso` and `disk` may be compressed. */
export type Holding = 'ova.xml' | 'xva' | 'iso' | 'disk'

/** A file as a tree stores it, for a look at its first bytes. */
export interface Look {
  readonly source: Source
  readonly compression: Compression
}

/** Looks at a file in a tree that compresses none. */
export function asStored(node: FileNode): Look {
  return { source: node.content(), compression: 'none' }
}

/** Enough for the signature of an ISO, 32 KiB into it. */
const lookSize = 64 << 10

/** Enough compressed bytes for that: a block of zstd, which comes out as a whole, has up to 128 KiB. */
const packedLookSize = 256 << 10

/**
 * Finds all files of a tree that may contain a DDK.
 * @param look opens a file; its errors mean that the file isn't a candidate
 * @param depth how many components a path may have
 */
export async function findCandidates(tree: FileTree, look: (node: FileNode) => Look, depth?: number): Promise<Candidate[]> {
  const files: { path: string; node: FileNode }[] = []
  // Errors are ignored: an unreadable directory hides nothing that the conversion needs, or else the user is told that ova.xml is missing.
  for (const { path, node } of walk(tree, () => {}, depth)) if (node.type === 'file') files.push({ path: pathText(path), node })
  const isOva = ({ path }: { path: string }) => /(?:^|\/)ova\.xml$/i.test(path)
  const found: Candidate[] = files.filter(isOva).map((file) => ({ ...file, holds: 'ova.xml' }))
  // The first chunk of a disk looks like a compressed disk.
  const isChunk = ({ path }: { path: string }) => found.length > 0 && /(?:^|\/)chunk[-_]?[0-9a-f]*(?:\.gz)?$/i.test(path)
  const others = files.filter((file) => !isOva(file) && !isChunk(file))
  for (const file of others) {
    const holds = await lookAt(file.node, look)
    if (holds) found.push({ ...file, holds })
  }
  return found
}

async function lookAt(node: FileNode, look: (node: FileNode) => Look): Promise<Holding | undefined> {
  try {
    const { source, compression } = look(node)
    const start = await peekDecoded(compression, source, lookSize)
    const { format } = sniff(startOf(start, source.name))
    if (format !== 'gzip' && format !== 'zstd') return holdingOf(startOf(start, source.name))
    const packed = startOf(await peekDecoded(compression, source, packedLookSize), source.name)
    return holdingOf(startOf(await peekDecoded(format, packed, lookSize), source.name))
  } catch (error) {
    if (error instanceof DiskError) return undefined
    throw error
  }
}

/** @param start the first bytes of a file, unpacked */
function holdingOf(start: Source): Holding | undefined {
  const { format } = sniff(start)
  if (format === 'tar') return isXva(start) ? 'xva' : undefined
  if (format === 'iso9660') return 'iso'
  return format === 'vhd' || format === 'disk' ? 'disk' : undefined
}

/** The first bytes of a source whose end isn't known. */
function startOf(bytes: Buffer, name: string): Source {
  return {
    name,
    size: bytes.length,
    reaches: (end) => end <= bytes.length,
    read: (into, offset) => void into.set(bytes.subarray(offset, offset + into.length)),
  }
}

/**
 * Returns the only candidate, or undefined if there is none.
 * @param name of the tree
 * @throws DiskError that names all of them, if there are several
 */
export function onlyOne(candidates: readonly Candidate[], name: string): Candidate | undefined {
  if (candidates.length <= 1) return candidates[0]
  const paths = candidates.slice(0, 10).map(({ path }) => path)
  const more = candidates.length > paths.length ? ', …' : ''
  throw new DiskError(
    name,
    `${candidates.length} files in it may be the DDK: ${paths.join(', ')}${more}; give the right one itself, or, if it is an ova.xml, copy it with its chunks into a folder, and give that`,
    'not-a-ddk',
  )
}
