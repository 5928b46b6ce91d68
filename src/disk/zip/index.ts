import { bytesText } from '../../bytes/bytes-text.ts'
import { DiskError } from '../../bytes/errors.ts'
import { type Source, slice } from '../../bytes/source.ts'
import type { FileNode, FileTree } from '../filesystem/tree.ts'
import { type Spool, spoolFiles } from '../spool/index.ts'
import { type PackedFile, unpackedLimit } from '../spool/packed-file.ts'
import { readDirectory, type ZipEntry } from './directory.ts'

/** A zip, as a tree of files. */
export interface Zip extends FileTree {
  /** A file as it is stored, for a look at its first bytes. */
  packed(node: FileNode): PackedFile
  /**
   * Waits until every file whose content was asked for is unpacked, and verifies their checksums.
   * @throws DiskError that names the damaged file
   */
  finish(): void
  close(): void
}

/**
 * Opens a zip. The content of a stored file is read in place; that of a deflated one is unpacked in the background, and can be read while it
 * arrives.
 * @param tempDir an existing directory with room for the files that are read
 * @throws DiskError if it is damaged, encrypted, or uses a compression other than deflate
 */
export async function openZip(source: Source, tempDir: string): Promise<Zip> {
  return treeOf(await readDirectory(source), source, tempDir)
}

const wayOut = 'the zip is damaged or incomplete; download it again'

function treeOf(entries: readonly ZipEntry[], source: Source, tempDir: string): Zip {
  const children = new Map<FileNode, Map<string, FileNode>>()
  const files = new Map<FileNode, PackedFile>()
  const contents = new Map<FileNode, Spool>()
  let made = 0
  const makeDirectory = () => {
    const node: FileNode = { ...plainNode, type: 'dir', ino: ++made, mode: 0o555, size: 0, content: () => notA('file') }
    children.set(node, new Map())
    return node
  }
  const open = (node: FileNode): Spool => {
    const file = files.get(node)!
    const { size } = file.expected!
    if (size > unpackedLimit)
      throw new DiskError(file.name, `it unpacks to ${bytesText(size)}; the limit is ${bytesText(unpackedLimit)}`, 'unsupported')
    // One after the other, so that many files don't need many threads.
    for (const spool of contents.values()) spool.finish()
    const tooLarge = `it unpacks to more than the ${size} bytes that the zip's directory says`
    return spoolFiles([file], file.name, { dir: tempDir, limit: size, tooLarge, wayOut, concurrency: 1 })
  }
  const makeFile = (packed: PackedFile) => {
    const node: FileNode = {
      ...plainNode,
      type: 'file',
      ino: ++made,
      mode: 0o444,
      size: packed.expected!.size,
      content() {
        const content = contents.get(node) ?? open(node)
        contents.set(node, content)
        return content
      },
    }
    files.set(node, packed)
    return node
  }
  const root = makeDirectory()
  for (const { path, start, storedSize, compression, expected, isDirectory } of entries) {
    const names = path.split('/').filter((name) => name !== '' && name !== '.')
    const last = names.pop()
    if (last === undefined) continue
    let dir = root
    for (const name of isDirectory ? [...names, last] : names) {
      const next = children.get(dir)!.get(name) ?? makeDirectory()
      if (next.type !== 'dir') throw twice(source, path)
      children.get(dir)!.set(name, next)
      dir = next
    }
    if (isDirectory) continue
    if (children.get(dir)!.has(last)) throw twice(source, path)
    const name = `${path} of ${source.name}`
    children.get(dir)!.set(last, makeFile({ name, source: slice(source, start, storedSize, name), compression, expected }))
  }
  return {
    root,
    *entries(dir) {
      for (const [name, node] of children.get(dir)!) yield { name: Buffer.from(name), node: () => node }
    },
    packed: (node) => files.get(node)!,
    finish() {
      for (const content of contents.values()) content.finish()
    },
    close() {
      for (const content of contents.values()) content.close()
      contents.clear()
    },
  }
}

const plainNode = {
  uid: 0,
  gid: 0,
  nlink: 1,
  mtime: { seconds: 0, nanoseconds: 0 },
  target: () => notA('symlink'),
  xattrs: () => new Map(),
}

function notA(type: string): never {
  throw new Error(`it is no ${type}`)
}

function twice(source: Source, path: string): DiskError {
  return new DiskError(source.name, `the zip has ${path} twice; unpack it, and give the right file`)
}
