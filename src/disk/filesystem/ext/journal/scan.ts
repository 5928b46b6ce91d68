import { blockType, journalMagic } from './block.ts'
import { commitHolds, commitTime } from './commit.ts'
import { crc32be } from './crc32-be.ts'
import { tags, tailHolds } from './descriptor.ts'
import type { Log } from './log.ts'
import { next } from './sequence.ts'

/** A committed transaction, and where its blocks are in the log. */
export interface Transaction {
  readonly sequence: number
  /** For each descriptor: its own block, and the first block that it describes. */
  readonly descriptors: { readonly at: number; readonly data: number }[]
  readonly revokes: number[]
}

/**
 * Finds the committed transactions, oldest first. The log ends at a block that isn't the next one of its transaction: it was never written,
 * or is left from an earlier round. A transaction without a commit block was never finished and is ignored.
 * @throws DiskError if a committed transaction fails its checksums; Linux doesn't mount such a filesystem either
 */
export function committedTransactions(log: Log): Transaction[] {
  const { superblock } = log
  const length = superblock.end - superblock.first
  const committed: Transaction[] = []
  let current = transaction(superblock.sequence)
  let crc = 0xffffffff
  let lastTime = 0n
  /** A block of the current transaction with a wrong checksum: damaged, or left from an earlier round. */
  let suspect: number | undefined
  /** A commit block with a wrong checksum, which asynchronous commits allow in the last transaction. */
  let unfinished: { readonly at: number; readonly transaction: Transaction } | undefined

  let at = superblock.start
  for (let walked = 0; ; ) {
    const block = at
    const raw = log.block(block)
    if (raw.readUInt32BE(0) !== journalMagic || raw.readUInt32BE(8) !== current.sequence) return committed
    walked++
    at = log.after(block, 1)
    const type = raw.readUInt32BE(4)
    if (type === blockType.descriptor) {
      if (!tailHolds(raw, superblock)) suspect ??= block
      const count = countTags(raw, log)
      if (superblock.checksums === 'v1') crc = transactionCrc(crc, raw, log, at, Math.min(count, length))
      current.descriptors.push({ at: block, data: at })
      walked += count
      at = log.after(at, count)
    } else if (type === blockType.revoke) {
      if (!tailHolds(raw, superblock)) suspect ??= block
      current.revokes.push(block)
    } else if (type === blockType.commit) {
      const time = commitTime(raw)
      const holds = commitHolds(raw, crc, superblock)
      if ((suspect !== undefined || !holds) && time < lastTime) return committed
      if (suspect !== undefined) throw corrupt(log, suspect, current)
      if (unfinished !== undefined) throw corrupt(log, unfinished.at, unfinished.transaction)
      if (holds) committed.push(current)
      else if (superblock.asyncCommit) unfinished = { at: block, transaction: current }
      else throw corrupt(log, block, current)
      current = transaction(next(current.sequence))
      crc = 0xffffffff
      lastTime = time
    } else {
      return committed
    }
    if (walked > length) throw log.damage(block, `transaction ${current.sequence} is longer than the log`)
  }
}

function transaction(sequence: number): Transaction {
  return { sequence, descriptors: [], revokes: [] }
}

function countTags(descriptor: Buffer, log: Log): number {
  let count = 0
  for (const _ of tags(descriptor, log.superblock)) count++
  return count
}

function transactionCrc(seed: number, descriptor: Buffer, log: Log, data: number, count: number): number {
  let crc = crc32be(seed, descriptor)
  for (let index = 0; index < count; index++) crc = crc32be(crc, log.block(log.after(data, index)))
  return crc
}

function corrupt(log: Log, at: number, { sequence }: Transaction) {
  return log.damage(at, `transaction ${sequence} fails its checksum (e2fsck may be able to repair it)`)
}
