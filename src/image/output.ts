import { writeSync } from 'node:fs'

/** An open file that is written from front to back. */
export interface Output {
  readonly fd: number
  /** Where the next byte goes. */
  position: number
}

/** Writes all bytes at the output's position, synchronously: into the page cache, without a turn through libuv's busy threads. */
export function append(out: Output, bytes: Uint8Array): void {
  writeAt(out.fd, bytes, out.position)
  out.position += bytes.length
}

export function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}
