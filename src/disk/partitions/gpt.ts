import { DiskError, type Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { type Gpt, gptSectorSizes, guid, readGptAt } from './gpt-header.ts'
import type { MbrEntry } from './mbr.ts'
import type { PartitionFields, TableFields } from './table.ts'
import { gptTypeName } from './types.ts'

/**
 * Reads the GPT with its header in sector 1 or, with a warning, its backup.
 * @throws DiskError if both are damaged
 */
export function readGpt(disk: Source, mbr: readonly MbrEntry[] | undefined, warn: Warn): TableFields {
  if (!mbr) warn(`${disk.name}: the disk has a GPT but no protective MBR; the GPT is used`)
  const primary = readPrimary(disk)
  if (typeof primary !== 'string') return { ...describeTable(disk, primary, warn), check: () => checkBackup(disk, primary, warn) }
  const backup = findBackup(disk, mbr ?? [])
  if (!backup)
    throw new DiskError(
      disk.name,
      `its partition table is a GPT, but ${primary}, and there is no valid backup at its end; the disk is cut short or damaged`,
    )
  warn(`${disk.name}: its partition table is a GPT, but ${primary}; the backup at the disk's end is used`)
  return { ...describeTable(disk, backup, warn), check() {} }
}

/** Returns the valid GPT, or what is wrong. */
function readPrimary(disk: Source): Gpt | string {
  let wrong = 'the header in sector 1 is missing'
  for (const sectorSize of gptSectorSizes) {
    const gpt = readGptAt(disk, sectorSize, 1)
    if (typeof gpt === 'object') return gpt
    if (gpt) wrong = `the header at byte ${sectorSize} is damaged (${gpt})`
  }
  return wrong
}

/** Looks at the end of the protective partition, which stays the same when a disk is enlarged, then in the last sector. */
function findBackup(disk: Source, mbr: readonly MbrEntry[]): Gpt | undefined {
  for (const lastSector of [
    ...mbr.map(
      ({ start, size }) =>
        () =>
          start + size - 1,
    ),
    (sectorSize: number) => Math.floor(disk.size / sectorSize) - 1,
  ]) {
    for (const sectorSize of gptSectorSizes) {
      const sector = lastSector(sectorSize)
      const gpt = sector > 1 ? readGptAt(disk, sectorSize, sector) : undefined
      if (typeof gpt === 'object') return gpt
    }
  }
  return undefined
}

function checkBackup(disk: Source, primary: Gpt, warn: Warn): void {
  const backup = readGptAt(disk, primary.sectorSize, primary.alternate)
  const wrong =
    typeof backup === 'string'
      ? `is damaged (${backup})`
      : !backup
        ? 'is missing'
        : backup.diskGuid !== primary.diskGuid || !backup.array.equals(primary.array)
          ? 'differs from the primary one'
          : undefined
  if (wrong) warn(`${disk.name}: the backup GPT in sector ${primary.alternate} ${wrong}; the primary one is used`)
}

function describeTable(disk: Source, gpt: Gpt, warn: Warn): Omit<TableFields, 'check'> {
  const partitions: PartitionFields[] = []
  for (let number = 1; number * gpt.entrySize <= gpt.array.length; number++) {
    const entry = gpt.array.subarray((number - 1) * gpt.entrySize, number * gpt.entrySize)
    if (entry.subarray(0, 16).every((byte) => byte === 0)) continue
    const start = Number(entry.readBigUInt64LE(32)) * gpt.sectorSize
    const size = (Number(entry.readBigUInt64LE(40)) + 1) * gpt.sectorSize - start
    if (!Number.isSafeInteger(start + size) || size <= 0) {
      warn(`${disk.name}: partition ${number} of the GPT ends before it starts, or beyond any possible disk; it is ignored`)
      continue
    }
    const type = guid(entry, 0)
    const name = entry.toString('utf16le', 56, 128).replace(/\0.*$/su, '')
    // Bit 2 is the GPT's equivalent of the MBR's boot flag.
    const bootable = (entry.readUInt8(48) & 4) !== 0
    const uuid = guid(entry, 16).toLowerCase()
    partitions.push({ number, start, size, type, typeName: gptTypeName(type), extended: false, name, uuid, bootable })
  }
  return { scheme: 'gpt', sectorSize: gpt.sectorSize, partitions }
}
