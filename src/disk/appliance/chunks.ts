import { DiskError } from '../../bytes/errors.ts'
import { bytesAt, type Source } from '../../bytes/source.ts'
import { pathText } from '../../bytes/text.ts'
import type { FileNode, FileTree } from '../filesystem/tree.ts'
import type { PackedFile } from '../spool/packed-file.ts'
import type { Vdi } from './ova.ts'

/** More would be a disk of 100 TB. */
const maxChunks = 100_000

/**
 * Finds the chunks of a disk, in order: `chunk-000000000.gz`, `chunk-000000001.gz`, … in the directory that `vdi` or `device` names, beside
 * ova.xml.
 * @param ovaPath path of ova.xml from the root of the tree
 * @throws DiskError if there are none, if a number is missing or occurs twice, or if the names don't give an order
 */
export function findChunks(tree: FileTree, ovaPath: string, vdi: Vdi, device: string | undefined): PackedFile[] {
  const place = ovaPath.split('/').slice(0, -1)
  const candidates = [...new Set([vdi.source, device].filter((name) => name !== undefined).map(relativePath))]
  for (const candidate of candidates) {
    const found = descend(tree, [...place, ...candidate.split('/')])
    if (!found) continue
    const files = chunkFiles(tree, found)
    if (files.length > 0) return asChunks(inOrder(files, found.path), vdi)
  }
  throw new DiskError(
    ovaPath,
    `the disk ${vdi.name} should be in ${candidates.join(' or ') || 'a directory'} beside it, as chunk-000000000.gz and so on, ` +
      `but there ${listing(tree, descend(tree, place))}`,
  )
}

interface Dir {
  readonly path: string
  readonly node: FileNode
}

interface ChunkFile extends Dir {
  /** As in the name, e.g. `000000001`. */
  readonly digits: string
}

/** A path such as `file://xvda` is relative to ova.xml. */
function relativePath(source: string): string {
  return source
    .replace(/^file:\/\//i, '')
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/')
}

/** Finds the directory at a path, ignoring case: without Rock Ridge, an ISO has only upper case. An exact match is preferred. */
function descend(tree: FileTree, path: readonly string[]): Dir | undefined {
  let dir: Dir = { path: '', node: tree.root }
  for (const wanted of path) {
    const matches = children(tree, dir).filter(({ name, node }) => node.type === 'dir' && name.toLowerCase() === wanted.toLowerCase())
    const next: Dir | undefined = matches.find(({ name }) => name === wanted) ?? matches[0]
    if (!next) return undefined
    dir = next
  }
  return dir
}

function children(tree: FileTree, dir: Dir): (Dir & { name: string })[] {
  return [...tree.entries(dir.node)].map((entry) => {
    const name = pathText(entry.name)
    return { name, path: dir.path === '' ? name : `${dir.path}/${name}`, node: entry.node() }
  })
}

function listing(tree: FileTree, dir: Dir | undefined): string {
  const names = dir ? children(tree, dir).map(({ name, node }) => (node.type === 'dir' ? `${name}/` : name)) : []
  const shown = names.sort().slice(0, 10)
  if (shown.length < names.length) shown.push('…')
  return names.length === 0 ? 'is nothing' : `is only ${shown.join(', ')}`
}

function chunkFiles(tree: FileTree, dir: Dir): ChunkFile[] {
  return children(tree, dir).flatMap(({ name, path, node }) => {
    const digits = /^chunk[-_]?([0-9a-f]+)(?:\.gz)?$/i.exec(name)?.[1]
    return digits !== undefined && node.type === 'file' ? [{ path, node, digits }] : []
  })
}

function inOrder(files: readonly ChunkFile[], dir: string): ChunkFile[] {
  if (files.length > maxChunks) throw new DiskError(dir, `it holds ${files.length} chunks; the limit is ${maxChunks}`)
  if (files.length > 1 && files.some(isShort) && !areSerial(files)) {
    const names = files.map(({ path }) => path.split('/').at(-1)!).sort()
    throw new DiskError(
      dir,
      `its ${files.length} chunks have short names (${names.slice(0, 3).join(', ')}, …), which don't give their order; ` +
        'the ISO was made without Rock Ridge and Joliet, so copy the chunks with their full names (chunk-000000000.gz, …) into a folder together with ova.xml, and use that folder',
      'unsupported',
    )
  }
  const numbered = files.map((file) => ({ file, number: numberOf(file) })).sort((a, b) => a.number - b.number)
  for (const [index, { file, number }] of numbered.entries()) {
    if (number > index) {
      throw new DiskError(
        dir,
        `chunk ${index} of the disk is missing: ${file.path.split('/').at(-1)} comes next; the ISO or folder is incomplete`,
      )
    }
    if (number < index) {
      throw new DiskError(
        dir,
        `chunk ${number} of the disk occurs twice: ${numbered[index - 1]!.file.path.split('/').at(-1)} and ${file.path.split('/').at(-1)}`,
      )
    }
  }
  return numbered.map(({ file }) => file)
}

/** Whether the name may have been cut to the eight characters of ISO 9660 level 1, where a hyphen becomes `_`. */
function isShort({ path }: ChunkFile): boolean {
  return /(?:^|\/)chunk[_0-9][0-9a-f]{2}(?:\.gz)?$/i.test(path)
}

/**
 * Whether short names still give the order.
 * - CHUNK_00, CHUNK_01, … were not cut: when names are cut to the same eight characters, xorriso names the first one CHUNK_01 or CHUNK_10.
 * - CHUNK000, CHUNK001, … may come from genisoimage, which numbers cut names in no particular order. So three digits are accepted only if
 *   all chunks but the last have the same length and the last is shorter. If genisoimage produces that by chance, the first chunk isn't the
 *   beginning of the disk (the tests show it), and no disk is found in it.
 */
function areSerial(files: readonly ChunkFile[]): boolean {
  const inOrder = [...files].sort((a, b) => (a.digits < b.digits ? -1 : 1))
  if (inOrder.some(({ digits }, index) => !/^\d+$/.test(digits) || Number(digits) !== index)) return false
  const [first, ...others] = inOrder.map(({ node }) => wholeLength(node.content()))
  return inOrder[0]!.digits.length === 2 || (others.pop()! < first! && others.every((length) => length === first))
}

/** The inflated length of a chunk, as its end gives it: ISIZE of RFC 1952, modulo 2^32. */
function wholeLength(source: Source): number {
  return isGzip(source) && source.size >= 18 ? bytesAt(source, source.size - 4, 4).readUInt32LE(0) : source.size
}

function numberOf({ digits, path }: ChunkFile): number {
  if (!/^\d{1,15}$/.test(digits)) throw new DiskError(path, `${digits} is not a chunk number`)
  return Number(digits)
}

function asChunks(files: readonly ChunkFile[], vdi: Vdi): PackedFile[] {
  const chunks = files.map(({ path, node }) => ({ name: path, source: node.content() }))
  // Only the first chunk can be sniffed: a later one may contain a file that begins with the same bytes, or may not have arrived yet.
  // Whether all of them are what the first one is shows when they are unpacked.
  const compression = vdi.type === 'dir-gzipped-chunks' || isGzip(chunks[0]!.source) ? 'gzip' : 'none'
  return chunks.map((chunk) => ({ ...chunk, compression }))
}

function isGzip(source: Source): boolean {
  return source.size >= 2 && bytesAt(source, 0, 2).readUInt16BE(0) === 0x1f8b
}
