import type { Source } from '../bytes/source.ts'

/** The file that a disk is in, in any format. */
export interface DiskImage {
  /** May still be growing: then its `size` waits for its end. */
  readonly bytes: Source
  /** Bytes in the disk inside, if that is said. */
  readonly diskSize?: number
  /**
   * Waits until all of it is there and verified.
   * @throws DiskError that names the part that isn't sound
   */
  finish(): void
  close(): void
}
