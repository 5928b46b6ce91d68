import { rmSync } from 'node:fs'

const toRemove = new Set<string>()

/**
 * Removes a file or folder if this process ends early: because of an exception, `process.exit`, or a signal that `endRequest` handles.
 * @returns a function that cancels this
 */
export function removeAtExit(path: string): () => void {
  if (toRemove.size === 0) process.on('exit', removeAll)
  toRemove.add(path)
  return () => {
    toRemove.delete(path)
    if (toRemove.size === 0) process.off('exit', removeAll)
  }
}

function removeAll(): void {
  for (const path of toRemove) {
    try {
      rmSync(path, { recursive: true, force: true })
    } catch {
      // The process is ending, so nothing can be reported.
    }
  }
}
