import { DiskError, type Warn } from '../bytes/errors.ts'
import { window } from '../bytes/peek.ts'
import type { Source } from '../bytes/source.ts'
import type { DiskImage } from './image.ts'
import { type PartitionTable, readPartitions } from './partitions/index.ts'
import { sniff } from './sniff.ts'
import { endFooter, endsAsFixedVhd } from './vhd/footer.ts'
import { openVhd, type VhdInfo } from './vhd/index.ts'

/** A disk, whatever its image's format. */
export interface Disk {
  /** As tools call it: `raw`, `dynamic VHD`, `fixed VHD`. */
  readonly format: string
  readonly vhd?: VhdInfo
  readonly bytes: Source
  readonly table: PartitionTable
  /**
   * What needs the end of the image, and so may have to wait for it: that everything lies within it, and that it is as long as ova.xml says.
   * @throws DiskError if not
   */
  check(): void
}

/**
 * Opens the disk in an image by what its bytes are. If they are still arriving, it is opened by those at its start.
 * @throws DiskError if it can't be read
 */
export function openDisk(image: DiskImage, warn: Warn): Disk {
  const { bytes, diskSize } = image
  const { format, refusal } = sniff(bytes)
  if (refusal !== undefined) throw new DiskError(bytes.name, refusal.why, refusal.kind)
  // What a fixed VHD begins with is the disk; only its end tells. It isn't waited for where ova.xml says how long the disk is.
  const isVhd = format === 'vhd' || (diskSize === undefined && endsAsFixedVhd(bytes))
  return isVhd ? vhdDisk(bytes, warn) : rawDisk(bytes, diskSize, warn)
}

function vhdDisk(bytes: Source, warn: Warn): Disk {
  const vhd = openVhd(bytes, warn)
  const table = readPartitions(vhd, warn)
  return {
    format: `${vhd.info.type} VHD`,
    vhd: vhd.info,
    bytes: vhd,
    table,
    check() {
      vhd.check()
      table.check()
    },
  }
}

/** The bytes of a fixed VHD are those of the disk as well, but for the footer after them. */
function rawDisk(bytes: Source, size: number | undefined, warn: Warn): Disk {
  const disk = size === undefined ? bytes : window(bytes, 0, size, bytes.name)
  const table = readPartitions(disk, warn)
  return {
    format: 'raw',
    bytes: disk,
    table,
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
