import { readFileSync } from 'node:fs'
import { ProgressLine, shareText } from '../../phase/progress-line.ts'
import { filesOf } from './task.ts'

/**
 * Returns a function to call from time to time, which reports what the toolkit has transferred (@actions/cache, downloadUtils.ts and
 * uploadUtils.ts: `Received 1048576 of 4194304 (25.0%), 1.0 MBs/sec`).
 * @param doing begins the line, e.g. `Restoring the image`
 */
export function watchProgress(doing: string, statusFile: string, say: (line: string) => void): () => void {
  const line = new ProgressLine(say)
  return () =>
    line.update((elapsed) => {
      const [, done, total] = [...logOf(statusFile).matchAll(/^(?:Received|Sent) (\d+) of (\d+) /gm)].at(-1) ?? []
      return total === undefined ? undefined : `${doing}: ${shareText(Number(done), Number(total))} in ${elapsed}`
    })
}

function logOf(statusFile: string): string {
  try {
    return readFileSync(filesOf(statusFile).log, 'utf8')
  } catch {
    return ''
  }
}
