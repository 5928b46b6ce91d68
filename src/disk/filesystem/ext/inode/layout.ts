/** Bits of `i_flags`. */
export const inodeFlags = { encrypt: 0x800, index: 0x1000, extents: 0x80000, eaInode: 0x200000, inlineData: 0x10000000 } as const

/** Size of an ext2 inode in bytes. Larger inodes have newer fields after that. */
export const originalSize = 128

/** Position of `i_block` in an inode. */
export const blockFieldRange = { start: 0x28, end: 0x64 } as const

/** The 60 bytes that hold block pointers, the root of an extent tree, a short symlink's target, a device number, or inline data. */
export function blockField({ raw }: { readonly raw: Buffer }): Buffer {
  return raw.subarray(blockFieldRange.start, blockFieldRange.end)
}

/** `i_generation`, which distinguishes files that had the same number one after the other. */
export function generation(raw: Buffer): number {
  return raw.readUInt32LE(0x64)
}

/** `eh_magic`, at the start of every node of an extent tree. */
export const extentMagic = 0xf30a
/** Size of an extent tree's header, of an extent, and of an index entry, in bytes. */
export const extentEntrySize = 12
/** A greater length means an extent of `length - 32768` blocks that is allocated but was never written, so it reads as zeros. */
export const maxWrittenExtent = 32768
