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

/** A disk with its partition table. */
export interface PartitionedDisk {
  /** For messages. */
  readonly name: string
  readonly table: PartitionTable
  /** Tells it from the root's disk: `b` in /dev/xvdb. */
  readonly letter?: string
}

/** What the machine's other disks are, or why they can't be used. */
export type OtherDisks = () => readonly (PartitionedDisk | DiskError)[]

/**
 * The volumes of the root's disk.
 * @param otherDisks opens the machine's other disks. They are looked at only if a volume group lies on them as well, or for `withOtherDisks`
 */
export function diskVolumes(disk: PartitionedDisk, warn: Warn, otherDisks?: OtherDisks): DiskVolumes {
  if (!otherDisks) return volumesOf([disk], [], warn)
  const warnings: string[] = []
  const alone = volumesOf([disk], [], (sentence) => warnings.push(sentence))
  const all = once(() => {
    const disks = [disk]
    const errors: DiskError[] = []
    for (const other of otherDisks()) {
      if (other instanceof DiskError) errors.push(other)
      else disks.push(other)
    }
    return volumesOf(disks, errors, warn)
  })
  const lvm = once(() => {
    const { groups } = alone.lvm()
    const isWhole = groups.every(({ physicalVolumes }) => physicalVolumes.every(({ place }) => place !== undefined))
    if (!isWhole) return all().lvm()
    for (const sentence of warnings) warn(sentence)
    return alone.lvm()
  })
  return { ...alone, ...volumesOfLvm(lvm), lvm, withOtherDisks: all }
}

function volumesOf(disks: readonly PartitionedDisk[], errors: readonly DiskError[], warn: Warn): DiskVolumes {
  const partitions = disks.flatMap(({ table, letter }) =>
    table.partitions
      .filter(({ extended }) => !extended)
      .map(({ number, uuid, name, source }): Volume & { source: Source } => {
        return { place: source.name, source, number, uuid, name, ...(letter !== undefined && { disk: letter }) }
      }),
  )
  const lvm = once(() => readLvm(partitions.map(({ source }) => source).filter(isPhysicalVolume), disks[0]!.name, warn))
  const { logicalVolumes, problems } = volumesOfLvm(lvm)
  return {
    partitions,
    isContainer: ({ source }) => !(source instanceof DiskError) && isPhysicalVolume(source),
    logicalVolumes,
    problems: () => [...problems(), ...errors],
    lvm,
  }
}

function volumesOfLvm(lvm: () => Lvm): Pick<Volumes, 'logicalVolumes' | 'problems'> {
  return {
    logicalVolumes: once(() =>
      lvm().groups.flatMap((group) =>
        group.logicalVolumes
          .filter(({ isVisible }) => isVisible)
          .map(({ name, place, source }): Volume => ({ place, source, logical: { group: group.name, name } })),
      ),
    ),
    problems: () => lvm().problems.map(({ error }) => error),
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
