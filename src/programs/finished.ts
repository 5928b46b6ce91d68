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

/**
 * What engines print after the reason: how to use the command, that a container didn't start, and that an archive, which Podman tries as each
 * format, isn't a folder.
 */
const noReason = /^usage:|--help\b|^error: failed to start containers:|^\* (dir|oci): /i

/**
 * The last line of a text that gives a reason, else the last non-empty line. A carriage return also ends a line, because progress bars use
 * it.
 */
export function lastLine(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.findLast((line) => !noReason.test(line)) ?? lines.at(-1) ?? ''
}
