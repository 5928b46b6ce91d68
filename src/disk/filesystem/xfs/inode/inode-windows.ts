import { recent } from '../../../../bytes/recent.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import type { Superblock } from '../superblock/superblock.ts'

/** Inodes are allocated 64 at a time, one after the other: 16 KiB to 128 KiB. Files of one directory have adjacent inodes. */
const windowSize = 32 * 1024
const windowsKept = 64

/**
 * Returns a function that reads the bytes of the inode at a position. The device is read in windows, and the most recent ones are cached,
 * 2 MiB at least.
 */
export function inodeWindows(device: Source, { inodeSize, blockSize, blocksCount }: Superblock): (position: number) => Buffer {
  const size = Math.max(windowSize, blockSize)
  const end = blocksCount * blockSize
  const window = recent(windowsKept, (index) => {
    const start = index * size
    const whole = Math.min(size, end - start)
    // A filesystem that is cut short may still have the block that is needed.
    return device.reaches || start + whole <= device.size ? bytesAt(device, start, whole) : undefined
  })
  return (position) => {
    const at = position % size
    return window(Math.floor(position / size))?.subarray(at, at + inodeSize) ?? bytesAt(device, position, inodeSize)
  }
}
