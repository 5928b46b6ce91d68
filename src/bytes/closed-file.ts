import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs'

/** A regular file that is open only while it is read: an input may consist of more files than a process may have open. */
export interface ClosedFile {
  readonly path: Uint8Array
  /** In bytes. */
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly modified: bigint
}

export function closedFile(path: Uint8Array, { size, mtimeNs }: BigIntStats): ClosedFile {
  return { path, size: Number(size), modified: mtimeNs }
}

/**
 * Opens the file; the caller closes it.
 * @returns its descriptor
 * @throws Error if it can't be opened, or was changed in the meantime
 */
export function openClosed({ path, size, modified }: ClosedFile): number {
  // Something else may have taken its place. Without O_NONBLOCK, opening a pipe waits for a writer.
  const fd = openSync(Buffer.from(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const now = fstatSync(fd, { bigint: true })
  if (now.isFile() && Number(now.size) === size && now.mtimeNs === modified) return fd
  closeSync(fd)
  throw new Error('another process changed it while it was read')
}

/** Opens closed files, and closes those again that weren't used for the longest time. */
export class RecentlyOpened {
  readonly #limit: number
  /** Descriptors, the one that was used last at the end. */
  readonly #open = new Map<ClosedFile, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * The file's descriptor, until another file's is asked for.
   * @throws as `openClosed`
   */
  descriptorOf(file: ClosedFile): number {
    const fd = this.#open.get(file) ?? openClosed(file)
    this.#open.delete(file)
    this.#open.set(file, fd)
    for (const [other, its] of this.#open) {
      if (this.#open.size <= this.#limit) break
      this.#open.delete(other)
      closeSync(its)
    }
    return fd
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd)
    this.#open.clear()
  }
}
