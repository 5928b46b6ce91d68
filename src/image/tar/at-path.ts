import { DiskError } from '../../bytes/errors.ts'
import { pathText } from '../../bytes/text.ts'

/** What `use` gives. A reader's error knows an inode at best; the path goes before it. */
export function atPath<T>(path: Buffer, use: () => T): T {
  try {
    return use()
  } catch (error) {
    const place = `/${pathText(path)}`
    if (error instanceof DiskError && !error.message.startsWith(`${place}: `)) throw new DiskError(place, error.message, error.kind)
    throw error
  }
}
