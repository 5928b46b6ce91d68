import { availableParallelism } from 'node:os'

/** libuv's default. */
const libuvThreads = 4

/**
 * How many jobs of one kind, compressing or decompressing, to give to libuv's threads at the same time: one per processor. Measured with two
 * processors: with more, they displace each other's data from the processors' caches, and take a tenth longer. At least two, so that one is
 * ready when another ends.
 */
export function jobsAtOnce(processors = availableParallelism()): number {
  return Math.max(2, Math.min(libuvThreads, processors))
}
