import type { Source } from '../bytes/source.ts'

/** The file that contains a disk, in any format. */
export interface DiskImage {
  /** May still be growing: then `size` waits for its end. */
  readonly bytes: Source
  /** Size of the disk in bytes, if it is known. */
  readonly diskSize?: number
  /**
   * Waits until everything has arrived and been verified.
   * @throws DiskError that names the damaged part
   */
  finish(): void
}

/** Another disk of the same machine. It is opened only if the root needs what is on it, because it may have to be unpacked first. */
export interface OtherDisk {
  /** Tells the disks apart in Linux: `b` in /dev/xvdb. */
  readonly letter: string
  /** @throws DiskError if it can't be opened */
  open(): DiskImage
}
