import { readdirSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds between two looks for more. */
const interval = 20

const pieceSize = 1 << 20

/** The archive of an entry, while the toolkit downloads it. The toolkit only appends to its file. */
export class ArrivingArchive {
  readonly #temp: string
  readonly #signal: AbortSignal
  readonly #files: FileHandle[] = []
  #ending: 'complete' | Error | undefined
  #given = 0

  /**
   * @param temp the toolkit's folder for temporary files, in which the archive is somewhere
   * @param signal ends what reads it
   */
  constructor(temp: string, signal: AbortSignal) {
    this.#temp = temp
    this.#signal = signal
  }

  /** How many bytes the latest `read` has given. */
  get given(): number {
    return this.#given
  }

  /** The archive has arrived. */
  complete(): void {
    this.#ending ??= 'complete'
  }

  /** The rest won't arrive. */
  fail(reason: Error): void {
    this.#ending ??= reason
  }

  /**
   * The archive's bytes, as they arrive. Each call begins at the beginning.
   * @throws what `fail` got, or the reason of the signal
   */
  async *read(): AsyncGenerator<Buffer> {
    const file = await this.#open()
    this.#files.push(file)
    for (this.#given = 0; ; ) {
      // Before the look for more, because what comes in between is the last of it.
      const isComplete = this.#ending === 'complete'
      const piece = Buffer.allocUnsafeSlow(pieceSize)
      const { bytesRead } = await file.read(piece, 0, pieceSize, this.#given)
      this.#signal.throwIfAborted()
      if (bytesRead === 0 && isComplete) return
      this.#given += bytesRead
      if (bytesRead > 0) yield piece.subarray(0, bytesRead)
      else await this.#wait()
    }
  }

  /** Ends all reading: whoever gave up a stream of this may have left it open. */
  async close(): Promise<void> {
    this.fail(new Error('the archive is no longer read'))
    for (const file of this.#files) await file.close()
  }

  async #open(): Promise<FileHandle> {
    for (;;) {
      const isOver = this.#ending !== undefined
      const file = await openAny(this.#temp)
      if (file) return file
      if (isOver) throw this.#ending instanceof Error ? this.#ending : new Error('its archive is missing')
      await this.#wait()
    }
  }

  async #wait(): Promise<void> {
    if (this.#ending instanceof Error) throw this.#ending
    this.#signal.throwIfAborted()
    await sleep(interval)
  }
}

/** The toolkit downloads to `TEMP/UUID/cache.tzst` or `cache.tgz`, and its tar moves that to `TEMP/archive`. */
async function openAny(temp: string): Promise<FileHandle | undefined> {
  for (const name of namesIn(temp).filter((name) => /^archive$|^[^/]+\/cache\.t(zst|gz)$/.test(name))) {
    try {
      return await open(join(temp, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return undefined
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
  } catch {
    return []
  }
}
