import type { Warn } from '../../bytes/errors.ts'
import { window } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'

export interface PartitionTable {
  readonly scheme: 'none' | 'mbr' | 'gpt'
  /** Bytes in a logical sector. */
  readonly sectorSize: number
  readonly partitions: readonly Partition[]
  /**
   * Warns about problems that only the whole disk shows, and may have to wait for it: partitions past its end, a backup table that differs.
   */
  check(): void
}

export interface Partition {
  /** Number as in Linux: 1 to 4 are the slots of an MBR, 5 and above its logical partitions. 0 is a whole disk without a table. */
  readonly number: number
  /** In bytes. */
  readonly start: number
  readonly size: number
  /** Two hexadecimal digits for an MBR, a GUID for a GPT. */
  readonly type: string
  /** Meaning of the type, if it is a common one. */
  readonly typeName: string
  /** Whether it is an extended partition, which only contains logical partitions. */
  readonly extended: boolean
  /** Name in a GPT, PARTLABEL in fstab(5). */
  readonly name: string
  /** PARTUUID in fstab(5), as blkid prints it; empty if there is none. */
  readonly uuid: string
  readonly bootable: boolean
  /** The partition's bytes. Reading past the end of the disk is an error. */
  readonly source: Source
}

/** What a table says about a partition. */
export type PartitionFields = Omit<Partition, 'source'>

export interface TableFields extends Omit<PartitionTable, 'partitions'> {
  readonly partitions: readonly PartitionFields[]
}

/** Adds each partition's bytes, and warns about overlaps. */
export function checkPartitions(disk: Source, table: TableFields, warn: Warn): PartitionTable {
  warnOfOverlaps(disk, table.partitions, warn)
  const partitions = table.partitions.map((fields) => ({
    ...fields,
    source: window(disk, fields.start, fields.size, `partition ${fields.number} of ${disk.name}`),
  }))
  return {
    ...table,
    partitions,
    check() {
      for (const { number, start, size } of partitions) {
        if (start + size > disk.size) {
          warn(`${disk.name}: partition ${number} ends at byte ${start + size}, but the disk ends at byte ${disk.size}`)
        }
      }
      table.check()
    },
  }
}

function warnOfOverlaps(disk: Source, partitions: readonly PartitionFields[], warn: Warn): void {
  const sorted = partitions.filter((partition) => !partition.extended).sort((a, b) => a.start - b.start)
  let previous: PartitionFields | undefined
  for (const partition of sorted) {
    if (previous && partition.start < previous.start + previous.size) {
      warn(`${disk.name}: partitions ${previous.number} and ${partition.number} overlap at byte ${partition.start}`)
    }
    if (!previous || partition.start + partition.size > previous.start + previous.size) previous = partition
  }
}
