import { constants } from 'node:os'
import { UserError } from '../bytes/errors.ts'

/**
 * Aborts when someone asks this process to end: by Ctrl-C, by closing the terminal, by cancelling the job. A second request ends the
 * process at once.
 * @param reason makes a sentence from the name of the signal
 */
export function endRequest(reason: (signal: string) => string): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(128 + constants.signals[name])
      stop.abort(new UserError(reason(name), 'cancelled'))
    })
  }
  return stop.signal
}
