import { DiskError, type Warn } from '../bytes/errors.ts'
import { window } from '../bytes/peek.ts'
import type { Source } from '../bytes/source.ts'
import type { DiskImage, OtherDisk } from './image.ts'
import { type PartitionTable, readPartitions } from './partitions/index.ts'
import { sniff } from './sniff.ts'
import { endFooter, endsAsFixedVhd } from './vhd/footer.ts'
import { openVhd, type VhdInfo } from './vhd/index.ts'
import { type DiskVolumes, diskVolumes, type OtherDisks } from './volumes.ts'

/** A disk, independent of the format of its image. */
export interface Disk {
  /** The usual name of the format: `raw`, `dynamic VHD`, `fixed VHD`. */
  readonly format: string
  readonly vhd?: VhdInfo
  readonly bytes: Source
  readonly table: PartitionTable
  readonly volumes: DiskVolumes
  /**
   * Checks that need the end of the image, and may have to wait for it: everything lies within it, and its length is the one in ova.xml.
   * @throws DiskError if a check fails
   */
  check(): void
}

/**
 * Opens the disk in an image, recognized by its content. If the image is still growing, its first bytes are enough.
 * @param others of the same machine, whose partitions may belong to the disk's volume groups
 * @throws DiskError if it can't be read
 */
export function openDisk(image: DiskImage, warn: Warn, others: readonly OtherDisk[] = []): Disk {
  const { bytes, diskSize } = image
  const { format, refusal } = sniff(bytes)
  if (refusal !== undefined) throw new DiskError(bytes.name, refusal.why, refusal.kind)
  // A fixed VHD begins like the disk itself; only its end shows what it is. If ova.xml states the size of the disk, there is no need to
  // wait for the end.
  const isVhd = format === 'vhd' || (diskSize === undefined && endsAsFixedVhd(bytes))
  const otherDisks = others.length > 0 ? () => others.map((other) => openOther(other, warn)) : undefined
  return isVhd ? vhdDisk(bytes, warn, otherDisks) : rawDisk(bytes, diskSize, warn, otherDisks)
}

function openOther({ letter, open }: OtherDisk, warn: Warn): ReturnType<OtherDisks>[number] {
  try {
    const { bytes, table } = openDisk(open(), warn)
    return { name: bytes.name, table, letter }
  } catch (error) {
    if (error instanceof DiskError) return error
    throw error
  }
}

function vhdDisk(bytes: Source, warn: Warn, others: OtherDisks | undefined): Disk {
  const vhd = openVhd(bytes, warn)
  const table = readPartitions(vhd, warn)
  return {
    format: `${vhd.info.type} VHD`,
    vhd: vhd.info,
    bytes: vhd,
    table,
    volumes: diskVolumes({ name: vhd.name, table }, warn, others),
    check() {
      vhd.check()
      table.check()
    },
  }
}

/** A fixed VHD is also opened here: its bytes are those of the disk, followed by a footer. */
function rawDisk(bytes: Source, size: number | undefined, warn: Warn, others: OtherDisks | undefined): Disk {
  const disk = size === undefined ? bytes : window(bytes, 0, size, bytes.name)
  const table = readPartitions(disk, warn)
  return {
    format: 'raw',
    bytes: disk,
    table,
    volumes: diskVolumes({ name: disk.name, table }, warn, others),
    check() {
      table.check()
      const found = endFooter(bytes)?.offset ?? bytes.size
      if (size !== undefined && found !== size) {
        throw new DiskError(
          bytes.name,
          `it has ${found} bytes, but ova.xml says that the disk has ${size}; a part of it is missing or damaged`,
        )
      }
    },
  }
}
