/** How a phase reports to the user, and learns that it must stop. */
export interface Phase {
  /** Writes a line to the log. */
  say(line: string): void
  /** Writes a warning, which is also shown beside the job's result. */
  warn(line: string): void
  readonly signal: AbortSignal
}
