import { readdirSync, readFileSync } from 'node:fs'

/** Less than this in a row of seconds is a service that refuses, not one that gives or takes. */
const leastBytes = 64 << 10

/**
 * Watches whether a process group moves bytes: to and from the network, files and pipes (Linux: proc_pid_io(5)).
 * @param group ID of the group
 * @param limit milliseconds without movement after which it counts as stalled
 * @returns whether it has stalled, to be asked now and then
 */
export function watchMovement(group: number, limit: number): () => boolean {
  let bytes = 0
  let since = Date.now()
  return () => {
    const now = bytesOf(group)
    // Less than before, if one of its processes has ended.
    if (Math.abs(now - bytes) >= leastBytes) {
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
      // "PID (NAME) STATE PARENT GROUP …", where the name can hold anything.
      const [, , groupOf] = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')
      if (Number(groupOf) !== group) continue
      for (const [, count] of readFileSync(`/proc/${pid}/io`, 'latin1').matchAll(/^[rw]char: (\d+)$/gm)) sum += Number(count)
    } catch {
      // It has ended, or is another user's.
    }
  }
  return sum
}
