import { damage } from '../../../bytes/errors.ts'
import { bytesAt } from '../../../bytes/source.ts'
import { checkedTarget } from '../checks.ts'
import { dataFork } from './inode/fork.ts'
import type { Inode } from './inode/inode.ts'
import { forkRuns } from './mapping/fork-runs.ts'
import type { XfsReader } from './reader.ts'
import { type SelfDescription, verify } from './self-description.ts'

/** Linux's XFS_SYMLINK_MAXLEN. */
const maxTargetLength = 1024
const magic = 'XSLM'
const headerSize = 56
const fields: SelfDescription = { checksum: 12, uuid: 16, owner: 32, block: 40 }

/** A symlink's target, which is in the inode, or in blocks (Linux, fs/xfs/libxfs/xfs_symlink_remote.c). */
export function symlinkTarget(reader: XfsReader, inode: Inode): Buffer {
  const at = `inode ${inode.number}`
  const { size } = inode
  if (size > maxTargetLength) throw damage(reader, at, `the symlink's target has ${size} bytes`)
  const fork = dataFork(reader, inode)
  if (fork.format !== 'local') return checkedTarget(remoteTarget(reader, inode), reader, at)
  if (size > fork.bytes.length) throw damage(reader, at, `the symlink's target has ${size} bytes, for which the inode has no room`)
  return checkedTarget(Buffer.from(fork.bytes.subarray(0, size)), reader, at)
}

/** In version 5, each extent begins with a header. */
function remoteTarget(reader: XfsReader, inode: Inode): Buffer {
  const { device, superblock } = reader
  const { blockSize, hasChecksums } = superblock
  const runs = forkRuns(reader, inode, dataFork(reader, inode), Math.ceil((2 * maxTargetLength) / blockSize) + 1)
  const parts: Buffer[] = []
  let done = 0
  let next = 0
  for (const [index, count] of runs.counts.entries()) {
    if (done >= inode.size) break
    const block = runs.fsBlocks[index]!
    if (runs.fileBlocks[index] !== next) break
    next += count
    const bytes = bytesAt(device, block * blockSize, count * blockSize)
    const length = Math.min(inode.size - done, bytes.length - (hasChecksums ? headerSize : 0))
    if (hasChecksums) {
      const place = `block ${block} of ${reader.name}, in the symlink with inode ${inode.number}`
      verify(reader, bytes, fields, { block, owner: inode.number }, place)
      if (bytes.toString('latin1', 0, 4) !== magic || bytes.readUInt32BE(4) !== done || bytes.readUInt32BE(8) !== length) {
        throw damage(reader, `inode ${inode.number}`, `block ${block} isn't the part of the symlink's target that should be there`)
      }
    }
    const from = hasChecksums ? headerSize : 0
    parts.push(bytes.subarray(from, from + length))
    done += length
  }
  if (done < inode.size) throw damage(reader, `inode ${inode.number}`, `the symlink's target ends after ${done} of ${inode.size} bytes`)
  return Buffer.concat(parts)
}
