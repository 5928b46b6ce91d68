import { memorySource } from '../../src/bytes/source.ts'
import type { FileNode, TreeEntry } from '../../src/disk/filesystem/tree.ts'
import { type TarOptions, tarPieces } from '../../src/image/tar/tar.ts'

/** An entry out of nothing; what isn't said is that of a file of root's, empty, from 1970. */
export function entry(path: string | Buffer, fields: Partial<Omit<FileNode, 'content' | 'target' | 'xattrs'>> & Contents = {}): TreeEntry {
  const { content = '', target = '', xattrs = {}, ...rest } = fields
  const bytes = Buffer.from(content)
  const node: FileNode = {
    type: 'file',
    ino: nextIno++,
    mode: 0o644,
    uid: 0,
    gid: 0,
    nlink: 1,
    mtime: { seconds: 0, nanoseconds: 0 },
    size: bytes.length,
    content: () => memorySource(bytes, 'memory'),
    target: () => Buffer.from(target),
    xattrs: () => new Map(Object.entries(xattrs)),
    ...rest,
  }
  return { path: Buffer.from(path), node }
}

/** The whole tar in one buffer. */
export function tarOf(entries: Iterable<TreeEntry>, options: Partial<TarOptions> = {}): Buffer {
  return Buffer.concat([...tarPieces(entries, { allocate: (size) => new Uint8Array(size), warn: () => {}, ...options })])
}

interface Contents {
  content?: string | Buffer
  target?: string | Buffer
  xattrs?: Record<string, Buffer>
}

let nextIno = 1_000_000
