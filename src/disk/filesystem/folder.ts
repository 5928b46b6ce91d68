import { type BigIntStats, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { closedFile, RecentlyOpened } from '../../bytes/closed-file.ts'
import { DiskError, fileError } from '../../bytes/errors.ts'
import { checkRange, readFully, type Source } from '../../bytes/source.ts'
import { pathText } from '../../bytes/text.ts'
import { fileTypeOf } from './file-type.ts'
import type { FileNode, FileTree, Time } from './tree.ts'

/** A local folder. Of the files that were read, the last ones stay open until `close()`. */
export interface Folder extends FileTree {
  close(): void
}

/** A disk in uncompressed chunks is read all over. With this many, an ext filesystem's tables and the file itself are open. */
const mostOpen = 16

/**
 * Opens a folder that has the contents of a DDK ISO. Symlinks are not followed; extended attributes and device numbers are not reported.
 * @throws DiskError if it can't be read, also later
 */
export function openFolder(path: string): Folder {
  const nodes = nodeMaker()
  const root = attempt(path, () => statSync(path, { bigint: true }))
  if (!root.isDirectory()) throw new DiskError(path, 'it is not a folder', 'not-a-ddk')
  const paths = new Map<FileNode, Buffer>()
  const add = (nodePath: Buffer, stats: BigIntStats) => {
    const node = nodes.make(nodePath, stats)
    paths.set(node, nodePath)
    return node
  }
  return {
    root: add(Buffer.from(path), root),
    *entries(dir) {
      const dirPath = paths.get(dir)!
      for (const name of attempt(dirPath, () => readdirSync(dirPath, { encoding: 'buffer' }))) {
        const childPath = Buffer.concat([dirPath, Buffer.from('/'), name])
        yield {
          name,
          node: () =>
            add(
              childPath,
              attempt(childPath, () => lstatSync(childPath, { bigint: true })),
            ),
        }
      }
    },
    close: nodes.close,
  }
}

function nodeMaker(): { make(path: Buffer, stats: BigIntStats): FileNode; close(): void } {
  const recent = new RecentlyOpened(mostOpen)
  // Inode numbers have 64 bits and are unique per device only, so nodes get other numbers.
  const numbers = new Map<string, number>()
  const contentOf = (path: Buffer, stats: BigIntStats) => {
    const file = closedFile(path, stats)
    const { size } = file
    const source: Source = {
      name: pathText(path),
      size,
      runs: [{ file, offset: 0, length: size }],
      read(into, offset) {
        checkRange(source, offset, into.length)
        const fd = attempt(path, () => recent.descriptorOf(file))
        readFully(fd, into, offset, source.name)
      },
    }
    return source
  }
  const make = (path: Buffer, stats: BigIntStats): FileNode => {
    const identity = `${stats.dev}:${stats.ino}`
    const ino = numbers.get(identity) ?? numbers.size + 1
    numbers.set(identity, ino)
    return {
      type: fileTypeOf(Number(stats.mode))!,
      ino,
      mode: Number(stats.mode & 0o7777n),
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      nlink: Number(stats.nlink),
      mtime: timeOf(stats.mtimeNs),
      size: Number(stats.size),
      content: () => contentOf(path, stats),
      target: () => attempt(path, () => readlinkSync(path, { encoding: 'buffer' })),
      xattrs: () => new Map(),
    }
  }
  return { make, close: () => recent.close() }
}

function timeOf(sinceEpoch: bigint): Time {
  const nanoseconds = ((sinceEpoch % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return { seconds: Number((sinceEpoch - nanoseconds) / 1_000_000_000n), nanoseconds: Number(nanoseconds) }
}

function attempt<T>(path: string | Buffer, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw fileError(typeof path === 'string' ? path : pathText(path), error)
  }
}
