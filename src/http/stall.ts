import { durationText } from '../phase/units.ts'
import { HttpFailure } from './failure.ts'

/** Aborts when a server is silent for too long, or when the user cancels. */
export interface Watch {
  readonly signal: AbortSignal
  /** Starts the timer: from now on, bytes are awaited. */
  wait(): void
  /** Stops the timer: they have arrived. */
  rest(): void
}

/** @param limit milliseconds without a byte */
export function watchStall(limit: number, signal: AbortSignal): Watch {
  const controller = new AbortController()
  const failure = new HttpFailure(`the server sent nothing for ${durationText(limit)}`, { retryable: true })
  let timer: NodeJS.Timeout | undefined
  const rest = () => clearTimeout(timer)
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    wait() {
      rest()
      timer = setTimeout(() => controller.abort(failure), limit)
    },
    rest,
  }
}
