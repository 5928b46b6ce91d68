import type { ProgressState, ShowProgress } from './progress.ts'
import { bytesText, durationText } from './units.ts'

/** Reports progress at most once every few seconds: often enough to show that it goes on, without flooding the log. */
export class ProgressLine {
  readonly #say: (line: string) => void
  readonly #interval: number
  readonly #start = Date.now()
  #last = this.#start

  constructor(say: (line: string) => void, interval = 5000) {
    this.#say = say
    this.#interval = interval
  }

  /** @param text makes the line from the elapsed time, e.g. `12.3 s` */
  update(text: (elapsed: string, milliseconds: number) => string): void {
    const now = Date.now()
    if (now - this.#last < this.#interval) return
    this.#last = now
    this.#say(text(durationText(now - this.#start), now - this.#start))
  }
}

/**
 * Shows progress as lines, each with the time since the first state with the same `doing`.
 * @param atOnce whether it is also said at once what begins
 */
export function progressLines(say: (line: string) => void, atOnce = false): ShowProgress {
  let last: { doing: string; line: ProgressLine } | undefined
  return (state) => {
    const { doing } = state
    if (last?.doing !== doing) {
      last = { doing, line: new ProgressLine(say) }
      if (atOnce) say(`${doing} ...`)
    }
    last.line.update((elapsed) => `${stateText(state)}, ${elapsed} so far`)
  }
}

/** E.g. `Converting: 420.0 MB of 849.2 MB (49 %)`. */
function stateText({ doing, done, total }: ProgressState): string {
  if (done === undefined) return doing
  return `${doing}: ${total === undefined ? bytesText(done) : shareText(done, total)}`
}

/** E.g. `420.0 MB of 849.2 MB (49 %)`. */
export function shareText(done: number, total: number): string {
  return `${bytesText(done)} of ${bytesText(total)} (${Math.min(100, Math.floor((done / Math.max(total, 1)) * 100))} %)`
}
