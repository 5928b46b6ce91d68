import { damageAt } from '../../../../bytes/errors.ts'
import { inodePlace, inodePosition } from '../address.ts'
import { u64 } from '../bytes.ts'
import type { XfsReader } from '../reader.ts'
import { type SelfDescription, verify } from '../self-description.ts'

/** A verified inode (Linux, fs/xfs/libxfs/xfs_format.h, struct xfs_dinode). */
export interface Inode {
  readonly number: number
  /** The bytes on disk. */
  readonly raw: Buffer
  /** 1 to 3. Version 3 belongs to version 5 of the filesystem. */
  readonly version: number
  /** File type and permission bits. */
  readonly mode: number
  readonly flags: number
  /** The second word of flags; 0 before version 3. */
  readonly flags2: number
  /** In bytes. */
  readonly size: number
  readonly linksCount: number
}

/** Bits of `di_flags`. */
export const inodeFlags = { realtime: 0x1 } as const
/** Bits of `di_flags2`. */
export const inodeFlags2 = { bigTime: 0x8, largeExtentCounts: 0x10, metadata: 0x20 } as const

const magic = 0x494e
const fields: SelfDescription = { checksum: 100, uuid: 160, owner: 152 }

/** @throws DiskError if there is no such inode, or it is damaged */
export function loadInode(reader: XfsReader, number: number): Inode {
  const raw = reader.rawInode(inodePosition(reader, number))
  const place = inodePlace(reader, number)
  const damaged = (what: string) => damageAt(place, what)
  if (raw.readUInt16BE(0) !== magic) throw damaged('there is no inode')
  const version = raw.readUInt8(4)
  const { hasChecksums } = reader.superblock
  if (hasChecksums ? version !== 3 : version !== 1 && version !== 2) throw damaged(`it has the impossible version ${version}`)
  if (hasChecksums) verify(reader, raw, fields, { owner: number }, place)
  const size = u64(raw, 56)
  if (size > Number.MAX_SAFE_INTEGER) throw damaged(`its size of ${size} bytes is impossible`)
  return {
    number,
    raw,
    version,
    mode: raw.readUInt16BE(2),
    flags: raw.readUInt16BE(90),
    flags2: hasChecksums ? raw.readUInt32BE(124) : 0,
    size,
    linksCount: version === 1 ? raw.readUInt16BE(6) : raw.readUInt32BE(16),
  }
}
