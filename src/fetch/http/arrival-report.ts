import type { Arrival } from '../../bytes/arriving-file.ts'
import { FileGrowth } from '../../bytes/growth.ts'

/** A download that can be read before it is complete, by another thread. Nothing in it has been verified yet. */
export interface ArrivingDownload extends Arrival {
  readonly path: string
  /** Aborted before bytes that have arrived are replaced, and if the rest won't arrive. */
  readonly lost: AbortSignal
}

export type OnArriving = (download: ArrivingDownload) => void

/** Milliseconds between signs of life, which tell a server that stalls from a dead thread. */
const beatInterval = 1000

/** Tells readers in other threads how much of a download has arrived. */
export class ArrivalReport {
  readonly #growth = new FileGrowth(1)
  readonly #lost = new AbortController()
  readonly #timer = setInterval(() => this.#growth.beat(), beatInterval).unref()
  readonly #path: string

  /** @param arrived bytes that are there already */
  constructor(path: string, size: number, arrived: number, onArriving: OnArriving) {
    this.#path = path
    this.#growth.advance(0, arrived)
    onArriving({ path, size, growth: this.#growth.shared, lost: this.#lost.signal })
  }

  advance(bytes: number): void {
    this.#growth.advance(0, bytes)
  }

  /** All bytes are there, and verified. */
  complete(): void {
    clearInterval(this.#timer)
  }

  /** @param why as a clause */
  lose(why: string): void {
    clearInterval(this.#timer)
    this.#lost.abort(new Error(`${this.#path}: ${why}`))
    this.#growth.fail(this.#path, why)
  }
}
