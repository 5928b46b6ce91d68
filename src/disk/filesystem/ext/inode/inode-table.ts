import { damage } from '../../../../bytes/errors.ts'
import { recent } from '../../../../bytes/recent.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import type { Superblock } from '../superblock/superblock.ts'

const windowSize = 32 * 1024

/**
 * Returns a function that reads an inode's bytes by its number. Tables are read in windows, and the `windowsKept` most recent ones are
 * cached.
 * @throws DiskError if there is no such inode
 */
export function inodeTable(
  device: Source,
  superblock: Superblock,
  inodeTableBlock: (group: number) => number,
  windowsKept: number,
): (number: number) => Buffer {
  const { inodesCount, inodesPerGroup, inodeSize, blockSize } = superblock
  const perWindow = Math.min(inodesPerGroup, Math.max(1, windowSize / inodeSize))
  const windowsPerGroup = Math.ceil(inodesPerGroup / perWindow)
  const window = recent(windowsKept, (key) => {
    const group = Math.floor(key / windowsPerGroup)
    const first = (key % windowsPerGroup) * perWindow
    const count = Math.min(perWindow, inodesPerGroup - first)
    return bytesAt(device, inodeTableBlock(group) * blockSize + first * inodeSize, count * inodeSize)
  })
  return (number) => {
    if (!(number >= 1 && number <= inodesCount)) {
      throw damage(device, `inode ${number}`, `it doesn't exist, because the last inode is ${inodesCount}`)
    }
    const group = Math.floor((number - 1) / inodesPerGroup)
    const index = (number - 1) % inodesPerGroup
    const at = (index % perWindow) * inodeSize
    return window(group * windowsPerGroup + Math.floor(index / perWindow)).subarray(at, at + inodeSize)
  }
}
