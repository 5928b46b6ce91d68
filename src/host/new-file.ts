import { randomBytes } from 'node:crypto'
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { getSystemErrorMessage } from 'node:util'
import { removeAtExit } from './at-exit.ts'
import { destinationOf } from './destination.ts'

/** A file that is written from front to back. */
export interface Output {
  readonly fd: number
  /** Name for messages. */
  readonly name: string
  /** Position of the next byte. */
  position: number
}

/**
 * Writes all bytes at the output's position. The write is synchronous, because it only goes to the page cache, and libuv's threads are
 * busy.
 */
export function append(out: Output, bytes: Uint8Array): void {
  writeAt(out, bytes, out.position)
  out.position += bytes.length
}

export function writeAt({ fd, name }: Output, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writing(name, () => writeSync(fd, bytes, done, bytes.length - done, position + done))
  }
}

/** An output that has its name only when it is complete. If this process ends before, nothing of it is left. */
export interface NewFile extends Output {
  /** Gives it its name; whatever file had it before is gone. */
  keep(): void
  /** Removes the file; does nothing after `keep`. */
  discard(): void
}

/** @throws Error with one sentence if nothing can be written there, or something other than a file has that name */
export function newFile(path: string): NewFile {
  const destination = destinationOf(path)
  return namedLater(path, destination, partOf(destination), 'wx')
}

/** To go on with `part`, which is there, under the name that `partOf` gives. */
export function openPart(path: string, part: string): NewFile {
  return namedLater(path, destinationOf(path), part, 'r+')
}

/** What a file is called until it is whole: a name in the same folder. */
export function partOf(destination: string): string {
  return `${destination}.${randomBytes(4).toString('hex')}.part`
}

function namedLater(path: string, destination: string, part: string, flags: 'wx' | 'r+'): NewFile {
  const fd = writing(path, () => openSync(part, flags, 0o644))
  const release = removeAtExit(part)
  let open = true
  const close = () => {
    if (open) closeSync(fd)
    open = false
  }
  return {
    fd,
    name: path,
    position: 0,
    keep() {
      close()
      writing(path, () => renameSync(part, destination))
      release()
    },
    discard() {
      close()
      rmSync(part, { force: true })
      release()
    },
  }
}

/** Returns what `use` returns, and turns its error into a sentence about the user's file. */
export function writing<T>(path: string, use: () => T): T {
  try {
    return use()
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException
    if (errno === undefined) throw error
    throw new Error(`${path}: it can't be written (${getSystemErrorMessage(errno)})`, { cause: error })
  }
}
