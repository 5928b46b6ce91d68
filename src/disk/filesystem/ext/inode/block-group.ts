import { crc32c, crc32cOfU32 } from '../../../../bytes/crc32c.ts'
import { damage, type Warn } from '../../../../bytes/errors.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import { type FsBlock, fsBlock } from '../../block-number.ts'
import { roCompat } from '../superblock/features.ts'
import type { Superblock } from '../superblock/superblock.ts'
import { crc16 } from './crc16.ts'

const checksumPosition = 0x1e

/**
 * Returns a function that finds the first block of a group's inode table (Linux, Documentation/filesystems/ext4/group_descr.rst). A wrong
 * checksum is only a warning, as Linux also mounts such a filesystem read-only, and the position of the table is all that is used here.
 * @throws DiskError if the table can't be where the descriptor says
 */
export function groupDescriptors(device: Source, superblock: Superblock, warn: Warn): (group: number) => FsBlock {
  const { blockSize, descriptorSize, inodesPerGroup, inodeSize, firstDataBlock, blocksCount } = superblock
  const perBlock = blockSize / descriptorSize
  const tableBlocks = Math.ceil((inodesPerGroup * inodeSize) / blockSize)
  return (group) => {
    const block = descriptorBlock(superblock, Math.floor(group / perBlock), perBlock)
    const raw = bytesAt(device, block * blockSize + (group % perBlock) * descriptorSize, descriptorSize)
    const expected = checksum(superblock, group, raw)
    if (expected !== undefined && expected !== raw.readUInt16LE(checksumPosition)) {
      warn(`${device.name}: the checksum of a block group's descriptor is wrong; the filesystem may be damaged; check it with e2fsck`)
    }
    const table = raw.readUInt32LE(0x8) + (descriptorSize >= 64 ? raw.readUInt32LE(0x28) * 2 ** 32 : 0)
    if (table <= firstDataBlock || table + tableBlocks > blocksCount) {
      throw damage(device, `the descriptor of block group ${group}`, `its inode table at block ${table} is outside the filesystem`)
    }
    return fsBlock(table)
  }
}

/** The block that holds the `index`th block of descriptors: after the superblock, or with `meta_bg` in the meta group that it describes. */
function descriptorBlock(superblock: Superblock, index: number, perBlock: number): number {
  const { blockSize, firstMetaBg, blocksPerGroup, firstDataBlock } = superblock
  if (index < firstMetaBg) return (blockSize === 1024 ? 1 : 0) + 1 + index
  const group = index * perBlock
  // With 1 KiB blocks the superblock is block 1, even where counting starts at block 0 (bigalloc).
  const bootBlock = blockSize === 1024 && index === 0 && firstDataBlock === 0 ? 1 : 0
  return firstDataBlock + group * blocksPerGroup + (hasSuperblock(superblock, group) ? 1 : 0) + bootBlock
}

function hasSuperblock({ features, backupGroups }: Superblock, group: number): boolean {
  if (group === 0) return true
  if (backupGroups.length > 0) return backupGroups.includes(group)
  if (group === 1 || !(features.roCompat & roCompat.sparseSuper)) return true
  return [3, 5, 7].some((base) => isPowerOf(base, group))
}

function isPowerOf(base: number, value: number): boolean {
  let power = base
  while (power < value) power *= base
  return power === value
}

function checksum({ features, uuid, checksumSeed }: Superblock, group: number, raw: Buffer): number | undefined {
  if (features.roCompat & roCompat.metadataCsum) {
    const cleared = Buffer.from(raw)
    cleared.writeUInt16LE(0, checksumPosition)
    return crc32c(crc32cOfU32(checksumSeed, group), cleared) & 0xffff
  }
  if (features.roCompat & roCompat.gdtCsum) {
    const number = Buffer.alloc(4)
    number.writeUInt32LE(group)
    let crc = crc16(crc16(0xffff, uuid), number)
    crc = crc16(crc, raw.subarray(0, checksumPosition))
    return crc16(crc, raw.subarray(checksumPosition + 2))
  }
  return undefined
}
