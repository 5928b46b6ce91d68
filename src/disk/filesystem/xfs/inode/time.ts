import type { Time } from '../../tree.ts'
import { type Inode, inodeFlags2 } from './inode.ts'

const modification = 40
/** With the feature `BIGTIME`, times count from December 1901, the earliest that the other format has. */
const bigTimeEpoch = -(2 ** 31)

/** Seconds and nanoseconds of 32 bits each, or nanoseconds of 64 bits (Linux, fs/xfs/libxfs/xfs_format.h, xfs_timestamp_t). */
export function modificationTime({ raw, flags2 }: Inode): Time {
  if (!(flags2 & inodeFlags2.bigTime)) {
    return normalized(raw.readInt32BE(modification), raw.readUInt32BE(modification + 4))
  }
  const nanoseconds = raw.readBigUInt64BE(modification)
  return { seconds: Number(nanoseconds / 1_000_000_000n) + bigTimeEpoch, nanoseconds: Number(nanoseconds % 1_000_000_000n) }
}

function normalized(seconds: number, nanoseconds: number): Time {
  return { seconds: seconds + Math.floor(nanoseconds / 1e9), nanoseconds: nanoseconds % 1e9 }
}
