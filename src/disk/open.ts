import { type Container, type ContainerOptions, openContainer } from './container.ts'
import { type Disk, openDisk } from './disk.ts'
import type { FileSystem } from './filesystem.ts'
import { findRoot } from './root.ts'

/** A root filesystem, and what it was found in. */
export interface OpenRoot {
  readonly container: Container
  /** Absent if the filesystem is an ISO's own. */
  readonly disk?: Disk
  /** Where it is, e.g. `partition 1 of disk of XenServer-6.5.0-DDK.iso`. */
  readonly place: string
  readonly fileSystem: FileSystem
  /** Whether it has what a Linux root has. */
  readonly looksLikeRoot: boolean
  /**
   * Waits until all that the filesystem came from has been read and verified. Nothing that was read before is to be trusted until then.
   * @throws DiskError if it isn't sound
   */
  finish(): void
  close(): void
}

/**
 * The road from a path to a root filesystem: container, disk image, disk, partition, filesystem; each is recognized by what its bytes are.
 * An ISO without an appliance is taken for the filesystem itself.
 * @throws DiskError that says which of them is missing or damaged
 */
export function openRoot(path: string, options: ContainerOptions): OpenRoot {
  const container = openContainer(path, options)
  try {
    return container.image ? rootInImage(container, options) : isoAlone(container, path)
  } catch (error) {
    container.close()
    throw error
  }
}

function rootInImage(container: Container, { warn }: ContainerOptions): OpenRoot {
  const image = container.image!
  const disk = openDisk(image, warn)
  const { volume, fileSystem, looksLikeRoot } = findRoot(disk.table.partitions, container.bootLine, warn)
  return {
    container,
    disk,
    place: volume.source.name,
    fileSystem,
    looksLikeRoot,
    finish() {
      image.finish()
      disk.check()
    },
    close: container.close,
  }
}

function isoAlone(container: Container, path: string): OpenRoot {
  return { container, place: path, fileSystem: container.iso!, looksLikeRoot: false, finish() {}, close: container.close }
}
