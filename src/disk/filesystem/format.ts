import type { Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import type { FileTree } from './tree.ts'

/** A filesystem that can be read. */
export interface FileSystem extends FileTree {
  readonly info: FileSystemInfo
}

/** What `inspect` says of a filesystem. What a format hasn't is empty, not made up. */
export interface FileSystemInfo {
  /** Name as in blkid: `ext3`, `xfs`, `iso9660`. */
  readonly type: string
  /** Empty if it has none. `root=LABEL=` is compared with it. */
  readonly label: string
  /** As blkid prints it; empty if the format has none. `root=UUID=` is compared with it, in any case. */
  readonly uuid: string
  /** Bytes in a block, the unit in which the format gives room to files; 1 if it packs them without one. */
  readonly blockSize: number
  /** Bytes in the whole filesystem. What they are less `free` is taken for the size of the tar to come. */
  readonly size: number
  /** How many of them are free; 0 if the format doesn't say, or is never written to. */
  readonly free: number
  /** Names as the format's own tools print them. */
  readonly features: readonly string[]
  /** Anything else worth knowing, as short phrases, e.g. `journal replayed: 3 transactions`. */
  readonly notes: readonly string[]
}

/** A kind of filesystem. To add one, write its reader and list it in formats.ts. */
export interface FileSystemFormat {
  /** As people call it, e.g. `ext`. */
  readonly name: string
  /**
   * Whether the bytes carry its signature. Cheap; false for anything else, a source that is too short included, and never an error.
   * It looks by `hasText` and `peek` only: a source that is still growing has no size yet, and asking for it waits for the last byte.
   */
  detect(source: Source): boolean
  /**
   * Opens what `detect` knew.
   * @param warn told, in one sentence each, what is odd and yet can be read; `onceEach` keeps damage from repeating itself
   * @throws DiskError of the kind `damaged`, `unsupported` or `encrypted`, whatever the bytes are: no other error, and no endless loop
   */
  open(source: Source, warn: Warn): FileSystem
}
