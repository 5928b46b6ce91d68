import { rmSync } from 'node:fs'

const doomed = new Set<string>()

/**
 * Has a file or folder removed when this process ends before its time: by an exception, by `process.exit`, or by a signal that `endRequest`
 * hears.
 * @returns takes that back
 */
export function removeAtExit(path: string): () => void {
  if (doomed.size === 0) process.on('exit', removeAll)
  doomed.add(path)
  return () => {
    doomed.delete(path)
    if (doomed.size === 0) process.off('exit', removeAll)
  }
}

function removeAll(): void {
  for (const path of doomed) {
    try {
      rmSync(path, { recursive: true, force: true })
    } catch {
      // Nobody is left to be told.
    }
  }
}
