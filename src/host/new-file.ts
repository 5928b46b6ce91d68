import { closeSync, openSync, readdirSync, renameSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { getSystemErrorMessage } from 'node:util'
import { UserError } from '../bytes/errors.ts'
import { removeAtExit } from './at-exit.ts'
import { destinationOf } from './destination.ts'
import { isAlive, isOwnerTag, ownerTag } from './owner.ts'

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

/** An output that gets its name only when it is complete. If this process ends before that, nothing of it remains, unless it was killed. */
export interface NewFile extends Output {
  /**
   * Gives the file its name, and replaces any other file of that name.
   * @throws Error with one sentence if the name has come to lead elsewhere
   */
  keep(): void
  /** Removes the file; does nothing after `keep`. */
  discard(): void
}

/**
 * Also removes what killed processes left of the same file.
 * @throws Error with one sentence if nothing can be written there, or the name belongs to something other than a file
 */
export function newFile(path: string): NewFile {
  const destination = destinationOf(path)
  removeAbandoned(destination)
  return namedLater(path, destination, partOf(destination), 'wx')
}

/** Writes a small file, which others see whole or not at all. */
export function writeWhole(path: string, text: string): void {
  const file = newFile(path)
  try {
    append(file, Buffer.from(text))
    file.keep()
  } finally {
    file.discard()
  }
}

/** Continues an existing `part`, whose name is from `partOf`. */
export function openPart(path: string, part: string): NewFile {
  return namedLater(path, destinationOf(path), part, 'r+')
}

/** Name of a file that isn't complete: in the same folder, and with a tag from which others see whether this process is alive. */
export function partOf(destination: string): string {
  return `${destination}.${ownerTag()}.part`
}

/** Milliseconds. A process on another machine or in another container, which can't be seen from here, may pause for a while. */
const patience = 3600_000

/** Paths of the unfinished files and folders of that name whose processes are dead. */
export function abandonedBeside(destination: string): string[] {
  const [folder, prefix, suffix] = [dirname(destination), `${basename(destination)}.`, '.part']
  const isAbandoned = (name: string) => {
    const tag = name.slice(prefix.length, -suffix.length)
    return name.startsWith(prefix) && name.endsWith(suffix) && isOwnerTag(tag) && !isAlive(tag, join(folder, name), patience)
  }
  return namesIn(folder)
    .filter(isAbandoned)
    .map((name) => join(folder, name))
}

function removeAbandoned(destination: string): void {
  for (const path of abandonedBeside(destination)) {
    try {
      unlinkSync(path)
    } catch {
      // It belongs to another user, or another process was faster.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function namedLater(path: string, destination: string, part: string, flags: 'wx' | 'r+'): NewFile {
  const fd = writing(path, () => openNew(path, part, flags))
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
      if (destinationOf(path) !== destination) {
        throw new Error(`${path}: it leads elsewhere than when the file was begun, so the file isn't kept; give the name of a file`)
      }
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

/** @throws UserError if there is no such folder; another system error as it is */
function openNew(path: string, part: string, flags: string): number {
  try {
    return openSync(part, flags, 0o644)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new UserError(`${path}: it can't be written, because there is no folder ${dirname(part)}; make that first`, 'input')
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
