/** How a program ended. */
export interface Finished {
  /** Exit status; absent if it didn't start, or was ended by a signal. */
  readonly code?: number
  readonly stdout: string
  /** Why it failed, in its own words: the last line of standard error that isn't empty. Empty if it succeeded in silence. */
  readonly lastWord: string
  /** There is no such program in PATH. */
  readonly missing: boolean
  readonly timedOut: boolean
}

/** The last line of a text that isn't empty; a carriage return ends a line, as progress bars use it. */
export function lastLine(text: string): string {
  return text
    .trimEnd()
    .split(/[\r\n]+/)
    .at(-1)!
    .trim()
}
