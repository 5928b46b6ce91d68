import { randomUUID } from 'node:crypto'
import { openSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { DiskError, kindOfSystemError, systemMessage } from './errors.ts'

/**
 * Opens a new file that has no name: nothing remains of it when the process ends, however it ends.
 * @param dir an existing directory
 * @returns the file descriptor, for reading and writing
 * @throws DiskError if nothing can be written in `dir`
 */
export function openUnlinked(dir: string): number {
  try {
    const path = join(dir, `.xenserver-ddk-${randomUUID()}`)
    const fd = openSync(path, 'wx+', 0o600)
    unlinkSync(path)
    return fd
  } catch (error) {
    throw new DiskError(dir, `no temporary file can be created there: ${systemMessage(error)}`, kindOfSystemError(error))
  }
}
