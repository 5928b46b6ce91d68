import { DiskError } from '../../bytes/errors.ts'
import { window } from '../../bytes/peek.ts'
import { checkRange, concat, type Source } from '../../bytes/source.ts'
import type { GroupDescription, LogicalVolumeDescription, Segment } from './volume-group.ts'

/** Where the bytes of a volume group's physical volumes are, by the names that segments use. The text says why one can't be used. */
export type PhysicalVolumes = ReadonlyMap<string, Source | string>

/** What the types of segments are called, where LVM's own word isn't enough. */
const typeNames: Readonly<Record<string, string>> = {
  thin: 'a thin volume',
  'thin-pool': 'a thin pool',
  cache: 'a cached volume',
  'cache-pool': 'a cache pool',
  writecache: 'a volume with a write cache',
  mirror: 'a mirror',
  snapshot: 'a snapshot',
  vdo: 'a VDO volume',
  'vdo-pool': 'a VDO pool',
  error: 'a volume without data (error)',
  zero: 'a volume without data (zero)',
}

/**
 * The bytes of a logical volume that is linear or striped.
 * @param group that it belongs to, which may have snapshots of it
 * @throws DiskError that names the volume, if it is of another type, needs a physical volume that isn't there, or has impossible segments
 */
export function logicalVolumeSource(volume: LogicalVolumeDescription, group: GroupDescription, pvs: PhysicalVolumes, name: string): Source {
  const snapshot = snapshotProblem(volume, group)
  if (snapshot) throw new DiskError(name, snapshot, 'unsupported')
  for (const { type } of volume.segments)
    if (!isReadable(type)) throw new DiskError(name, `it is ${typeName(type)}${supported}`, 'unsupported')
  let end = 0
  const parts = volume.segments
    .toSorted((a, b) => a.start - b.start)
    .map((segment, index) => {
      const fail = (what: string) => new DiskError(name, `its segment ${index + 1} ${what}; the metadata of the volume group is damaged`)
      if (segment.start !== end) throw fail(`begins at extent ${segment.start} instead of ${end}`)
      end += segment.extents
      if (!Number.isSafeInteger(end * group.extentSize)) throw fail('ends beyond any possible disk')
      return segmentSource(segment, group, pvs, name, fail)
    })
  if (end === 0) throw new DiskError(name, 'it has no segments; the metadata of the volume group is damaged')
  return concat(parts, name)
}

const supported = ', and only linear and striped volumes can be read'

function isReadable(type: string): boolean {
  return type === 'striped' || type === 'linear'
}

function typeName(type: string): string {
  const [plain] = type.split('+')
  if (plain?.startsWith('raid')) return `a RAID volume (${type})`
  return typeNames[plain!] ?? `a volume of the type ${JSON.stringify(type.slice(0, 40))}`
}

/**
 * A classic snapshot is a third, hidden volume that ties the two others together. The origin has its own, current bytes, unless a snapshot
 * is being merged into it. The snapshot's bytes are exceptions from the origin.
 */
function snapshotProblem({ name }: LogicalVolumeDescription, group: GroupDescription): string | undefined {
  for (const { segments } of group.logicalVolumes) {
    for (const { type, values } of segments) {
      if (type !== 'snapshot') continue
      if (values.get('cow_store') === name) return `it is a snapshot of ${String(values.get('origin'))}${supported}`
      if (!values.has('merging_store')) continue
      if (values.get('merging_store') === name) return `it is a snapshot that is being merged into ${String(values.get('origin'))}`
      if (values.get('origin') === name) return 'a snapshot is being merged into it; activate it once with LVM, so that it can finish'
    }
  }
  return undefined
}

function segmentSource(
  segment: Segment,
  group: GroupDescription,
  pvs: PhysicalVolumes,
  name: string,
  fail: (what: string) => DiskError,
): Source {
  const { extents, stripes, stripeSize } = segment
  if (extents === 0 || extents % stripes.length !== 0) throw fail(`has ${extents} extents on ${stripes.length} stripes`)
  const size = (extents / stripes.length) * group.extentSize
  const areas = stripes.map(({ on, start }) => {
    const description = group.physicalVolumes.get(on)
    const pv = pvs.get(on)
    if (!description || pv === undefined) {
      const part = group.logicalVolumes.find((other) => other.name === on)
      if (!part) throw fail(`lies on ${JSON.stringify(on)}, which doesn't exist`)
      const type = part.segments[0]?.type ?? ''
      throw new DiskError(
        name,
        `a part of it lies on ${group.name}/${on}, which is ${isReadable(type) ? 'a volume itself' : typeName(type)}${supported}`,
        'unsupported',
      )
    }
    if (typeof pv === 'string') throw new DiskError(name, `it needs the physical volume ${description.uuid}, ${pv}`, 'unsupported')
    if (start + extents / stripes.length > description.extents) {
      throw fail(
        `ends at extent ${start + extents / stripes.length} of physical volume ${description.uuid}, which has ${description.extents}`,
      )
    }
    const offset = description.start + start * group.extentSize
    if (!Number.isSafeInteger(offset + size)) throw fail('ends beyond any possible disk')
    return window(pv, offset, size, name)
  })
  if (areas.length === 1) return areas[0]!
  if (stripeSize === 0 || size % stripeSize !== 0) throw fail(`has stripes of ${stripeSize} bytes in areas of ${size} bytes`)
  return striped(areas, stripeSize, name)
}

/** Takes `stripeSize` bytes of each area in turn. */
function striped(areas: readonly Source[], stripeSize: number, name: string): Source {
  const whole: Source = {
    name,
    size: areas.reduce((sum, { size }) => sum + size, 0),
    read(into, offset) {
      checkRange(whole, offset, into.length)
      for (let done = 0; done < into.length; ) {
        const at = offset + done
        const stripe = Math.floor(at / stripeSize)
        const within = at % stripeSize
        const length = Math.min(stripeSize - within, into.length - done)
        areas[stripe % areas.length]!.read(into.subarray(done, done + length), Math.floor(stripe / areas.length) * stripeSize + within)
        done += length
      }
    },
  }
  return whole
}
