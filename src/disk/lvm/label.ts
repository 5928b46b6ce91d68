import { damage } from '../../bytes/errors.ts'
import { peek } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'
import { lvmChecksum } from './checksum.ts'

/** The label of a physical volume, with a correct checksum. Offsets and sizes are in bytes. */
export interface Label {
  /** 32 characters, without the dashes that the metadata writes. */
  readonly uuid: string
  readonly metadataAreas: readonly Region[]
}

export interface Region {
  readonly offset: number
  readonly size: number
}

/** Sectors of labels have 512 bytes, whatever the disk's own sectors have. */
const sectorSize = 512
const labelSectors = 4
const id = 'LABELONE'
const type = 'LVM2 001'
/** Offset of the area that the checksum covers, which extends to the end of the sector. */
const checkedFrom = 20
/** LVM itself writes at most two. */
const maxAreas = 8

/**
 * Reads the label in one of a volume's first four sectors (label_header and pv_header in lib/format_text/layout.h and lib/label/label.h of
 * LVM2). Returns undefined if there is none.
 * @throws DiskError if the only label is damaged
 */
export function readLabel(source: Source): Label | undefined {
  let wrong: { sector: number; what: string } | undefined
  for (let sector = 0; sector < labelSectors; sector++) {
    const bytes = peek(source, sector * sectorSize, sectorSize)
    if (!bytes || bytes.toString('latin1', 0, 8) !== id || bytes.toString('latin1', 24, 32) !== type) continue
    const what = problemOf(bytes, sector)
    if (what === undefined) return parseLabel(source, bytes, sector)
    wrong ??= { sector, what }
  }
  if (wrong) throw damage(source, wrong.sector * sectorSize, `the LVM label ${wrong.what}`, 'physical volume')
  return undefined
}

function problemOf(bytes: Buffer, sector: number): string | undefined {
  if (bytes.readUInt32LE(16) !== lvmChecksum(bytes.subarray(checkedFrom))) return 'has a wrong checksum'
  if (bytes.readBigUInt64LE(8) !== BigInt(sector)) return `says that it is in sector ${bytes.readBigUInt64LE(8)}`
  return undefined
}

function parseLabel(source: Source, bytes: Buffer, sector: number): Label {
  const fail = (what: string) => damage(source, sector * sectorSize, `the LVM label ${what}`, 'physical volume')
  const header = bytes.readUInt32LE(20)
  if (header < 32 || header + 40 > sectorSize) throw fail(`has its header at byte ${header}`)
  const uuid = bytes.toString('latin1', header, header + 32)
  if (!/^[A-Za-z0-9!#]{32}$/.test(uuid)) throw fail('has no valid UUID')
  let at = header + 40
  /** A list of regions, which a pair of zeros ends. */
  const regions = (): Region[] => {
    const found: Region[] = []
    for (; at + 16 <= sectorSize; at += 16) {
      const offset = Number(bytes.readBigUInt64LE(at))
      const size = Number(bytes.readBigUInt64LE(at + 8))
      if (offset === 0) {
        at += 16
        return found
      }
      if (!Number.isSafeInteger(offset + size)) throw fail(`has an area at byte ${offset}, beyond any possible disk`)
      found.push({ offset, size })
    }
    throw fail("has a list of areas that doesn't end")
  }
  regions() // Where the data is; the metadata says it again, and LVM uses that.
  const metadataAreas = regions()
  if (metadataAreas.length > maxAreas) throw fail(`lists ${metadataAreas.length} metadata areas`)
  return { uuid, metadataAreas }
}
