import { rmSync } from 'node:fs'

const doomed = new Set<string>()

/**
 * Removes a file or folder if this process ends early: because of an exception, `process.exit`, or a signal that `endRequest` handles.
 * @returns a function that cancels this
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
      // Nobody is left to hear of it.
    }
  }
}
