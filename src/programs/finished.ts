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

/** The last non-empty line of a text. A carriage return also ends a line, because progress bars use it. */
export function lastLine(text: string): string {
  return text
    .trimEnd()
    .split(/[\r\n]+/)
    .at(-1)!
    .trim()
}
