/** How far something long is. */
export interface ProgressState {
  /** What goes on, e.g. `Converting`. */
  readonly doing: string
  /** Bytes that are done; absent if they can't be counted. */
  readonly done?: number
  /** Bytes in all, if that is known. */
  readonly total?: number
}

/** Shows a state. It is called far more often than anybody wants to read. */
export type ShowProgress = (state: ProgressState) => void
