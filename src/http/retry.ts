import { setTimeout as sleep } from 'node:timers/promises'
import { durationText } from '../phase/units.ts'
import { HttpFailure } from './failure.ts'

/** How patient a fetch is. Times are in milliseconds. */
export interface Pace {
  /** Time without a byte after which a connection is given up. */
  readonly stall: number
  /** Failed attempts in a row after which an address is given up. */
  readonly attempts: number
  /** Delay before the second attempt; it doubles with each attempt. */
  readonly delay: number
}

export const usualPace: Pace = { stall: 30_000, attempts: 6, delay: 1000 }

const maxDelay = 30_000

/**
 * Retries until `attempt` succeeds, fails for good, or fails too often in a row.
 * @param gained whether the failed attempt made progress, which resets the count
 * @throws HttpFailure; anything else that `attempt` throws; the reason of `signal`
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  gained: () => boolean,
  pace: Pace,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<T> {
  for (let failed = 0; ; ) {
    signal.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof HttpFailure) || !error.retryable) throw error
      failed = gained() ? 1 : failed + 1
      if (failed >= pace.attempts)
        throw new HttpFailure(failed > 1 ? `${error.message} (${failed} tries in a row)` : error.message, { kind: error.kind })
      await pause(Math.max(error.wait, backoff(failed, pace)), error, { signal, say })
    }
  }
}

/** Exponential, with jitter, so that a matrix of jobs doesn't come back to a failed server all at once. */
function backoff(failed: number, { delay }: Pace): number {
  return Math.min(maxDelay, delay * 2 ** (failed - 1)) * (0.5 + Math.random() / 2)
}

async function pause(
  milliseconds: number,
  { message }: Error,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<void> {
  say(`${message[0]?.toUpperCase()}${message.slice(1)}; trying again in ${durationText(milliseconds)}`)
  try {
    await sleep(milliseconds, undefined, { signal })
  } catch {
    signal.throwIfAborted()
  }
}
