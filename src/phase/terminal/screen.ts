import { writeSync } from 'node:fs'

/** Words of the memory that both threads share, accessed only with Atomics. */
const word = { lock: 0, hidden: 1 }

/** Moves to the start of the line, and erases it. */
const eraseLine = '\r\x1b[K'

/**
 * The line of a terminal where the cursor is. One thread says what is to be seen there, another one draws it. Neither writes while the other
 * does.
 */
export class Screen {
  readonly shared: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #fd: number

  /** @param shared the memory of the other thread's Screen */
  constructor(fd: number, shared = new SharedArrayBuffer(8)) {
    this.#fd = fd
    this.shared = shared
    this.#words = new Int32Array(shared)
  }

  /** Shows a text instead of the line, unless it is hidden. */
  draw(text: string): void {
    this.#locked(() => {
      if (Atomics.load(this.#words, word.hidden) === 0) this.#write(`${eraseLine}${text}`)
    })
  }

  /** Erases the line, and lets `write` write something above the next one that is drawn. */
  interrupt(write: () => void): void {
    this.#locked(() => {
      this.#write(eraseLine)
      write()
    })
  }

  /** Erases the line. Nothing is drawn until `reveal` is called. */
  hide(): void {
    this.interrupt(() => Atomics.store(this.#words, word.hidden, 1))
  }

  reveal(): void {
    Atomics.store(this.#words, word.hidden, 0)
  }

  #locked(use: () => void): void {
    while (Atomics.compareExchange(this.#words, word.lock, 0, 1) !== 0) Atomics.wait(this.#words, word.lock, 1, 100)
    try {
      use()
    } finally {
      Atomics.store(this.#words, word.lock, 0)
      Atomics.notify(this.#words, word.lock)
    }
  }

  #write(text: string): void {
    try {
      writeSync(this.#fd, text)
    } catch {
      // The terminal is busy, or gone: a line that is drawn again soon may be missing.
    }
  }
}
