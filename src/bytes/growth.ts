import { DiskError, type DiskErrorKind } from './errors.ts'

/** Int32 words at the start of the shared memory, accessed only with Atomics. */
const word = { signal: 0, heartbeat: 1, failure: 2, stop: 3, ended: 4 }
const message = { offset: 32, length: 2016 }
/** For each file: its length (8 bytes), whether it is complete (4), and its place: descriptor (4), offset (8). */
const table = { offset: 2048, entry: 24 }

/** How long to wait for a writer that shows no sign of life, in seconds. */
const defaultPatience = 120

/** How long a turn of a wait is at most, in milliseconds. */
const turnLength = 1000

/** Where a file's bytes are in an open file. */
export interface Place {
  readonly fd: number
  readonly offset: number
}

type WaitResult = ReturnType<typeof Atomics.wait>

/**
 * Progress of files that another thread is still writing, in memory that both threads share. Send `shared` through postMessage or
 * workerData, and construct a FileGrowth from it on the other side.
 *
 * There is one writer. If it can't go on, it calls `fail`, which concerns all files that aren't complete.
 */
export class FileGrowth {
  readonly shared: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #patience: number

  /** @param files how many files there are, or the `shared` memory of another thread's FileGrowth */
  constructor(files: number | SharedArrayBuffer, patience = defaultPatience) {
    this.shared = typeof files === 'number' ? new SharedArrayBuffer(table.offset + files * table.entry) : files
    this.#words = new Int32Array(this.shared)
    this.#patience = patience
  }

  // The writer's side

