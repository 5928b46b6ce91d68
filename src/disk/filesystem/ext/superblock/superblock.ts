import { crc32c } from '../../../../bytes/crc32c.ts'
import { DiskError, damage } from '../../../../bytes/errors.ts'
import { peek } from '../../../../bytes/peek.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import { checkReadable, compat, type Features, incompat, roCompat } from './features.ts'

/** The superblock's values, checked so that they can be used as divisors (Linux, Documentation/filesystems/ext4/super.rst). */
export interface Superblock {
  readonly features: Features
  readonly blockSize: number
  readonly blocksCount: number
  readonly freeBlocksCount: number
  readonly firstDataBlock: number
  readonly blocksPerGroup: number
  readonly groupsCount: number
  readonly inodesCount: number
  readonly inodesPerGroup: number
  readonly inodeSize: number
  /** The first inode number that isn't reserved. */
  readonly firstInode: number
  readonly descriptorSize: number
  /** The first meta group that contains its own descriptors; only with `meta_bg`. */
  readonly firstMetaBg: number
  /** Groups with backups; only with `sparse_super2`. */
  readonly backupGroups: readonly number[]
  readonly uuid: Buffer
  readonly label: Buffer
  /** Initial seed of the CRC-32C checksums of metadata. */
  readonly checksumSeed: number
  readonly hasChecksums: boolean
  readonly madeByLinux: boolean
  readonly cleanlyUnmounted: boolean
  readonly hasErrors: boolean
  readonly journalInode: number
  readonly mmpBlock: number
}

const position = 1024
const length = 1024
const checksumPosition = 0x3fc
const magic = 0xef53

/** Whether the source has the magic number of ext2, ext3 and ext4. */
export function hasMagic(device: Source): boolean {
  return peek(device, position, length)?.readUInt16LE(0x38) === magic
}

/** @throws DiskError if there is no superblock, it is damaged, or it requires an unknown feature */
export function readSuperblock(device: Source): Superblock {
  const raw = bytesAt(device, position, length)
  const u16 = (at: number) => raw.readUInt16LE(at)
  const u32 = (at: number) => raw.readUInt32LE(at)
  const demand = (isSound: boolean, what: string) => {
    if (!isSound) throw damage(device, 'the superblock', `it says that the filesystem has ${what}, which is impossible`)
  }
  if (u16(0x38) !== magic) throw damage(device, 'the superblock', 'its magic number is wrong')
  const features: Features = { compat: u32(0x5c), incompat: u32(0x60), roCompat: u32(0x64) }
  const has64bit = (features.incompat & incompat.is64bit) !== 0
  const u48 = (low: number, high: number) => u32(low) + (has64bit ? u32(high) : 0) * 2 ** 32
  verifyChecksum(raw, features, device)
  checkReadable(features, device.name)

  const revision0 = u32(0x4c) === 0
  const blockSize = 1024 << u32(0x18)
  demand(u32(0x18) <= 6, `a block size of 2^${10 + u32(0x18)}`)
  const inodeSize = revision0 ? 128 : u16(0x58)
  demand(isPowerOf2(inodeSize) && inodeSize >= 128 && inodeSize <= blockSize, `an inode size of ${inodeSize}`)
  const firstInode = revision0 ? 11 : u32(0x54)
  demand(firstInode >= 11, `${firstInode} as its first inode`)
  const descriptorSize = has64bit ? u16(0xfe) : 32
  demand(
    !has64bit || (isPowerOf2(descriptorSize) && descriptorSize >= 64 && descriptorSize <= 1024),
    `group descriptors of ${descriptorSize} bytes`,
  )
  const blocksCount = u48(0x4, 0x150)
  const firstDataBlock = u32(0x14)
  const bigalloc = (features.roCompat & roCompat.bigalloc) !== 0
  demand(
    firstDataBlock === (blockSize === 1024 && !(bigalloc && firstDataBlock === 0) ? 1 : 0),
    `${firstDataBlock} as its first data block`,
  )
  demand(blocksCount > firstDataBlock && blocksCount * blockSize <= Number.MAX_SAFE_INTEGER, `${blocksCount} blocks`)
  const blocksPerGroup = u32(0x20)
  // A group's bitmap is one block; with bigalloc its bits stand for clusters.
  const clusterRatio = bigalloc ? 2 ** (u32(0x1c) - u32(0x18)) : 1
  demand(clusterRatio >= 1 && clusterRatio <= 2 ** 20, `clusters of ${clusterRatio} blocks`)
  demand(blocksPerGroup > 0 && blocksPerGroup <= 8 * blockSize * clusterRatio, `${blocksPerGroup} blocks in a group`)
  const inodesPerGroup = u32(0x28)
  demand(inodesPerGroup > 0 && inodesPerGroup <= 8 * blockSize, `${inodesPerGroup} inodes in a group`)
  const groupsCount = Math.ceil((blocksCount - firstDataBlock) / blocksPerGroup)
  const inodesCount = u32(0)
  demand(inodesCount === groupsCount * inodesPerGroup, `${inodesCount} inodes in ${groupsCount} groups of ${inodesPerGroup}`)
  const firstMetaBg = features.incompat & incompat.metaBg ? u32(0x104) : Number.POSITIVE_INFINITY

  const uuid = raw.subarray(0x68, 0x78)
  const label = raw.subarray(0x78, 0x88)
  const end = label.indexOf(0)
  return {
    features,
    blockSize,
    blocksCount,
    freeBlocksCount: u48(0xc, 0x158),
    firstDataBlock,
    blocksPerGroup,
    groupsCount,
    inodesCount,
    inodesPerGroup,
    inodeSize,
    firstInode,
    descriptorSize,
    firstMetaBg,
    backupGroups: features.compat & compat.sparseSuper2 ? [u32(0x24c), u32(0x250)] : [],
    uuid,
    label: end < 0 ? label : label.subarray(0, end),
    checksumSeed: features.incompat & incompat.csumSeed ? u32(0x270) : crc32c(0xffffffff, uuid),
    hasChecksums: (features.roCompat & roCompat.metadataCsum) !== 0,
    madeByLinux: u32(0x48) === 0,
    cleanlyUnmounted: (u16(0x3a) & 1) !== 0,
    hasErrors: (u16(0x3a) & 2) !== 0,
    journalInode: features.compat & compat.hasJournal ? u32(0xe0) : 0,
    mmpBlock: features.incompat & incompat.mmp ? Number(raw.readBigUInt64LE(0x168)) : 0,
  }
}

function verifyChecksum(raw: Buffer, features: Features, device: Source): void {
  if (!(features.roCompat & roCompat.metadataCsum)) return
  const type = raw.readUInt8(0x175)
  if (type !== 1) throw new DiskError(device.name, `the ext superblock names the unknown checksum type ${type}`, 'unsupported')
  if (crc32c(0xffffffff, raw.subarray(0, checksumPosition)) !== raw.readUInt32LE(checksumPosition)) {
    throw damage(device, 'the superblock', 'its checksum is wrong')
  }
}

function isPowerOf2(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0
}
