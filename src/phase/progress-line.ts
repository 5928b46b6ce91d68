import type { ProgressState, ShowProgress } from './progress.ts'
import { bytesText, durationText } from './units.ts'

/** Milliseconds until the first line, and between the later ones: often enough to show that it goes on, without flooding the log. */
const pace = { first: 3000, next: 5000 }

/** Reports the progress of something that takes longer than three seconds. */
export class ProgressLine {
  readonly #say: (line: string) => void
  readonly #start = Date.now()
  #due = this.#start + pace.first

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  /** @param text makes the line from the elapsed time, e.g. `12.3 s`; undefined if there is nothing to say yet */
  update(text: (elapsed: string, milliseconds: number) => string | undefined): void {
    const now = Date.now()
    if (now < this.#due) return
    const line = text(durationText(now - this.#start), now - this.#start)
    if (line === undefined) return
    this.#due = now + pace.next
    this.#say(line)
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
