import type { Warn } from '../../bytes/errors.ts'
import { peek } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'
import type { PartitionFields, TableFields } from './table.ts'
import { mbrTypeName } from './types.ts'

/** One of the four records of a master or extended boot record. Start and size are in sectors. */
export interface MbrEntry {
  readonly flag: number
  readonly type: number
  readonly start: number
  readonly size: number
}

const sectorSize = 512
/** No tool makes more than 60 logical partitions. Linux follows up to a hundred empty ones. */
const maxRecords = 128
const extendedTypes: readonly number[] = [0x05, 0x0f, 0x85]
const protectiveType = 0xee
const bootFlag = 0x80

/**
 * The four entries of a disk's first sector, including empty ones; undefined if it isn't a master boot record. Boot sectors of filesystems
 * have the same signature, but code in place of the entries.
 */
export function parseMbr(sector: Buffer | undefined): MbrEntry[] | undefined {
  const entries = parseBootRecord(sector)
  return entries?.some(isUsed) && entries.every(({ flag }) => flag === 0 || flag === bootFlag) ? entries : undefined
}

export function hasProtectiveEntry(entries: readonly MbrEntry[]): boolean {
  return entries.some((entry) => isUsed(entry) && entry.type === protectiveType)
}

/** The primary partitions by slot, then the logical ones in the order of their chains. */
export function readMbrPartitions(disk: Source, entries: readonly MbrEntry[], warn: Warn): TableFields {
  const partitions: PartitionFields[] = []
  const signature = peek(disk, 440, 4)!.readUInt32LE()
  for (const [slot, entry] of entries.entries()) if (isUsed(entry)) partitions.push(describe(entry, slot + 1, entry.start, signature))
  let number = 5
  for (const extended of entries.filter((entry) => isUsed(entry) && isExtended(entry))) {
    for (const { entry, start } of logicalPartitions(disk, extended, warn)) {
      partitions.push(describe(entry, number++, start, signature))
    }
  }
  return { scheme: 'mbr', sectorSize, partitions, check() {} }
}

/**
 * Follows the chain of extended boot records. Each has a logical partition, whose start counts from the record, and a link to the next
 * record, which counts from the extended partition. A damaged chain ends with a warning.
 */
function* logicalPartitions(disk: Source, extended: MbrEntry, warn: Warn): Generator<{ entry: MbrEntry; start: number }> {
  const seen = new Set<number>()
  let record: number = extended.start
  for (;;) {
    const entries = readExtendedRecord(disk, record, seen)
    if (typeof entries === 'string') {
      warn(`${disk.name}, byte ${record * sectorSize}: ${entries}; the logical partitions after it are ignored`)
      return
    }
    seen.add(record)
    for (const [slot, entry] of entries.entries()) {
      if (!isUsed(entry) || isExtended(entry)) continue
      const start = record + entry.start
      // Old tools didn't clear the other two slots, so Linux uses them only if they fit.
      if (slot < 2 || start + entry.size <= extended.start + extended.size) yield { entry, start }
    }
    const link = entries.find((entry) => isUsed(entry) && isExtended(entry))
    if (!link) return
    record = extended.start + link.start
  }
}

/** Returns the record's entries, or what is wrong. */
function readExtendedRecord(disk: Source, record: number, seen: ReadonlySet<number>): MbrEntry[] | string {
  if (seen.has(record)) return 'the chain of extended boot records forms a loop'
  if (seen.size >= maxRecords) return `the extended partition has more than ${maxRecords} boot records`
  return parseBootRecord(peek(disk, record * sectorSize, sectorSize)) ?? 'an extended boot record is missing here'
}

function parseBootRecord(sector: Buffer | undefined): MbrEntry[] | undefined {
  if (sector?.readUInt16BE(510) !== 0x55aa) return undefined
  return [446, 462, 478, 494].map((at) => ({
    flag: sector.readUInt8(at),
    type: sector.readUInt8(at + 4),
    start: sector.readUInt32LE(at + 8),
    size: sector.readUInt32LE(at + 12),
  }))
}

function isUsed({ type, size }: MbrEntry): boolean {
  return type !== 0 && size !== 0
}

function isExtended({ type }: MbrEntry): boolean {
  return extendedTypes.includes(type)
}

/** @param signature of the disk, from which libblkid makes the partitions' UUIDs; 0 if it has none */
function describe(entry: MbrEntry, number: number, start: number, signature: number): PartitionFields {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  return {
    number,
    start: start * sectorSize,
    size: entry.size * sectorSize,
    type: hex(entry.type, 2),
    typeName: mbrTypeName(entry.type),
    extended: isExtended(entry),
    name: '',
    uuid: signature === 0 ? '' : `${hex(signature, 8)}-${hex(number, 2)}`,
    bootable: entry.flag === bootFlag,
  }
}
