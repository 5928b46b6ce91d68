import { constants } from 'node:os'

/**
 * Aborted when someone asks this process to end: by Ctrl-C, by closing the terminal, by cancelling the job. Who asks twice gets it at once.
 * @param reason makes a sentence of the signal's name
 */
export function endRequest(reason: (signal: string) => string): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(128 + constants.signals[name])
      stop.abort(new Error(reason(name)))
    })
  }
  return stop.signal
}
