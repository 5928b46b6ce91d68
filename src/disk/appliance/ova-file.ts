import { DiskError } from '../../bytes/errors.ts'
import { bytesAt, type Source } from '../../bytes/source.ts'
import type { FileNode } from '../filesystem/tree.ts'

/** An ova.xml with a few disks has 2 KiB. */
const maxSize = 4 << 20

/** The ova.xml in a tree. */
export interface OvaFile {
  /** From the root of the tree. */
  readonly path: string
  readonly node: FileNode
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
