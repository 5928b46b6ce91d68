import { hasText, peek } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'

/**
 * Names the content of a volume by its signature, as blkid would, for messages: filesystems and other formats that can't be read (yet).
 * Returns undefined for an unknown signature. The end of the volume, and therefore its size, is looked at last.
 */
export function identifyVolume(source: Source): VolumeContent | undefined {
  const found = signatures.find(({ at, magic }) => at.some((offset) => hasText(source, offset, magic)))
  if (found) return found
  const name = structures.map((look) => look(source)).find((name) => name !== undefined)
  return name === undefined ? undefined : { name }
}

export interface VolumeContent {
  readonly name: string
  readonly isEncrypted?: boolean
}

interface Signature extends VolumeContent {
  /** Offsets, any of which may have it. */
  readonly at: readonly number[]
  /** One character per byte. */
  readonly magic: string
}

/** Swap has its signature at the end of the first page; pages have 4 KiB to 64 KiB. */
const pageEnds = [4096, 8192, 16384, 32768, 65536].map((page) => page - 10)

const signatures: readonly Signature[] = [
  { name: 'LVM2 physical volume', at: [24, 536, 1048, 1560], magic: 'LVM2 001' },
  { name: 'LVM1 physical volume', at: [0], magic: 'HM\x01\0' },
  { name: 'LVM1 physical volume', at: [0], magic: 'HM\x02\0' },
  { name: 'LUKS 1 encrypted volume', at: [0], magic: 'LUKS\xba\xbe\x00\x01', isEncrypted: true },
  { name: 'LUKS 2 encrypted volume', at: [0], magic: 'LUKS\xba\xbe\x00\x02', isEncrypted: true },
  { name: 'swap', at: pageEnds, magic: 'SWAPSPACE2' },
  { name: 'swap (old format)', at: pageEnds, magic: 'SWAP-SPACE' },
  { name: 'suspended system in swap', at: pageEnds, magic: 'S1SUSPEND' },
  { name: 'btrfs filesystem', at: [65536 + 64], magic: '_BHRfS_M' },
  { name: 'NTFS filesystem', at: [3], magic: 'NTFS    ' },
  { name: 'exFAT filesystem', at: [3], magic: 'EXFAT   ' },
  { name: 'BitLocker encrypted volume', at: [3], magic: '-FVE-FS-', isEncrypted: true },
  { name: 'FAT filesystem', at: [54], magic: 'FAT' },
  { name: 'FAT filesystem', at: [82], magic: 'FAT32   ' },
  { name: 'squashfs filesystem', at: [0], magic: 'hsqs' },
  { name: 'ReiserFS filesystem', at: [65536 + 52, 8192 + 52], magic: 'ReIsEr' },
  { name: 'JFS filesystem', at: [32768], magic: 'JFS1' },
  { name: 'F2FS filesystem', at: [1024], magic: '\x10\x20\xf5\xf2' },
  { name: 'UFS2 filesystem', at: [65536 + 1372], magic: '\x19\x01\x54\x19' },
  { name: 'Linux RAID member', at: [0, 4096], magic: '\xfc\x4e\x2b\xa9' },
]

const structures: readonly ((source: Source) => string | undefined)[] = [extJournal, zfs, raidAtEnd]

/** An ext superblock with the incompatible feature 8, `journal_dev`. */
function extJournal(source: Source): string | undefined {
  const superblock = peek(source, 1024, 100)
  if (superblock?.readUInt16LE(56) !== 0xef53) return undefined
  return (superblock.readUInt32LE(96) & 8) !== 0 ? 'external journal of an ext filesystem (JBD)' : undefined
}

/** Any uberblock of the first label: from 128 KiB on, one per KiB, in either byte order. */
function zfs(source: Source): string | undefined {
  for (let offset = 128 << 10; offset < 256 << 10; offset += 1024) {
    const magic = peek(source, offset, 8)
    if (!magic) return undefined
    if (magic.readBigUInt64LE() === 0x00bab10cn || magic.readBigUInt64BE() === 0x00bab10cn) return 'ZFS pool member'
  }
  return undefined
}

/** Superblocks of md versions 0.90 (at the last 64 KiB boundary but one) and 1.0 (8 to 12 KiB before the end). */
function raidAtEnd(source: Source): string | undefined {
  const sectors = Math.floor(source.size / 512)
  const places = [Math.floor(source.size / 65536) * 65536 - 65536, (Math.floor(sectors / 8) * 8 - 16) * 512]
  return places.some((offset) => offset >= 0 && hasText(source, offset, '\xfc\x4e\x2b\xa9')) ? 'Linux RAID member' : undefined
}
