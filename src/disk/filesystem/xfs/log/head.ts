import { cycleOf, type Log, logBlockSize } from './log.ts'
import { endOf, maxRecordBlocks, recordBefore } from './record.ts'

/** Up to eight records of 256 KiB are written at once, in any order. */
const maxBlocksInFlight = (8 * 256 * 1024) / logBlockSize

/**
 * The block after the last complete record, where Linux would go on writing (fs/xfs/xfs_log_recover.c, xlog_find_head). Undefined if nothing
 * was ever written.
 */
export function findHead(log: Log): number | undefined {
  const cycle = (block: number) => cycleOf(log.read(block, 1))
  const first = cycle(0)
  const last = cycle(log.blocks - 1)
  if (first === 0) return undefined
  // After mkfs.xfs, the rest of the ring is zeros. Otherwise it has what was written in the cycle before.
  const before = last === 0 ? 0 : first === last ? last - 1 : last
  const turn = first === last ? log.blocks : firstOfCycle(cycle, 0, log.blocks - 1, last)
  const head = backBeforeGaps(log, turn, before, last)
  return backBeforeTornRecord(log, head)
}

/** By bisection: the first block of the cycle `wanted`, which the block `to` has and the block `from` hasn't. */
function firstOfCycle(cycle: (block: number) => number, from: number, to: number, wanted: number): number {
  let [low, high] = [from, to]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (cycle(middle) === wanted) high = middle
    else low = middle
  }
  return high
}

/** If the machine stopped while records were written, an earlier one may be missing. The log then ends before that. */
function backBeforeGaps(log: Log, turn: number, before: number, last: number): number {
  const count = Math.min(maxBlocksInFlight, log.blocks)
  const atEnd = Math.max(0, count - turn)
  // In what precedes the start of the ring, the cycle before is one less.
  const gapAtEnd = last === 0 ? undefined : firstWith(log, log.blocks - atEnd, atEnd, before - 1)
  return gapAtEnd ?? firstWith(log, Math.max(0, turn - count), Math.min(turn, count), before) ?? turn
}

function firstWith(log: Log, from: number, count: number, cycle: number): number | undefined {
  if (count === 0) return undefined
  const bytes = log.read(from, count)
  for (let index = 0; index < count; index++) if (cycleOf(bytes, index * logBlockSize) === cycle) return from + index
  return undefined
}

/** A record that isn't complete doesn't count. */
function backBeforeTornRecord(log: Log, head: number): number {
  const last = recordBefore(log, head, maxRecordBlocks)
  return !last || endOf(log, last) === head % log.blocks ? head % log.blocks : last.block
}
