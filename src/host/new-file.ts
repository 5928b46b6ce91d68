import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { getSystemErrorMessage } from 'node:util'

/** A file that is written from front to back. */
export interface Output {
  readonly fd: number
  /** What messages call it. */
  readonly name: string
  /** Where the next byte goes. */
  position: number
}

/** Writes all bytes at the output's position, synchronously: into the page cache, without a turn through libuv's busy threads. */
export function append(out: Output, bytes: Uint8Array): void {
  writeAt(out, bytes, out.position)
  out.position += bytes.length
}

export function writeAt({ fd, name }: Output, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writing(name, () => writeSync(fd, bytes, done, bytes.length - done, position + done))
  }
}

/** An output that has its name only when it is complete. Opening it fails if something other than a file has that name. */
export interface NewFile extends Output {
  /** Gives it its name; whatever had it before is gone. */
  keep(): void
  /** Removes it; of no effect after `keep`. */
  discard(): void
}

/** @param part what it is called until then, in the same directory */
export function newFile(path: string, part: string): NewFile {
  return namedLater(path, part, 'wx')
}

/** To go on with `part`, which is there. */
export function openPart(path: string, part: string): NewFile {
  return namedLater(path, part, 'r+')
}

function namedLater(path: string, part: string, flags: 'wx' | 'r+'): NewFile {
  checkReplaceable(path)
  const fd = writing(path, () => openSync(part, flags, 0o644))
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
      writing(path, () => renameSync(part, path))
    },
    discard() {
      close()
      rmSync(part, { force: true })
    },
  }
}

/** The name is given by renaming: to a folder that fails, and of a device it would make a file. */
function checkReplaceable(path: string): void {
  const there = writing(path, () => statSync(path, { throwIfNoEntry: false }))
  if (there && !there.isFile())
    throw new Error(`${path}: it is ${there.isDirectory() ? 'a folder' : 'a device or a pipe'}; give the name of a file`)
}

/** What `use` gives; its error as a sentence about the file that the user knows. */
export function writing<T>(path: string, use: () => T): T {
  try {
    return use()
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException
    if (errno === undefined) throw error
    throw new Error(`${path}: it can't be written (${getSystemErrorMessage(errno)})`, { cause: error })
  }
}
