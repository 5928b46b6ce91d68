import { availableParallelism } from 'node:os'

/** libuv's default. */
const libuvThreads = 4

/**
 * How many of libuv's threads to use at the same time for one kind of work, compressing or decompressing: one per processor. Measured with
 * two processors: with more, they displace each other's data from the processors' caches, and take a tenth longer. At least two, so that one
 * piece is ready when another ends.
 */
export function usableThreads(processors = availableParallelism()): number {
  return Math.max(2, Math.min(libuvThreads, processors))
}
