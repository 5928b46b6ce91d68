import { DiskError, type Warn } from '../bytes/errors.ts'
import type { Source } from '../bytes/source.ts'
import { hasLabel, type Lvm, readLvm } from './lvm/index.ts'
import type { PartitionTable } from './partitions/index.ts'
import type { Volume, Volumes } from './root/index.ts'

/** The partitions of a disk, and the logical volumes in them. */
export interface DiskVolumes extends Volumes {
  /** Reads the volume groups when they are needed for the first time. */
  lvm(): Lvm
}

/** @param disk its name, for messages */
export function diskVolumes(table: PartitionTable, disk: string, warn: Warn): DiskVolumes {
  const partitions = table.partitions
    .filter(({ extended }) => !extended)
    .map(({ number, uuid, name, source }): Volume & { source: typeof source } => ({ place: source.name, source, number, uuid, name }))
  const lvm = once(() => readLvm(partitions.map(({ source }) => source).filter(isPhysicalVolume), disk, warn))
  const logicalVolumes = once(() =>
    lvm().groups.flatMap((group) =>
      group.logicalVolumes
        .filter(({ isVisible }) => isVisible)
        .map(({ name, place, source }): Volume => ({ place, source, logical: { group: group.name, name } })),
    ),
  )
  return {
    partitions,
    isContainer: ({ source }) => !(source instanceof DiskError) && isPhysicalVolume(source),
    logicalVolumes,
    problems: () => lvm().problems.map(({ error }) => error),
    lvm,
  }
}

/** A partition that lies past the end of the disk isn't one. Whoever reads it gets the error. */
function isPhysicalVolume(source: Source): boolean {
  try {
    return hasLabel(source)
  } catch (error) {
    if (error instanceof DiskError) return false
    throw error
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
