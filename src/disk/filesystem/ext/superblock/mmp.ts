import type { Warn } from '../../../../bytes/errors.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import type { Superblock } from './superblock.ts'

const magic = 0x004d4d50
const clean = 0xff4d4d50

/** Multiple mount protection: a block in which the computer that mounts the filesystem keeps a number. */
export function warnIfInUse(device: Source, { mmpBlock, blockSize }: Superblock, warn: Warn): void {
  if (mmpBlock === 0 || (mmpBlock + 1) * blockSize > device.size) return
  const raw = bytesAt(device, mmpBlock * blockSize, 8)
  if (raw.readUInt32LE(0) === magic && raw.readUInt32LE(4) !== clean) {
    warn(`${device.name}: the ext filesystem is marked as in use by another computer, so it may have changed while it was copied`)
  }
}
