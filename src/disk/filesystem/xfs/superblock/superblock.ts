import { crc32c } from '../../../../bytes/crc32c.ts'
import { DiskError, damageAt } from '../../../../bytes/errors.ts'
import { hasText } from '../../../../bytes/peek.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import { u64 } from '../bytes.ts'
import { checkReadable, type Features, hasFileTypes, incompat } from './features.ts'

/** The superblock's values, checked so that they can be used as divisors (Linux, fs/xfs/libxfs/xfs_format.h, struct xfs_dsb). */
export interface Superblock {
  readonly features: Features
  /** Version 5: every structure has a checksum and says where it belongs. */
  readonly hasChecksums: boolean
  /** Directory entries have a byte for the type. */
  readonly hasFileTypes: boolean
  readonly blockSize: number
  readonly blocksCount: number
  readonly freeBlocksCount: number
  /** Allocation groups divide the filesystem. Block and inode numbers contain the group's number in their upper bits. */
  readonly groupsCount: number
  readonly blocksPerGroup: number
  /** Bits of a block number within its group. */
  readonly groupBlockBits: number
  /** The first block of each group that isn't one of its headers. */
  readonly firstBlockOfGroup: number
  readonly inodeSize: number
  readonly inodesPerBlock: number
  readonly rootInode: number
  /** Inodes of the filesystem itself, such as those for quotas. */
  readonly reservedInodes: readonly number[]
  /** A directory's block, in blocks of the filesystem. */
  readonly blocksPerDirectoryBlock: number
  /** As an encoded block number; 0 if the log is on another device. */
  readonly logStart: number
  readonly logBlocks: number
  /** In metadata. It stays when the filesystem gets another UUID. */
  readonly metadataUuid: Buffer
  readonly uuid: Buffer
  readonly label: Buffer
}

const magic = 'XFSB'
/** Of the fields; the checksum covers a sector. */
const length = 512
const checksumPosition = 224
const nullInode = 2 ** 64
const fourZeros = Buffer.alloc(4)

/** Whether the source has the magic number of XFS. */
export function hasMagic(device: Source): boolean {
  return hasText(device, 0, magic)
}

/** @throws DiskError if there is no superblock, it is damaged, or it requires an unknown feature */
export function readSuperblock(device: Source): Superblock {
  const raw = bytesAt(device, 0, length)
  const u16 = (at: number) => raw.readUInt16BE(at)
  const u32 = (at: number) => raw.readUInt32BE(at)
  const name = device.name
  const demand = (sound: boolean, what: string) => {
    if (!sound) throw damageAt(name, `the XFS superblock has ${what}, which is impossible`)
  }
  if (raw.toString('latin1', 0, 4) !== magic) throw new DiskError(name, 'it has no XFS superblock')
  const sectorSize = u16(102)
  demand(isPowerOf2(sectorSize) && sectorSize >= 512 && sectorSize <= 32768, `sectors of ${sectorSize} bytes`)
  const features = readFeatures(raw)
  const hasChecksums = features.version === 5
  if (hasChecksums) verifyChecksum(device, sectorSize)
  checkReadable(features, name)
  demand(raw.readUInt8(126) === 0, 'the mark of an unfinished mkfs.xfs')

  const blockSize = u32(4)
  demand(isPowerOf2(blockSize) && blockSize >= (hasChecksums ? 1024 : 512) && blockSize <= 65536, `a block size of ${blockSize}`)
  demand(sectorSize <= blockSize, `sectors of ${sectorSize} bytes in blocks of ${blockSize}`)
  const inodeSize = u16(104)
  const minInodeSize = hasChecksums ? 512 : 256
  demand(
    isPowerOf2(inodeSize) && inodeSize >= minInodeSize && inodeSize <= Math.min(2048, blockSize / 2),
    `an inode size of ${inodeSize} with a block size of ${blockSize}`,
  )
  const blocksCount = u64(raw, 8)
  demand(blocksCount > 0 && blocksCount * blockSize <= Number.MAX_SAFE_INTEGER, `${blocksCount} blocks`)
  const blocksPerGroup = u32(84)
  const groupBlockBits = raw.readUInt8(124)
  demand(
    blocksPerGroup >= 64 && groupBlockBits <= 31 && groupBlockBits === Math.ceil(Math.log2(blocksPerGroup)),
    `${blocksPerGroup} blocks in a group and ${groupBlockBits} bits for their numbers`,
  )
  const groupsCount = u32(88)
  demand(
    groupsCount === Math.ceil(blocksCount / blocksPerGroup),
    `${groupsCount} groups of ${blocksPerGroup} blocks for ${blocksCount} blocks`,
  )
  const directoryBits = raw.readUInt8(192)
  demand(directoryBits <= 7 && blockSize << directoryBits <= 65536, `directory blocks of 2^${directoryBits} blocks of ${blockSize} bytes`)
  const logBlocks = u32(96)
  demand(logBlocks <= blocksCount || u64(raw, 48) === 0, `a log of ${logBlocks} blocks`)
  const uuid = raw.subarray(32, 48)
  const label = raw.subarray(108, 120)
  const end = label.indexOf(0)
  return {
    features,
    hasChecksums,
    hasFileTypes: hasFileTypes(features),
    blockSize,
    blocksCount,
    freeBlocksCount: Math.min(u64(raw, 144), blocksCount),
    groupsCount,
    blocksPerGroup,
    groupBlockBits,
    firstBlockOfGroup: Math.floor((3 * sectorSize) / blockSize) + 1,
    inodeSize,
    inodesPerBlock: blockSize / inodeSize,
    rootInode: u64(raw, 56),
    reservedInodes: reservedInodes(raw, features),
    blocksPerDirectoryBlock: 1 << directoryBits,
    logStart: u64(raw, 48),
    logBlocks,
    metadataUuid: features.incompat & incompat.metaUuid ? raw.subarray(248, 264) : uuid,
    uuid,
    label: end < 0 ? label : label.subarray(0, end),
  }
}

function readFeatures(raw: Buffer): Features {
  const word = raw.readUInt16BE(100)
  const version = word & 0xf
  const inVersion5 = (at: number) => (version === 5 ? raw.readUInt32BE(at) : 0)
  return {
    version,
    base: word & ~0xf,
    // Some old kernels wrote the second word where the first was.
    more: word & 0x8000 ? raw.readUInt32BE(200) | raw.readUInt32BE(204) : 0,
    compat: inVersion5(208),
    roCompat: inVersion5(212),
    incompat: inVersion5(216),
  }
}

/** Of the realtime device and of quotas; with `METADIR` also of the directory that has them. */
function reservedInodes(raw: Buffer, { version, incompat: word }: Features): number[] {
  const places = [64, 72, 160, 168, ...(version === 5 ? [232] : []), ...(word & incompat.metadir ? [264] : [])]
  return places.map((at) => u64(raw, at)).filter((number) => number !== 0 && number !== nullInode)
}

function verifyChecksum(device: Source, sectorSize: number): void {
  const sector = bytesAt(device, 0, sectorSize)
  const crc = crc32c(crc32c(0xffffffff, sector.subarray(0, checksumPosition)), fourZeros)
  if (~crc32c(crc, sector.subarray(checksumPosition + 4)) >>> 0 !== sector.readUInt32LE(checksumPosition)) {
    throw damageAt(device.name, 'the checksum of the XFS superblock is wrong')
  }
}

function isPowerOf2(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0
}
