import { DiskError } from '../bytes/errors.ts'
import { type Disk, openDisk } from './disk.ts'
import type { FileSystem } from './filesystem/format.ts'
import type { DiskImage } from './image.ts'
import { type DiskInput, type InputOptions, openInput } from './input.ts'
import { findRoot } from './root/index.ts'

/** A root filesystem, and what it was found in. */
export interface OpenRoot {
  readonly input: DiskInput
  /** Absent if the filesystem is that of an ISO. */
  readonly disk?: Disk
  /** Position, e.g. `partition 1 of disk of XenServer-6.5.0-DDK.iso`. */
  readonly place: string
  readonly fileSystem: FileSystem
  /** Whether it has the files of a Linux root. */
  readonly looksLikeRoot: boolean
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
  const disk = openDisk(image, warn)
  const { volume, fileSystem, looksLikeRoot } = findRoot(disk.table.partitions, input.bootLine, warn)
  return {
    input,
    disk,
    place: volume.source.name,
    fileSystem,
    looksLikeRoot,
    finish() {
      image.finish()
      disk.check()
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
  return {
    input,
    place: path,
    fileSystem: input.iso!,
    looksLikeRoot: false,
    finish() {},
    causeOf: (error) => error,
    close: input.close,
  }
}
