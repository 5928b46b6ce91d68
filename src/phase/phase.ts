/** How a phase talks to the user, and hears that it is to end. */
export interface Phase {
  /** A line of the log. */
  say(line: string): void
  /** A line that is shown beside the job's result as well. */
  warn(line: string): void
  readonly signal: AbortSignal
}
