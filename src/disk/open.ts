import { DiskError } from '../bytes/errors.ts'
import { type Disk, openDisk } from './disk.ts'
import type { FileTree } from './filesystem/tree.ts'
import type { DiskImage } from './image.ts'
import { type DiskInput, type InputOptions, openInput } from './input.ts'
import { findRoot } from './root/index.ts'

/** A root filesystem, with what its /etc/fstab mounts in it, and what it was found in. */
export interface OpenRoot {
  readonly input: DiskInput
  /** Absent if the filesystem is that of an ISO. */
  readonly disk?: Disk
  /** Position, e.g. `partition 1 of disk of XenServer-6.5.0-DDK.iso`. */
  readonly place: string
  readonly tree: FileTree
  /** Type of the root's own filesystem, e.g. `ext3`. */
  readonly type: string
  /** Bytes in all its filesystems, and how many of them are in use. */
  readonly size: number
  readonly used: number
  /** Why it isn't the root of a DDK, as a part of a sentence; absent if it is. */
  readonly lacks?: string
  /** Other volumes that may contain the root, but can't be read. */
  readonly unreadable: readonly string[]
  /**
   * Waits until the whole input has been read and verified. Don't trust anything that was read until then.
   * @throws DiskError if the input is damaged
   */
  finish(): void
  /**
   * The actual reason for `error`: if the input is damaged, e.g. a chunk has a wrong checksum, then that; else `error` itself. Waits as
   * `finish` does.
   */
  causeOf(error: unknown): unknown
  close(): void
}

/**
 * Opens the root filesystem in an input: input, disk image, disk, partition, filesystem, each recognized by its content. An ISO without an
 * appliance counts as a filesystem.
 * @throws DiskError that says which layer is missing or damaged
 */
export async function openRoot(path: string, options: InputOptions): Promise<OpenRoot> {
  const input = await openInput(path, options)
  try {
    return input.image ? rootInImage(input, options) : isoAlone(input, path)
  } catch (error) {
    const cause = causeOf(error, input.image)
    input.close()
    throw cause
  }
}

function rootInImage(input: DiskInput, { warn }: InputOptions): OpenRoot {
  const image = input.image!
  const disk = openDisk(image, warn, input.otherDisks)
  const root = findRoot(disk.volumes, input.bootLine, warn)
  const { volume, fileSystem, tree, mounts, lacks, unreadable = [] } = root
  const all = [fileSystem, ...mounts.map((mount) => mount.fileSystem)].map(({ info }) => info)
  return {
    input,
    disk,
    place: volume.place,
    tree,
    type: fileSystem.info.type,
    size: all.reduce((sum, { size }) => sum + size, 0),
    used: all.reduce((sum, { size, free }) => sum + size - free, 0),
    ...(lacks !== undefined && { lacks }),
    unreadable,
    finish() {
      image.finish()
      disk.check()
      root.check()
    },
    causeOf: (error) => causeOf(error, image),
    close: input.close,
  }
}

function causeOf(error: unknown, image: DiskImage | undefined): unknown {
  if (!(error instanceof DiskError)) return error
  try {
    image?.finish()
    return error
  } catch (cause) {
    return cause
  }
}

function isoAlone(input: DiskInput, path: string): OpenRoot {
  const iso = input.iso!
  const { type, size, free } = iso.info
  return {
    input,
    place: path,
    tree: iso,
    type,
    size,
    used: size - free,
    lacks: 'it is an ISO without an appliance',
    unreadable: [],
    finish() {},
    causeOf: (error) => error,
    close: input.close,
  }
}
