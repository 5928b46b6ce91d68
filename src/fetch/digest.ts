import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'

/** SHA-256 of a file, in hexadecimal; whatever else this thread has to do goes on between its pieces. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafeSlow(4 << 20)
  const fd = openSync(path, 'r')
  try {
    for (let length = readSync(fd, buffer); length > 0; length = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, length))
      await turn()
    }
  } finally {
    closeSync(fd)
  }
  return hash.digest('hex')
}
