import { readFileSync, writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/**
 * Lets all other programs have the processors first. Where Linux shares the processors out among sessions, a nice value counts only within
 * one (sched(7), "The autogroup feature"), so a session that belongs to this process alone gets the same value. Threads and programs that
 * are started later inherit both.
 */
export function lowerPriority(): void {
  setPriority(constants.priority.PRIORITY_LOW)
  try {
    if (leadsSession()) writeFileSync('/proc/self/autogroup', String(constants.priority.PRIORITY_LOW))
  } catch {
    // There are no such groups here, or another user's process has just done the same: Linux allows that ten times a second.
  }
}

/** Field 6 of /proc/self/stat is the session's leader (proc(5)). The name, field 2, may contain anything. */
function leadsSession(): boolean {
  const fields = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
  return Number(fields[3]) === process.pid
}
