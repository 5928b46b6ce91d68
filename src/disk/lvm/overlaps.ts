import type { GroupDescription } from './volume-group.ts'

interface Area {
  readonly volume: string
  readonly pv: string
  readonly start: number
  readonly end: number
}

/**
 * The logical volumes that share an extent with another one, which LVM never allows, and the second half of a sentence about each. The
 * metadata is damaged then, and the bytes of either volume may be those of the other.
 */
export function findOverlaps(group: GroupDescription): ReadonlyMap<string, string> {
  const areas = group.logicalVolumes
    .flatMap(({ name: volume, segments }) =>
      segments.flatMap(({ extents, stripes }) =>
        stripes.map(({ on: pv, start }): Area => ({ volume, pv, start, end: start + extents / stripes.length })),
      ),
    )
    .filter(({ pv }) => group.physicalVolumes.has(pv))
    .sort((a, b) => (a.pv === b.pv ? a.start - b.start : a.pv < b.pv ? -1 : 1))
  const found = new Map<string, string>()
  let before: Area | undefined
  for (const area of areas) {
    if (before?.pv === area.pv && area.start < before.end) {
      const extent = `extent ${area.start} of physical volume ${group.physicalVolumes.get(area.pv)!.uuid}`
      const other = (volume: string) => (before!.volume === area.volume ? 'itself' : `${group.name}/${volume}`)
      found.set(area.volume, `it shares ${extent} with ${other(before.volume)}`)
      found.set(before.volume, `it shares ${extent} with ${other(area.volume)}`)
    }
    if (before?.pv !== area.pv || area.end > before.end) before = area
  }
  return found
}
