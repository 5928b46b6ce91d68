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

/** An output that gets its name only when it is complete. If this process ends before that, nothing of it remains. */
export interface NewFile extends Output {
  /** Gives the file its name, and replaces any other file of that name. */
  keep(): void
  /** Removes the file; does nothing after `keep`. */
  discard(): void
}

/** @throws Error with one sentence if nothing can be written there, or the name belongs to something other than a file */
export function newFile(path: string): NewFile {
  const destination = destinationOf(path)
  return namedLater(path, destination, partOf(destination), 'wx')
}

/** Continues an existing `part`, whose name is from `partOf`. */
export function openPart(path: string, part: string): NewFile {
  return namedLater(path, destinationOf(path), part, 'r+')
}

/** Name of a file that isn't complete: in the same folder. */
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
