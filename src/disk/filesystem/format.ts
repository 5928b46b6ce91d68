import type { Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import type { FileTree } from './tree.ts'

/** A filesystem that can be read. */
export interface FileSystem extends FileTree {
  readonly info: FileSystemInfo
}

/** What `inspect` says of a filesystem. */
export interface FileSystemInfo {
  /** As blkid names it: `ext3`, `xfs`, `iso9660`. */
  readonly type: string
  readonly label: string
  readonly uuid: string
  /** Bytes in a block. */
  readonly blockSize: number
  /** Bytes in the whole filesystem, and how many of them are free. */
  readonly size: number
  readonly free: number
  /** By the names that the format's own tools print. */
  readonly features: readonly string[]
  /** Anything more worth knowing, one short phrase each, e.g. `journal replayed: 3 transactions`. */
  readonly notes: readonly string[]
}

/** A kind of filesystem: add one by writing its reader and naming it in formats.ts. */
export interface FileSystemFormat {
  readonly name: string
  /** Whether the bytes carry its signature; cheap, and false rather than an error for anything else. */
  detect(source: Source): boolean
  /** @throws DiskError if it is damaged, or uses a feature that can't be read */
  open(source: Source, warn: Warn): FileSystem
}
