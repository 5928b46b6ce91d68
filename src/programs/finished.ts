/** How a program ended. */
export interface Finished {
  /** Exit status; absent if the program didn't start or was ended by a signal. */
  readonly code?: number
  readonly stdout: string
  /** The program's own reason for failing: the last non-empty line of standard error. Empty if it printed nothing there. */
  readonly lastWord: string
  /** Whether the program isn't in PATH. */
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
