import { bytesText } from './units.ts'

/** Says how far something is, at most once every few seconds: enough to see that it lives, too little to bury the log. */
export class Progress {
  readonly #say: (line: string) => void
  readonly #verb: string
  readonly #interval: number
  readonly #start = Date.now()
  #last = this.#start

  /** @param verb what is being done, e.g. `Converted` */
  constructor(say: (line: string) => void, verb: string, interval = 5000) {
    this.#say = say
    this.#verb = verb
    this.#interval = interval
  }

  /** @param total in bytes, if it is known */
  update(done: number, total?: number): void {
    const now = Date.now()
    if (now - this.#last < this.#interval) return
    this.#last = now
    const speed = (done / (now - this.#start)) * 1000
    const of = total ? ` of ${bytesText(total)} (${Math.floor((done / total) * 100)} %)` : ''
    this.#say(`${this.#verb} ${bytesText(done)}${of}, ${bytesText(speed)}/s`)
  }
}
