import { parseConfigText, type Section, type Value } from './config-text.ts'

/** A volume group, as its metadata describes it. Sizes and offsets are in bytes, and extents are counted from 0. */
export interface GroupDescription {
  readonly name: string
  /** With dashes, as LVM prints it. */
  readonly uuid: string
  /** Increases with every change. */
  readonly seqno: number
  readonly extentSize: number
  /** By the names that segments use, e.g. `pv0`. */
  readonly physicalVolumes: ReadonlyMap<string, PhysicalVolumeDescription>
  readonly logicalVolumes: readonly LogicalVolumeDescription[]
}

export interface PhysicalVolumeDescription {
  readonly uuid: string
  /** Where it was when the metadata was written, e.g. `/dev/sda2`. */
  readonly device: string
  /** Where its first extent begins. */
  readonly start: number
  readonly extents: number
}

export interface LogicalVolumeDescription {
  readonly name: string
  readonly uuid: string
  /** Volumes that aren't visible are parts of others. */
  readonly isVisible: boolean
  readonly segments: readonly Segment[]
}

/** Consecutive extents of a logical volume. */
export interface Segment {
  /** Position in the volume, in extents. */
  readonly start: number
  readonly extents: number
  /** E.g. `striped`, which with one stripe is linear. */
  readonly type: string
  /** Of the types `striped` and `linear`; empty for all others. */
  readonly stripes: readonly Stripe[]
  /** Bytes in a row on one stripe; 0 if there is only one. */
  readonly stripeSize: number
  /** The values, for the types that refer to other volumes. */
  readonly values: ReadonlyMap<string, Value>
}

export interface Stripe {
  /** Name of a physical volume, or of a logical volume that is a part of this one. */
  readonly on: string
  /** Its first extent there. */
  readonly start: number
}

const sectorSize = 512
/** LVM allows no more physical volumes or stripes in practice; the number of segments bounds the time of a read. */
const limits = { physicalVolumes: 1024, logicalVolumes: 10_000, segments: 100_000, stripes: 128 }

/**
 * Parses the metadata text of a volume group (lib/format_text/import_vsn1.c of LVM2).
 * @throws Error whose message is the second half of a sentence about the metadata
 */
export function parseVolumeGroup(text: string): GroupDescription {
  const top = parseConfigText(text)
  const contents = top.values.get('contents')
  if (contents !== 'Text Format Volume Group') throw new Error(`has the contents ${JSON.stringify(contents ?? '')}`)
  if (top.values.get('version') !== 1) throw new Error(`has the version ${JSON.stringify(top.values.get('version') ?? '')}`)
  const [[name, group] = [undefined, undefined], ...others] = top.sections
  if (!group || others.length > 0) throw new Error(`describes ${top.sections.size} volume groups`)
  checkName(name)
  const format = group.values.get('format')
  if (format !== undefined && format !== 'lvm2') throw new Error(`has the format ${JSON.stringify(format)}`)
  const pvs = [...subsections(group, 'physical_volumes', limits.physicalVolumes)]
  const lvs = [...subsections(group, 'logical_volumes', limits.logicalVolumes)]
  const budget = { segments: limits.segments }
  return {
    name,
    uuid: string(group, 'id'),
    seqno: whole(group, 'seqno'),
    extentSize: sectors(group, 'extent_size', 1),
    physicalVolumes: new Map(pvs.map(([key, pv]) => [key, parsePhysicalVolume(pv)])),
    logicalVolumes: lvs.map(([key, lv]) => parseLogicalVolume(key, lv, budget)),
  }
}

/** The names that LVM accepts (lvm(8), "Valid names"), so that a name is safe in messages and paths. */
function checkName(name: string): void {
  if (!/^[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,127}$/.test(name) || name === '.' || name === '..') {
    throw new Error(`has the impossible name ${JSON.stringify(name.slice(0, 140))}`)
  }
}

function subsections(section: Section, name: string, most: number): ReadonlyMap<string, Section> {
  const found = section.sections.get(name)?.sections ?? new Map()
  if (found.size > most) throw new Error(`has ${found.size} ${name}; the limit is ${most}`)
  return found
}

function parsePhysicalVolume(section: Section): PhysicalVolumeDescription {
  const device = section.values.get('device')
  return {
    uuid: string(section, 'id'),
    device: typeof device === 'string' ? device : '',
    start: sectors(section, 'pe_start'),
    extents: whole(section, 'pe_count'),
  }
}

function parseLogicalVolume(name: string, section: Section, budget: { segments: number }): LogicalVolumeDescription {
  checkName(name)
  const count = whole(section, 'segment_count')
  budget.segments -= count
  if (budget.segments < 0) throw new Error(`has more than ${limits.segments} segments`)
  const segments: Segment[] = []
  for (let number = 1; number <= count; number++) {
    const segment = section.sections.get(`segment${number}`)
    if (!segment) throw new Error(`lacks segment ${number} of ${name}`)
    segments.push(parseSegment(segment, `segment ${number} of ${name}`))
  }
  const status = section.values.get('status')
  const isVisible = Array.isArray(status) && status.includes('VISIBLE')
  return { name, uuid: string(section, 'id'), isVisible, segments }
}

function parseSegment(section: Section, where: string): Segment {
  const type = string(section, 'type')
  const hasStripes = type === 'striped' || type === 'linear'
  return {
    start: whole(section, 'start_extent'),
    extents: whole(section, 'extent_count'),
    type,
    stripes: hasStripes ? parseStripes(section, where) : [],
    stripeSize: section.values.has('stripe_size') ? sectors(section, 'stripe_size') : 0,
    values: section.values,
  }
}

function parseStripes(section: Section, where: string): Stripe[] {
  const list = section.values.get('stripes')
  const count = whole(section, 'stripe_count')
  if (!Array.isArray(list) || count < 1 || list.length !== 2 * count) throw new Error(`has no list of ${count} stripes in ${where}`)
  if (count > limits.stripes) throw new Error(`has ${count} stripes in ${where}; the limit is ${limits.stripes}`)
  return Array.from({ length: count }, (_, index) => {
    const [on, start] = [list[2 * index], list[2 * index + 1]]
    if (typeof on !== 'string' || !isWhole(start)) throw new Error(`has a stripe without a place in ${where}`)
    return { on, start }
  })
}

function string(section: Section, key: string): string {
  const value = section.values.get(key)
  if (typeof value !== 'string' || value === '') throw new Error(`lacks the value "${key}"`)
  return value
}

function isWhole(value: Value | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function whole(section: Section, key: string): number {
  const value = section.values.get(key)
  if (!isWhole(value)) throw new Error(`has ${JSON.stringify(value ?? 'nothing')} as "${key}"`)
  return value
}

/** A number of sectors of 512 bytes, in bytes. */
function sectors(section: Section, key: string, least = 0): number {
  const value = whole(section, key)
  if (value < least || !Number.isSafeInteger(value * sectorSize)) throw new Error(`has ${value} as "${key}"`)
  return value * sectorSize
}
