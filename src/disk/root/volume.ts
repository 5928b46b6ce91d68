import { DiskError, type Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import type { FileSystem } from '../filesystem/format.ts'
import { openFileSystem } from '../filesystem/formats.ts'
import { identifyVolume } from '../filesystem/signatures.ts'

/** Something that may contain a filesystem: a partition, a whole disk, or a logical volume. */
export interface Volume {
  /** For messages, e.g. `partition 1 of disk`. */
  readonly place: string
  /** Its bytes, or why they can't be read. */
  readonly source: Source | DiskError
  /** Of a partition, its number as in Linux; 0 for a whole disk. */
  readonly number?: number
  /** Of a partition, PARTUUID and PARTLABEL, or empty. */
  readonly uuid?: string
  readonly name?: string
  /** Of a partition of another disk than the root's: the letter that tells disks apart, e.g. `b` in /dev/xvdb1. */
  readonly disk?: string
  /** Of a logical volume. */
  readonly logical?: { readonly group: string; readonly name: string }
}

/** The volumes of the root's disk. */
export interface Volumes {
  /** All partitions that may contain a filesystem. Whether it is so is found out by `isContainer`. */
  readonly partitions: readonly Volume[]
  /** Whether a partition contains nothing but logical volumes. Looks at its first sectors. */
  isContainer(partition: Volume): boolean
  /** All logical volumes that may contain a filesystem. To find them, the first sectors of all partitions are looked at. */
  logicalVolumes(): readonly Volume[]
  /** Why some containers have no logical volumes. */
  problems(): readonly DiskError[]
  /** The volumes of this and all other disks of the machine, if it has others. */
  withOtherDisks?(): Volumes
}

/** A volume that was looked into. */
export interface OpenVolume {
  readonly volume: Volume
  readonly fileSystem?: FileSystem
  /** What it contains, if that isn't a readable filesystem, e.g. `a FAT filesystem`. */
  readonly content?: string
  readonly isEncrypted?: boolean
  /** Why its filesystem can't be read. */
  readonly error?: DiskError
  /** Passes on the warnings about the filesystem from now on, and those until now. Before, they wait, since it may not be used. */
  use(warn: Warn): void
}

/** Looks into each volume at most once. */
export type Opener = (volume: Volume) => OpenVolume

export function volumeOpener(): Opener {
  const known = new Map<Volume, OpenVolume>()
  return (volume) => {
    const opened = known.get(volume) ?? openVolume(volume)
    known.set(volume, opened)
    return opened
  }
}

function openVolume(volume: Volume): OpenVolume {
  const { source } = volume
  const waiting: string[] = []
  let pass: Warn | undefined
  const use = (warn: Warn) => {
    if (pass) return
    pass = warn
    for (const sentence of waiting.splice(0)) warn(sentence)
  }
  if (source instanceof DiskError) return { volume, error: source, use }
  try {
    const fileSystem = openFileSystem(source, (sentence) => (pass ? pass(sentence) : waiting.push(sentence)))
    if (fileSystem) return { volume, fileSystem, use }
    const content = identifyVolume(source)
    return { volume, content: content?.name ?? 'an unknown format', isEncrypted: content?.isEncrypted === true, use }
  } catch (error) {
    if (error instanceof DiskError) return { volume, error, use }
    throw error
  }
}
