import { statSync } from 'node:fs'
import { DiskError, type DiskErrorKind, type Warn } from '../bytes/errors.ts'
import type { Source } from '../bytes/source.ts'
import { pathText } from '../bytes/text.ts'
import type { Appliance } from './appliance/ova.ts'
import { type Disk, openDisk } from './disk.ts'
import type { FileSystemInfo } from './filesystem/format.ts'
import { openFileSystem } from './filesystem/formats.ts'
import type { IsoDescription } from './filesystem/iso9660/index.ts'
import { identifyVolume } from './filesystem/signatures.ts'
import { type DiskInput, type InputOptions, notADdkIso, openInput } from './input.ts'
import type { LogicalVolume, Lvm, VolumeGroup } from './lvm/index.ts'
import type { Partition } from './partitions/index.ts'
import { type Identity, identify } from './root/identity.ts'
import { findRoot, notARoot } from './root/index.ts'
import type { VhdInfo } from './vhd/index.ts'
import type { XvaDescription } from './xva/ova.ts'

/** The structure of an input, as far as it can be read. Sizes are in bytes. */
export interface Inspection {
  input: string
  kind?: DiskInput['kind']
  packedAs?: DiskInput['packedAs']
  size?: number
  iso?: IsoDescription
  appliance?: Appliance
  chunks?: { name: string; size: number; gzipped: boolean }[]
  xva?: XvaDescription
  image?: { format: string; size: number; vhd?: VhdInfo }
  disk?: { size: number; scheme: string; sectorSize: number }
  volumes?: InspectedVolume[]
  volumeGroups?: InspectedGroup[]
  root?: InspectedRoot
  identity?: Identity
  warnings: string[]
  /** Why the input can't be converted. */
  errors: string[]
  /** The kind of the first error. */
  errorKind?: DiskErrorKind
}

/** What a partition or a logical volume contains. */
export interface InspectedContent {
  /** A filesystem's type, or the name of something that can't be read. */
  holds: string
  fileSystem?: FileSystemInfo
  error?: string
}

export interface InspectedVolume extends Omit<Partition, 'source'>, InspectedContent {}

export interface InspectedGroup extends Omit<VolumeGroup, 'logicalVolumes'> {
  logicalVolumes: InspectedLogicalVolume[]
}

export interface InspectedLogicalVolume extends Omit<LogicalVolume, 'source' | 'place' | 'group'>, InspectedContent {}

export interface InspectedRoot {
  place: string
  looksLikeRoot: boolean
  /** What its /etc/fstab mounts in it, and what it names that is left out on purpose. */
  mounts: { path: string; place: string; line: number }[]
  leftOut: { path: string; what: string; line: number; why: string }[]
}

/** Inspects all layers of an input. If one can't be read, `errors` says so, and the layers before it are still reported. */
export async function inspect(path: string, options: Omit<InputOptions, 'warn'>): Promise<Inspection> {
  const inspection: Inspection = { input: path, warnings: [], errors: [] }
  const warn = (sentence: string) => inspection.warnings.push(sentence)
  try {
    const input = await openInput(path, { ...options, warn })
    try {
      inspectInput(inspection, input, path, warn)
    } finally {
      input.close()
    }
  } catch (error) {
    addError(inspection, error)
  }
  return inspection
}

function addError(inspection: Inspection, error: unknown): void {
  if (inspection.errors.length === 0 && error instanceof DiskError) inspection.errorKind = error.kind
  inspection.errors.push((error as Error).message)
}

function inspectInput(inspection: Inspection, input: DiskInput, path: string, warn: Warn): void {
  const { kind, packedAs, iso, appliance, chunks, xva, image } = input
  inspection.kind = kind
  if (packedAs.length > 0) inspection.packedAs = packedAs
  if (kind !== 'folder') inspection.size = statSync(path).size
  if (iso) inspection.iso = iso.iso
  if (appliance) inspection.appliance = appliance
  if (xva) inspection.xva = xva
  if (chunks)
    inspection.chunks = chunks.map(({ name, source, compression }) => ({ name, size: source.size, gzipped: compression === 'gzip' }))
  if (!image) throw notADdkIso(path, iso)
  image.finish()
  const disk = openDisk(image, warn, input.otherDisks)
  inspection.image = { format: disk.format, size: image.bytes.size, ...(disk.vhd && { vhd: disk.vhd }) }
  inspectDisk(inspection, disk, input.bootLine, warn)
  disk.check()
}

function inspectDisk(inspection: Inspection, disk: Disk, bootLine: string | undefined, warn: Warn): void {
  const { volumes, table } = disk
  inspection.disk = { size: disk.bytes.size, scheme: table.scheme, sectorSize: table.sectorSize }
  inspection.volumes = table.partitions.map((partition) => inspectPartition(partition, volumes.lvm()))
  if (volumes.lvm().groups.length > 0) inspection.volumeGroups = volumes.lvm().groups.map(inspectGroup)
  const root = findRoot(volumes, bootLine, warn)
  const { place } = root.volume
  inspection.root = {
    place,
    looksLikeRoot: root.lacks === undefined,
    mounts: root.mounts.map(({ line, opened }) => ({ path: latin1Text(line.path), place: opened.volume.place, line: line.number })),
    leftOut: root.leftOut.map(({ line, why }) => ({ path: latin1Text(line.path), what: latin1Text(line.spec), line: line.number, why })),
  }
  inspection.identity = identify(root.tree, warn)
  if (root.lacks !== undefined) addError(inspection, notARoot(place, root.lacks, root.unreadable ?? []))
  root.check()
}

function latin1Text(text: string): string {
  return pathText(Buffer.from(text, 'latin1'))
}

function inspectPartition({ source, ...fields }: Partition, lvm: Lvm): InspectedVolume {
  if (fields.extended) return { ...fields, holds: 'logical partitions' }
  const group = lvm.groups.find(({ physicalVolumes }) => physicalVolumes.some(({ place }) => place === source.name))
  if (group) return { ...fields, holds: `LVM2 physical volume of ${group.name}` }
  const problem = lvm.problems.find(({ place }) => place === source.name)
  if (problem) return { ...fields, holds: 'LVM2 physical volume', error: problem.error.message }
  return { ...fields, ...inspectContent(source) }
}

function inspectGroup(group: VolumeGroup): InspectedGroup {
  return {
    ...group,
    logicalVolumes: group.logicalVolumes.map(({ source, place: _place, group: _group, ...fields }) => {
      if (!fields.isVisible) return { ...fields, holds: 'a part of other logical volumes' }
      if (source instanceof DiskError) return { ...fields, holds: "a volume that can't be read", error: source.message }
      return { ...fields, ...inspectContent(source) }
    }),
  }
}

function inspectContent(source: Source): InspectedContent {
  try {
    // The same warnings come from the search for the root, so they are dropped here.
    const info = openFileSystem(source, () => {})?.info
    return info ? { holds: info.type, fileSystem: info } : { holds: identifyVolume(source)?.name ?? 'an unknown format' }
  } catch (error) {
    return { holds: identifyVolume(source)?.name ?? "a filesystem that can't be read", error: (error as Error).message }
  }
}
