import { createHash, type Hash } from 'node:crypto'
import { constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { sha256Of } from '../../bytes/digest.ts'
import { systemMessage } from '../../bytes/errors.ts'
import { bootId } from '../../host/boot-id.ts'
import { NoRoom } from '../../host/free-space.ts'
import { bytesText } from '../../phase/units.ts'
import { ArrivalReport, type OnArriving } from './arrival-report.ts'
import type { Facts } from './reply.ts'

/** What is known about the complete file. The address is only stored as a hash, because it may contain secrets. */
interface Memo extends Facts {
  readonly urlSha256: string
  readonly boot: string
}

const pieceSize = 4 << 20

function memoPath(partial: string): string {
  return `${partial}.resume.json`
}

/**
 * The beginning of a file that is being downloaded, with a note beside it that lets a later run resume. The SHA-256 is computed while bytes
 * arrive; bytes from an earlier run are read back.
 */
export class PartialFile {
  readonly path: string
  readonly #file: FileHandle
  #hash: Hash = createHash('sha256')
  /** Number of hashed bytes, which are all in the file as well. */
  #hashed = 0
  #size: number
  #memo: Memo | undefined
  /** Whether the bytes come from more than one response, as those of an earlier run may. */
  #severalAnswers = true
  readonly #onArriving: OnArriving | undefined
  #report: ArrivalReport | undefined

  private constructor(path: string, file: FileHandle, size: number, memo: Memo | undefined, onArriving: OnArriving | undefined) {
    this.path = path
    this.#onArriving = onArriving
    this.#file = file
    this.#size = size
    this.#memo = memo
  }

  /**
   * Opens or creates the file.
   * @param onArriving called when bytes of a file of a known size begin to arrive; again if the download starts over
   * @throws Error if that fails
   */
  static async open(path: string, onArriving?: OnArriving): Promise<PartialFile> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT)
    return new PartialFile(path, file, (await file.stat()).size, readMemo(path), onArriving)
  }

  close(): Promise<void> {
    this.#endReport('its download has failed')
    return this.#file.close()
  }

  get size(): number {
    return this.#size
  }

  get severalAnswers(): boolean {
    return this.#severalAnswers
  }

  get facts(): Facts {
    const { urlSha256: _, boot: __, ...facts } = this.#memo ?? { urlSha256: '', boot: '' }
    return facts
  }

  /**
   * What an earlier response says that can be compared with this address's responses. Between different addresses, that is only the size,
   * because each server has its own ETags and times.
   */
  factsFor(url: string): Facts {
    if (this.#memo?.urlSha256 === sha256Of(url)) return this.facts
    const { size } = this.facts
    return size === undefined ? {} : { size }
  }

  /**
   * How many of the existing bytes can be kept; the rest must be requested.
   * @param pinned whether the checksum is known, so that bytes of another file would be noticed, and their origin doesn't matter
   */
  keeps(url: string, pinned: boolean): number {
    const memo = this.#memo
    if (!memo || !(pinned || memo.urlSha256 === sha256Of(url)) || this.#size > (memo.size ?? this.#size)) return 0
    // After a crash of the machine, a file may have its length but not its bytes.
    const sound = pinned || (memo.boot !== '' && memo.boot === bootId())
    return sound && (pinned || memo.etag !== undefined || memo.lastModified !== undefined) ? this.#size : 0
  }

  /** Whether all bytes are there, as far as that is known. */
  get complete(): boolean {
    return this.#size > 0 && this.#size === this.#memo?.size
  }

  /** Discards the bytes. */
  async discard(): Promise<void> {
    this.#endReport('its download starts over')
    this.forget()
    await this.#file.truncate(0)
    this.#size = 0
    this.#hashed = 0
    this.#hash = createHash('sha256')
    this.#severalAnswers = false
  }

  /** Discards the bytes, and starts a note about the new ones. */
  async begin(url: string, facts: Facts): Promise<void> {
    await this.discard()
    this.#memo = { ...facts, urlSha256: sha256Of(url), boot: bootId() }
    writeMemo(this.path, this.#memo)
    this.#startReport()
  }

  /** Continues with bytes of the same file from another response, which may say more about the file. */
  continue(url: string, facts: Facts): void {
    this.#severalAnswers = true
    this.#memo = { ...this.factsFor(url), ...facts, urlSha256: sha256Of(url), boot: this.#memo!.boot }
    writeMemo(this.path, this.#memo)
    this.#startReport()
  }

  /** The file is complete, and verified. */
  finish(): void {
    this.#report?.complete()
    this.#report = undefined
    this.forget()
  }

  /** Removes the note, because the file is complete, or is no beginning of the server's current file. */
  forget(): void {
    this.#memo = undefined
    rmSync(memoPath(this.path), { force: true })
  }

  /** Hashes the bytes from an earlier run. */
  async catchUp(signal: AbortSignal): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(pieceSize, this.#size - this.#hashed))
    while (this.#hashed < this.#size) {
      signal.throwIfAborted()
      const { bytesRead } = await this.#file.read(buffer, 0, Math.min(buffer.length, this.#size - this.#hashed), this.#hashed)
      if (bytesRead === 0) throw new Error(`${this.path} became shorter while it was read; something else writes to it`)
      this.#hash.update(buffer.subarray(0, bytesRead))
      this.#hashed += bytesRead
    }
  }

  /** @throws Error if the disk is full or fails */
  async append(chunk: Buffer): Promise<void> {
    this.#hash.update(chunk)
    this.#hashed += chunk.length
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await this.#file.write(chunk, done, chunk.length - done, this.#size).catch((error) => {
        throw this.#writeError(error)
      })
      done += bytesWritten
      this.#size += bytesWritten
      this.#report?.advance(bytesWritten)
    }
  }

  /** The first `length` bytes, or all if there are fewer. */
  async beginning(length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.min(length, this.#size))
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, 0)
    return buffer.subarray(0, bytesRead)
  }

  /** SHA-256 of all bytes. Nothing may be appended after this. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  remove(): void {
    this.forget()
    rmSync(this.path, { force: true })
  }

  #startReport(): void {
    const { size } = this.facts
    if (!this.#onArriving || this.#report || size === undefined) return
    this.#report = new ArrivalReport(this.path, size, this.#size, this.#onArriving)
  }

  #endReport(why: string): void {
    this.#report?.lose(why)
    this.#report = undefined
  }

  #writeError(error: NodeJS.ErrnoException): Error {
    if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') return new Error(`${this.path} can't be written: ${systemMessage(error)}`)
    const { size } = this.facts
    const of = size === undefined ? '' : ` of ${bytesText(size)}`
    // If the disk stayed full, the rest of the job would fail in stranger ways.
    this.remove()
    return new NoRoom(
      `The disk was full after ${bytesText(this.#size)}${of} of ${basename(this.path)}, which have been removed; free some space or use a larger disk`,
    )
  }
}

function writeMemo(partial: string, memo: Memo): void {
  const path = memoPath(partial)
  writeFileSync(`${path}.new`, JSON.stringify(memo))
  renameSync(`${path}.new`, path)
}

function readMemo(partial: string): Memo | undefined {
  try {
    const memo = JSON.parse(readFileSync(memoPath(partial), 'utf8'))
    const texts = [memo.urlSha256, memo.boot, memo.etag ?? '', memo.lastModified ?? '']
    return texts.every((text) => typeof text === 'string') && ['number', 'undefined'].includes(typeof memo.size) ? memo : undefined
  } catch {
    return undefined
  }
}
