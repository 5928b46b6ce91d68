import { readdirSync, readFileSync } from 'node:fs'

/** If less than this is transferred for seconds in a row, making the image anew is faster. */
const minBytes = 1 << 20

/**
 * Watches whether a process group transfers bytes, over the network or to and from files and pipes (Linux: proc_pid_io(5)).
 * @param group ID of the group
 * @param limit milliseconds without a transfer after which it counts as stalled
 * @returns a function to call from time to time, which tells whether it has stalled
 */
export function watchMovement(group: number, limit: number): () => boolean {
  let bytes = 0
  let since = Date.now()
  return () => {
    const now = bytesOf(group)
    // The sum decreases if one of the processes has ended.
    if (Math.abs(now - bytes) >= minBytes) {
      bytes = now
      since = Date.now()
    }
    return Date.now() - since >= limit
  }
}

function bytesOf(group: number): number {
  let sum = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      // "PID (NAME) STATE PARENT GROUP …", where the name may contain anything.
      const [, , groupOf] = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')
      if (Number(groupOf) !== group) continue
      for (const [, count] of readFileSync(`/proc/${pid}/io`, 'latin1').matchAll(/^[rw]char: (\d+)$/gm)) sum += Number(count)
    } catch {
      // The process has ended, or belongs to another user.
    }
  }
  return sum
}
