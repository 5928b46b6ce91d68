import { bytesText, durationText } from './units.ts'

/** Says how far something is, at most once every few seconds: enough to see that it lives, too little to bury the log. */
export class ProgressLine {
  readonly #say: (line: string) => void
  readonly #interval: number
  readonly #start = Date.now()
  #last = this.#start

  constructor(say: (line: string) => void, interval = 5000) {
    this.#say = say
    this.#interval = interval
  }

  /** @param text makes the line of the time that has passed, e.g. `12.3 s` */
  update(text: (elapsed: string, milliseconds: number) => string): void {
    const now = Date.now()
    if (now - this.#last < this.#interval) return
    this.#last = now
    this.#say(text(durationText(now - this.#start), now - this.#start))
  }
}

/** E.g. `420.0 MB of 849.2 MB (49 %)`. */
export function shareText(done: number, total: number): string {
  return `${bytesText(done)} of ${bytesText(total)} (${Math.min(100, Math.floor((done / Math.max(total, 1)) * 100))} %)`
}
