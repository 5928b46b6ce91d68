import { DiskError } from '../../bytes/errors.ts'
import { pathText } from '../../bytes/text.ts'

/** Returns what `use` returns, and puts the path before the message of a DiskError. A reader itself knows at best the inode. */
export function atPath<T>(path: Buffer, use: () => T): T {
  try {
    return use()
  } catch (error) {
    const place = `/${pathText(path)}`
    if (error instanceof DiskError && !error.message.startsWith(`${place}: `)) throw new DiskError(place, error.message, error.kind)
    throw error
  }
}
