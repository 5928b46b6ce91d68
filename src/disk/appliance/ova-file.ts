import { DiskError } from '../../bytes/errors.ts'
import { bytesAt, type Source } from '../../bytes/source.ts'
import { pathText } from '../../bytes/text.ts'
import { type FileNode, type FileTree, walk } from '../filesystem/tree.ts'

/** An ova.xml with a few disks has 2 KiB. */
const maxSize = 4 << 20

export interface FoundOva {
  /** From the root of the tree. */
  readonly path: string
  readonly node: FileNode
}

/**
 * Finds the `ova.xml` of a tree, ignoring case, at the path with the fewest components; undefined if there is none.
 * @throws DiskError if several have the fewest components and none of them is ddk/ova.xml
 */
export function findOva(tree: FileTree): FoundOva | undefined {
  const found: FoundOva[] = []
  // Errors are ignored: an unreadable directory hides nothing that the conversion needs, or else the user is told that ova.xml is missing.
  for (const { path, node } of walk(tree, () => {})) {
    const text = pathText(path)
    if (node.type === 'file' && /(?:^|\/)ova\.xml$/i.test(text)) found.push({ path: text, node })
  }
  const depth = ({ path }: FoundOva) => path.split('/').length
  const least = Math.min(...found.map(depth))
  const nearest = found.filter((ova) => depth(ova) === least)
  if (nearest.length <= 1) return nearest[0]
  const usual = nearest.find(({ path }) => path.toLowerCase() === 'ddk/ova.xml')
  if (usual) return usual
  const paths = nearest.map(({ path }) => path)
  throw new DiskError(
    paths[0]!,
    `there are ${paths.length} files of this name: ${paths.slice(0, 10).join(', ')}; copy the DDK's, with its chunks, into a folder, and use that folder`,
    'not-a-ddk',
  )
}

/**
 * Decodes the text of an XML file: by its byte order mark, else its declared encoding, else UTF-8.
 * @throws DiskError if it isn't valid in that encoding, or is too large
 */
export function xmlText(source: Source): string {
  if (source.size > maxSize) throw new DiskError(source.name, `it has ${source.size} bytes, but an ova.xml has at most ${maxSize}`)
  const bytes = bytesAt(source, 0, source.size)
  const encoding = encodingOf(bytes)
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    throw new DiskError(source.name, `its text isn't valid ${encoding}; it is damaged or in another encoding`)
  }
}

/** XML 1.0, appendix F. */
function encodingOf(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 100)
  if (/^(?:\xff\xfe|<\0)/.test(start)) return 'utf-16le'
  if (/^(?:\xfe\xff|\0<)/.test(start)) return 'utf-16be'
  if (start.startsWith('\xef\xbb\xbf')) return 'utf-8'
  return /^<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]+)["']/.exec(start)?.[1] ?? 'utf-8'
}
