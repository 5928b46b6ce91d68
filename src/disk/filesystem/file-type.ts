/** The type of a file, in any filesystem. */
export type FileType = 'file' | 'dir' | 'symlink' | 'char' | 'block' | 'fifo' | 'socket'

/** By the upper four bits of the 16-bit `st_mode` (S_IFMT in inode(7)). */
const types: Readonly<Record<number, FileType>> = { 1: 'fifo', 2: 'char', 4: 'dir', 6: 'block', 8: 'file', 10: 'symlink', 12: 'socket' }

/** The type in a mode, as Linux and most filesystems store it; undefined if the bits are invalid. */
export function fileTypeOf(mode: number): FileType | undefined {
  return types[(mode >>> 12) & 15]
}

export interface DeviceNumber {
  readonly major: number
  readonly minor: number
}

/** Decodes a 32-bit device number, as Linux encodes it for filesystems (new_encode_dev), and glibc the lower half of its 64 bits. */
export function deviceNumber(encoded: number): DeviceNumber {
  return { major: (encoded >>> 8) & 0xfff, minor: (encoded & 0xff) | ((encoded >>> 12) & 0xfff00) }
}