  /** Reports where file `index` begins, before any of its bytes. Unnecessary if the reader knows that. */
  begin(index: number, { fd, offset }: Place): void {
    Atomics.store(...this.#descriptor(index), fd)
    Atomics.store(...this.#offset(index), BigInt(offset))
  }

  /** Reports that `bytes` more of file `index` can be read. */
  advance(index: number, bytes: number): void {
    Atomics.add(...this.#length(index), BigInt(bytes))
    this.#wake()
  }

  /** Reports that file `index` won't grow any more. */
  complete(index: number): void {
    Atomics.store(...this.#completion(index), 1)
    this.#wake()
  }

  /** Reports that the rest won't arrive. Only the first failure is kept. */
  fail(place: string, what: string, kind: DiskErrorKind = 'input-output'): void {
    if (Atomics.compareExchange(this.#words, word.failure, 0, 1) !== 0) return
    const text = `${kind}\n${place.slice(0, 500)}\n${what}`
    const length = Buffer.from(this.shared, message.offset, message.length).write(text)
    Atomics.store(this.#words, word.failure, 1 + length)
    this.#wake()
  }

  /** Shows a sign of life while nothing else advances. */
  beat(): void {
    Atomics.add(this.#words, word.heartbeat, 1)
  }

  /** Reports that the writer no longer uses any of its files. */
  end(): void {
    Atomics.store(this.#words, word.ended, 1)
    this.#wake()
  }

  /** Whether the reader has asked the writer to stop. */
  get stopRequested(): boolean {
    return Atomics.load(this.#words, word.stop) !== 0
  }

  // The reader's side

  /** How many bytes of file `index` have arrived. */
  available(index: number): number {
    return Number(Atomics.load(...this.#length(index)))
  }

  /** Where file `index` begins. Only for a file that `begin` was called for and that has some bytes or is complete. */
  placeOf(index: number): Place {
    return { fd: Atomics.load(...this.#descriptor(index)), offset: Number(Atomics.load(...this.#offset(index))) }
  }

  /**
   * Waits until `end` bytes of file `index` have arrived, or it is complete, and returns how many there are.
   * @throws DiskError if the writer fails before that
   */
  waitFor(index: number, end: number): number {
    return this.#waitInSilence(() => this.#arrived(index, end), this.#hasFailed) ?? this.#throwFailure()
  }

  /**
   * As `waitFor`, but the thread can do something else meanwhile.
   * @throws also the reason of `signal`, up to a second later
   */
  async arrivalOf(index: number, end: number, signal: AbortSignal): Promise<number> {
    const waiting = this.#waiting(() => {
      signal.throwIfAborted()
      return this.#arrived(index, end)
    }, this.#hasFailed)
    for (let turn = waiting.next(); ; ) {
      if (turn.done) return turn.value ?? this.#throwFailure()
      turn = waiting.next(await Atomics.waitAsync(this.#words, word.signal, turn.value, turnLength).value)
    }
  }

  isComplete(index: number): boolean {
    return Atomics.load(...this.#completion(index)) !== 0
  }

  /** Asks the writer to stop, and waits until it has, because only then may its files be closed. Returns whether it has stopped. */
  stop(): boolean {
    Atomics.store(this.#words, word.stop, 1)
    const ended = () => Atomics.load(this.#words, word.ended) !== 0 || undefined
    // A writer that has failed either stops now or is already dead.
    return this.#waitInSilence(ended, this.#hasFailed) ?? this.#waitInSilence(ended) ?? false
  }

  /** How many bytes of file `index` there are, if there are `end`, or won't be more. */
  #arrived(index: number, end: number): number | undefined {
    const complete = this.isComplete(index)
    const bytes = this.available(index)
    return complete || bytes >= end ? bytes : undefined
  }

  readonly #hasFailed = () => Atomics.load(this.#words, word.failure) > 1

  #throwFailure(): never {
    const failure = Atomics.load(this.#words, word.failure)
    if (failure > 1) {
      const [kind, place, ...what] = Buffer.from(this.shared, message.offset, failure - 1)
        .toString()
        .split('\n')
      throw new DiskError(place!, what.join('\n'), kind as DiskErrorKind)
    }
    throw new DiskError(
      'background thread',
      `it has shown no sign of life for ${this.#patience} seconds; its storage hangs, or the thread has died`,
      'input-output',
    )
  }

  /** Blocks until `look` returns something. Gives up when `isOver` returns true, or when the writer has been silent for too long. */
  #waitInSilence<T>(look: () => T | undefined, isOver = () => false): T | undefined {
    const waiting = this.#waiting(look, isOver)
    for (let turn = waiting.next(); ; ) {
      if (turn.done) return turn.value
      turn = waiting.next(Atomics.wait(this.#words, word.signal, turn.value, turnLength))
    }
  }

  /** The turns of a wait. Each yields the value of the signal that it saw, and gets the result of waiting for another. */
  *#waiting<T>(look: () => T | undefined, isOver: () => boolean): Generator<number, T | undefined, WaitResult> {
    let heartbeat = Atomics.load(this.#words, word.heartbeat)
    // Seconds are counted one by one, so that a machine that was suspended isn't mistaken for a dead thread.
    for (let silent = 0; silent < this.#patience; ) {
      const signal = Atomics.load(this.#words, word.signal)
      const over = isOver()
      const found = look()
      if (found !== undefined || over) return found
      const outcome = yield signal
      const now = Atomics.load(this.#words, word.heartbeat)
      silent = outcome === 'timed-out' && now === heartbeat ? silent + 1 : 0
      heartbeat = now
    }
    return undefined
  }

  #wake(): void {
    Atomics.add(this.#words, word.signal, 1)
    Atomics.notify(this.#words, word.signal)
  }

  #length(index: number): [BigInt64Array, number] {
    return [new BigInt64Array(this.shared, table.offset + index * table.entry, 1), 0]
  }

  #completion(index: number): [Int32Array, number] {
    return [this.#words, (table.offset + index * table.entry + 8) / 4]
  }

  #descriptor(index: number): [Int32Array, number] {
    return [this.#words, (table.offset + index * table.entry + 12) / 4]
  }

  #offset(index: number): [BigInt64Array, number] {
    return [new BigInt64Array(this.shared, table.offset + index * table.entry + 16, 1), 0]
  }
}
