import { headerSize, tailSize } from './block.ts'
import { hasBlockChecksums } from './descriptor.ts'
import type { Log } from './log.ts'
import type { Transaction } from './scan.ts'
import { isLater } from './sequence.ts'

/** Whether a later transaction forbids writing a logged block back. */
export type IsRevoked = (block: number, sequence: number) => boolean

/**
 * Reads all revoke records. A block that was freed, and may hold a file's data since, must not be overwritten with its old content. A
 * record applies to its own transaction and to earlier ones.
 * @throws DiskError if a record is damaged
 */
export function readRevocations(log: Log, transactions: readonly Transaction[]): IsRevoked {
  const revokedBy = new Map<number, number>()
  for (const { sequence, revokes } of transactions) {
    for (const at of revokes) for (const block of revokedBlocks(log, at)) revokedBy.set(block, sequence)
  }
  return (block, sequence) => {
    const last = revokedBy.get(block)
    return last !== undefined && !isLater(sequence, last)
  }
}

/** Linux Documentation/filesystems/ext4/journal.rst, "Revocation Block". */
function* revokedBlocks(log: Log, at: number): Generator<number> {
  const raw = log.block(at)
  const { has64bit } = log.superblock
  const end = raw.readUInt32BE(headerSize)
  if (end > raw.length - (hasBlockChecksums(log.superblock) ? tailSize : 0)) throw log.damage(at, `its revoke records have ${end} bytes`)
  const size = has64bit ? 8 : 4
  for (let offset = headerSize + 4; offset + size <= end; offset += size) {
    yield has64bit ? raw.readUInt32BE(offset) * 2 ** 32 + raw.readUInt32BE(offset + 4) : raw.readUInt32BE(offset)
  }
}
