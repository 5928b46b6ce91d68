import { DiskError, type Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { type Label, readLabel } from './label.ts'
import { logicalVolumeSource } from './logical-volume.ts'
import { readMetadataText } from './metadata-area.ts'
import { findOverlaps } from './overlaps.ts'
import { type GroupDescription, parseVolumeGroup } from './volume-group.ts'

export { hasLabel } from './metadata-area.ts'

/** What the physical volumes of an input consist of. */
export interface Lvm {
  readonly groups: readonly VolumeGroup[]
  readonly problems: readonly LvmProblem[]
}

/** Why a physical volume, or what should be one, belongs to no group. */
export interface LvmProblem {
  /** The partition or disk, e.g. `partition 2 of disk`. */
  readonly place: string
  readonly error: DiskError
}

/** An LVM2 volume group. Sizes are in bytes. */
export interface VolumeGroup {
  readonly name: string
  readonly uuid: string
  /** Number of the change that the metadata is from. */
  readonly seqno: number
  readonly extentSize: number
  readonly physicalVolumes: readonly PhysicalVolume[]
  readonly logicalVolumes: readonly LogicalVolume[]
}

export interface PhysicalVolume {
  readonly uuid: string
  readonly size: number
  /** The partition or disk that it is, e.g. `partition 2 of disk`; absent if it isn't in the input. */
  readonly place?: string
  /** Why it can't be used. */
  readonly problem?: string
}

export interface LogicalVolume {
  /** For messages, e.g. `logical volume centos/root of disk`. */
  readonly place: string
  readonly group: string
  readonly name: string
  readonly uuid: string
  readonly size: number
  /** Types of its segments, e.g. `striped`; `linear` for stripes on one physical volume, as LVM's tools say. */
  readonly types: readonly string[]
  /** Volumes that aren't visible are parts of others, and never contain a filesystem for themselves. */
  readonly isVisible: boolean
  /** Its bytes, or why they can't be read. */
  readonly source: Source | DiskError
}

/**
 * Reads the volume groups on an input's partitions or disks. Of several copies of a group's metadata, the one from the last change is
 * used. What can't be read is a problem of the volume that it concerns; nothing is thrown.
 * @param sources that have a label, see `hasLabel`
 * @param disk name of what they lie on, for messages
 */
export function readLvm(sources: readonly Source[], disk: string, warn: Warn): Lvm {
  const problems: LvmProblem[] = []
  const found = sources.flatMap((source) => readPhysicalVolume(source, problems) ?? [])
  const latest = new Map<string, GroupDescription>()
  for (const { copies } of found) {
    for (const { description } of copies) {
      const known = latest.get(description.uuid)
      if (!known || known.seqno < description.seqno) latest.set(description.uuid, description)
    }
  }
  const groups = [...latest.values()].map((description) => makeGroup(description, found, disk))
  warnOfCopies(found, latest, warn)
  for (const [index, { name }] of groups.entries()) {
    if (groups.findIndex((other) => other.name === name) < index) warn(`${disk}: there are several volume groups with the name ${name}`)
  }
  const members = new Set(groups.flatMap(({ physicalVolumes }) => physicalVolumes.map(({ uuid }) => plain(uuid))))
  for (const { source, label, damages } of found) {
    if (members.has(label.uuid)) continue
    const error = damages[0]
      ? new DiskError(source.name, `its LVM metadata can't be read: ${damages.join('; ')}`)
      : new DiskError(source.name, 'it is an LVM2 physical volume that belongs to no volume group', 'not-a-ddk')
    problems.push({ place: source.name, error })
  }
  return { groups, problems }
}

interface FoundPhysicalVolume {
  readonly source: Source
  readonly label: Label
  /** The metadata in each of its areas. */
  readonly copies: readonly { readonly at: number; readonly text: string; readonly description: GroupDescription }[]
  /** What is wrong with the other areas. */
  readonly damages: readonly string[]
}

function readPhysicalVolume(source: Source, problems: LvmProblem[]): FoundPhysicalVolume | undefined {
  try {
    const label = readLabel(source)
    if (!label) return undefined
    const copies: FoundPhysicalVolume['copies'][number][] = []
    const damages: string[] = []
    for (const area of label.metadataAreas) {
      const text = readMetadataText(source, area)
      if (text === undefined) continue
      const copy = typeof text === 'string' ? text : parseCopy(text)
      if (typeof copy === 'string') damages.push(`the metadata area at byte ${area.offset} is damaged (${copy})`)
      else copies.push({ at: area.offset, ...copy })
    }
    return { source, label, copies, damages }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    problems.push({ place: source.name, error })
    return undefined
  }
}

function parseCopy(bytes: Buffer): { text: string; description: GroupDescription } | string {
  const text = bytes.toString()
  try {
    return { text, description: parseVolumeGroup(text) }
  } catch (error) {
    return `the metadata ${(error as Error).message}`
  }
}

/** Warns about copies of a group's metadata that are damaged, older than the one that is used, or different. */
function warnOfCopies(found: readonly FoundPhysicalVolume[], latest: ReadonlyMap<string, GroupDescription>, warn: Warn): void {
  const texts = new Map<GroupDescription, string>()
  for (const { copies } of found) for (const { text, description } of copies) texts.set(description, text)
  for (const { source, copies, damages } of found) {
    if (copies.length > 0) for (const damage of damages) warn(`${source.name}: ${damage}; another copy is used`)
    for (const { at, text, description } of copies) {
      const { name, uuid, seqno } = description
      const used = latest.get(uuid)!
      const copy = `${source.name}, byte ${at}: the metadata of volume group ${name}`
      if (seqno < used.seqno) warn(`${copy} is that of change ${seqno}; the newer one of change ${used.seqno} is used`)
      else if (text !== texts.get(used)) warn(`${copy} differs from another copy of the same change ${seqno}, which is used`)
    }
  }
}

function makeGroup(description: GroupDescription, found: readonly FoundPhysicalVolume[], disk: string): VolumeGroup {
  const { name, uuid, seqno, extentSize } = description
  const sources = new Map<string, Source | string>()
  const physicalVolumes = [...description.physicalVolumes].map(([key, pv]): PhysicalVolume => {
    const places = found.filter(({ label }) => label.uuid === plain(pv.uuid)).map(({ source }) => source)
    const [place] = places
    const problem = problemOfPlaces(places, pv.device)
    sources.set(key, problem ?? place!)
    return { uuid: pv.uuid, size: pv.extents * extentSize, ...(place && { place: place.name }), ...(problem && { problem }) }
  })
  const overlaps = findOverlaps(description)
  const logicalVolumes = description.logicalVolumes.map((volume): LogicalVolume => {
    const place = `logical volume ${name}/${volume.name} of ${disk}`
    const { segments, isVisible } = volume
    const overlap = overlaps.get(volume.name)
    return {
      place,
      group: name,
      name: volume.name,
      uuid: volume.uuid,
      size: segments.reduce((sum, { extents }) => sum + extents, 0) * extentSize,
      types: [...new Set(segments.map(({ type, stripes }) => (type === 'striped' && stripes.length === 1 ? 'linear' : type)))],
      isVisible,
      source: overlap
        ? new DiskError(place, `${overlap}; the metadata of the volume group is damaged`)
        : attempt(() => logicalVolumeSource(volume, description, sources, place)),
    }
  })
  return { name, uuid, seqno, extentSize, physicalVolumes, logicalVolumes }
}

/** The second half of a sentence that begins with the name of the physical volume. */
function problemOfPlaces(places: readonly Source[], device: string): string | undefined {
  if (places.length === 1) return undefined
  if (places.length > 1) return `of which there are several: ${places.map(({ name }) => name).join(' and ')}`
  return `which is missing${device && ` (it was ${device} before)`}`
}

function attempt(make: () => Source): Source | DiskError {
  try {
    return make()
  } catch (error) {
    if (error instanceof DiskError) return error
    throw error
  }
}

/** UUIDs have dashes in the metadata and none in labels. */
function plain(uuid: string): string {
  return uuid.replaceAll('-', '')
}
