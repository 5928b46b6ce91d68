import type { Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import type { FileTree } from './tree.ts'

/** A filesystem that can be read. */
export interface FileSystem extends FileTree {
  readonly info: FileSystemInfo
}

/** What `inspect` reports about a filesystem. A value that the format doesn't have is empty, never invented. */
export interface FileSystemInfo {
  /** Name as in blkid: `ext3`, `xfs`, `iso9660`. */
  readonly type: string
  /** Empty if it has none. `root=LABEL=` is compared with it. */
  readonly label: string
  /** As blkid prints it; empty if the format has none. `root=UUID=` is compared with it, ignoring case. */
  readonly uuid: string
  /** Bytes in a block, the unit in which the format allocates space to files; 1 if it has no such unit. */
  readonly blockSize: number
  /** Size of the whole filesystem in bytes. The size minus `free` is the estimated size of the tar. */
  readonly size: number
  /** Free bytes; 0 if the format doesn't record them, or is read-only. */
  readonly free: number
  /** Names as the format's own tools print them. */
  readonly features: readonly string[]
  /** Anything else worth knowing, as short phrases, e.g. `journal replayed: 3 transactions`. */
  readonly notes: readonly string[]
}

/** A kind of filesystem. To add one, write its reader and list it in formats.ts. */
export interface FileSystemFormat {
  /** The usual name, e.g. `ext`. */
  readonly name: string
  /**
   * Whether the bytes have the format's signature. It must be cheap, return false for anything else, including a source that is too short,
   * and never throw. Use only `hasText` and `peek`: the size of a source that is still growing is unknown, and asking for it waits for the
   * last byte.
   */
  detect(source: Source): boolean
  /**
   * Opens a source that `detect` has recognized.
   * @param warn gets one sentence for each problem that doesn't prevent reading; use `onceEach` to avoid repetitions
   * @throws DiskError of the kind `damaged`, `unsupported` or `encrypted`. Whatever the bytes are, it must not throw anything else, and
   *   must not loop forever.
   */
  open(source: Source, warn: Warn): FileSystem
}
