import type { Warn } from '../../../../bytes/errors.ts'
import type { Source } from '../../../../bytes/source.ts'
import { dataHolds, hasBlockChecksums, tags } from './descriptor.ts'
import { type FastCommits, fastCommits } from './fast-commit/changes.ts'
import { readFastCommits } from './fast-commit/log.ts'
import { type Log, openLog } from './log.ts'
import { overlay, type Replacement } from './overlay.ts'
import { type IsRevoked, readRevocations } from './revoke.ts'
import { committedTransactions, type Transaction } from './scan.ts'
import { next } from './sequence.ts'
import { readSuperblock } from './superblock.ts'

/** A filesystem after its journal was replayed. */
export interface Replayed {
  /** The device with the journal's blocks in place, which may include the filesystem's superblock. */
  readonly device: Source
  /** Number of replayed transactions. */
  readonly transactions: number
  /** The fast commits after those transactions, if there are any. */
  readonly fastCommits?: FastCommits
}

/**
 * Replays a JBD2 journal in memory; nothing is written. As in Linux there are three passes: find the end of the log, collect the revoked
 * blocks, and put the other blocks in place (Linux Documentation/filesystems/ext4/journal.rst; e2fsprogs lib/ext2fs/kernel-jbd.h).
 * @param device the filesystem as it is
 * @param journal the content of its journal inode
 * @throws DiskError if the journal is so damaged that Linux wouldn't mount the filesystem
 */
export function replayJournal(
  device: Source,
  journal: Source,
  filesystem: { readonly blockSize: number; readonly inodeSize: number },
  warn: Warn,
): Replayed {
  const superblock = readSuperblock(journal, filesystem.blockSize, warn)
  if (superblock.start === 0) return { device, transactions: 0 }
  const log = openLog(journal, superblock)
  const transactions = committedTransactions(log)
  const isRevoked = readRevocations(log, transactions)
  const replacements = replay(log, transactions, isRevoked, Math.floor(device.size / superblock.blockSize))
  const replayed = { device: overlay(device, journal, superblock.blockSize, replacements), transactions: transactions.length }
  if (!superblock.fastCommits) return replayed
  const last = transactions.at(-1)
  const { commits, changes } = readFastCommits(log, last ? next(last.sequence) : superblock.sequence, filesystem.inodeSize, warn)
  return commits === 0 ? replayed : { ...replayed, fastCommits: fastCommits(changes) }
}

function replay(log: Log, transactions: readonly Transaction[], isRevoked: IsRevoked, deviceBlocks: number): Map<number, Replacement> {
  const replacements = new Map<number, Replacement>()
  for (const { sequence, descriptors } of transactions) {
    for (const descriptor of descriptors) {
      let at = descriptor.data
      for (const tag of tags(log.block(descriptor.at), log.superblock)) {
        if (!isRevoked(tag.block, sequence)) {
          if (tag.block >= deviceBlocks) {
            throw log.damage(descriptor.at, `it describes block ${tag.block}, but the filesystem's device has only ${deviceBlocks}`)
          }
          if (hasBlockChecksums(log.superblock) && !dataHolds(log.block(at), tag, sequence, log.superblock)) {
            throw log.damage(at, `the copy of block ${tag.block} fails its checksum`)
          }
          replacements.set(tag.block, { at, escaped: tag.escaped })
        }
        at = log.after(at, 1)
      }
    }
  }
  return replacements
}
