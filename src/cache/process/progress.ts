import { readFileSync } from 'node:fs'
import type { ShowProgress } from '../../phase/progress.ts'
import { filesOf } from './task.ts'

/**
 * Shows what the toolkit has transferred so far, as it says in its log (@actions/cache, downloadUtils.ts and uploadUtils.ts:
 * `Received 1048576 of 4194304 (25.0%), 1.0 MBs/sec`).
 * @param doing e.g. `Restoring the image`
 */
export function showTransfer(doing: string, statusFile: string, show: ShowProgress): void {
  const [, done, total] = [...logOf(statusFile).matchAll(/^(?:Received|Sent) (\d+) of (\d+) /gm)].at(-1) ?? []
  if (total !== undefined) show({ doing, done: Number(done), total: Number(total) })
}

function logOf(statusFile: string): string {
  try {
    return readFileSync(filesOf(statusFile).log, 'utf8')
  } catch {
    return ''
  }
}
