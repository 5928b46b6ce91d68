import { damageAt } from '../../../bytes/errors.ts'

/** Counts bytes that are read, against a limit for the whole filesystem. */
export class Budget {
  readonly #place: string
  readonly #what: string
  readonly #limit: number
  #left: number

  constructor(place: string, what: string, limit: number) {
    this.#place = place
    this.#what = what
    this.#limit = limit
    this.#left = limit
  }

  /** @throws DiskError if more bytes than the limit have been read */
  spend(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0) throw damageAt(this.#place, `${this.#what} have more than ${this.#limit} bytes`)
  }
}
