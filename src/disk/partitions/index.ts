import type { Warn } from '../../bytes/errors.ts'
import { peek } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'
import { readGpt } from './gpt.ts'
import { gptSectorSizes, hasGptSignature } from './gpt-header.ts'
import { hasProtectiveEntry, parseMbr, readMbrPartitions } from './mbr.ts'
import { checkPartitions, type PartitionTable } from './table.ts'

export type { Partition, PartitionTable } from './table.ts'

/**
 * Reads a disk's partition table: GPT (UEFI specification, chapter 5), MBR with extended partitions, or none. Without a table, the whole
 * disk is one partition with number 0, as in Linux. The disk's size is needed only if the backup of a GPT must be found at its end.
 * @throws DiskError if there is a GPT, but both of its copies are damaged
 */
export function readPartitions(disk: Source, warn: Warn): PartitionTable {
  const mbr = parseMbr(peek(disk, 0, 512))
  if (mbr ? hasProtectiveEntry(mbr) : gptSectorSizes.some((sectorSize) => hasGptSignature(disk, sectorSize))) {
    return checkPartitions(disk, readGpt(disk, mbr, warn), warn)
  }
  if (mbr) return checkPartitions(disk, readMbrPartitions(disk, mbr, warn), warn)
  return unpartitioned(disk)
}

function unpartitioned(disk: Source): PartitionTable {
  const whole = {
    number: 0,
    start: 0,
    get size() {
      return disk.size
    },
    type: '',
    typeName: 'whole disk',
    extended: false,
    name: '',
    uuid: '',
    bootable: false,
    source: disk,
  }
  return { scheme: 'none', sectorSize: 512, partitions: [whole], check() {} }
}
