import { crc32c, crc32cOfU32 } from '../../../../bytes/crc32c.ts'
import { damage } from '../../../../bytes/errors.ts'
import { fileTypeOf } from '../../file-type.ts'
import type { Time } from '../../tree.ts'
import type { ExtReader } from '../reader.ts'
import { incompat } from '../superblock/features.ts'
import { originalSize } from './layout.ts'

/** A verified inode (Linux, Documentation/filesystems/ext4/inodes.rst). */
export interface Inode {
  readonly number: number
  /** The bytes on disk. */
  readonly raw: Buffer
  /** File type and permission bits. */
  readonly mode: number
  readonly flags: number
  /** In bytes. */
  readonly size: number
  readonly linksCount: number
  /** How many bytes after the original 128 hold fields. */
  readonly extraSize: number
  /** Initial seed for the checksums of the inode's blocks. */
  readonly checksumSeed: number
}

const checksumLow = 0x7c
const checksumHigh = 0x82
const twoZeros = Buffer.alloc(2)

/** @throws DiskError if there is no such inode, or it is damaged */
export function loadInode(reader: ExtReader, number: number): Inode {
  const { superblock } = reader
  const onDevice = reader.rawInode(number)
  const raw = reader.fastCommits?.inode(number, onDevice) ?? onDevice
  const extraSize = superblock.inodeSize > originalSize ? raw.readUInt16LE(0x80) : 0
  const at = `inode ${number}`
  if (extraSize > superblock.inodeSize - originalSize || extraSize % 4 !== 0) {
    throw damage(reader, at, `its extra size of ${extraSize} bytes is impossible`)
  }
  const checksumSeed = superblock.hasChecksums ? crc32cOfU32(crc32cOfU32(superblock.checksumSeed, number), raw.readUInt32LE(0x64)) : 0
  const isVerified = superblock.hasChecksums && superblock.madeByLinux && raw === onDevice
  if (isVerified && !checksumHolds(raw, extraSize, checksumSeed)) throw damage(reader, at, 'its checksum is wrong')
  const mode = raw.readUInt16LE(0)
  const hasHighSize = fileTypeOf(mode) === 'file' || (superblock.features.incompat & incompat.largeDir) !== 0
  const size = raw.readUInt32LE(0x4) + (hasHighSize ? raw.readUInt32LE(0x6c) * 2 ** 32 : 0)
  if (size > 2 ** 32 * superblock.blockSize) throw damage(reader, at, `its size of ${size} bytes is impossible`)
  return { number, raw, mode, flags: raw.readUInt32LE(0x20), size, linksCount: raw.readUInt16LE(0x1a), extraSize, checksumSeed }
}

function checksumHolds(raw: Buffer, extraSize: number, seed: number): boolean {
  const hasHigh = extraSize >= checksumHigh + 2 - originalSize
  let crc = crc32c(crc32c(seed, raw.subarray(0, checksumLow)), twoZeros)
  if (hasHigh) {
    crc = crc32c(crc32c(crc, raw.subarray(checksumLow + 2, checksumHigh)), twoZeros)
    crc = crc32c(crc, raw.subarray(checksumHigh + 2))
  } else {
    crc = crc32c(crc, raw.subarray(checksumLow + 2))
  }
  const stored = raw.readUInt16LE(checksumLow) + (hasHigh ? raw.readUInt16LE(checksumHigh) * 0x10000 : 0)
  return stored === (hasHigh ? crc : crc & 0xffff)
}

/** Seconds are a signed 32-bit number. Two bits of the extra field extend them to the year 2446; the other thirty bits are nanoseconds. */
export function modificationTime({ raw, extraSize }: Inode): Time {
  const base = raw.readInt32LE(0x10)
  if (extraSize < 0x88 + 4 - originalSize) return { seconds: base, nanoseconds: 0 }
  const extra = raw.readUInt32LE(0x88)
  const nanoseconds = extra >>> 2
  const carry = nanoseconds >= 1e9 ? 1 : 0
  return { seconds: base + (extra & 3) * 2 ** 32 + carry, nanoseconds: nanoseconds - carry * 1e9 }
}

export function inodePlace(reader: ExtReader, number: number): string {
  return `inode ${number} of ${reader.name}`
}
