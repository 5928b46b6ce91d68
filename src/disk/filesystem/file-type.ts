/** What a file is, whichever filesystem it is in. */
export type FileType = 'file' | 'dir' | 'symlink' | 'char' | 'block' | 'fifo' | 'socket'

/** By the top four of the sixteen bits of `st_mode` (S_IFMT of inode(7)). */
const types: Readonly<Record<number, FileType>> = { 1: 'fifo', 2: 'char', 4: 'dir', 6: 'block', 8: 'file', 10: 'symlink', 12: 'socket' }

/** The type in a mode as Linux and most filesystems store it; nothing if the bits are those of none. */
export function fileTypeOf(mode: number): FileType | undefined {
  return types[(mode >>> 12) & 15]
}

export interface DeviceNumber {
  readonly major: number
  readonly minor: number
}

/** A device number of 32 bits as Linux encodes it for filesystems (new_encode_dev), and glibc the lower half of its 64 bits. */
export function deviceNumber(encoded: number): DeviceNumber {
  return { major: (encoded >>> 8) & 0xfff, minor: (encoded & 0xff) | ((encoded >>> 12) & 0xfff00) }
}
