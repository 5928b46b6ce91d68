import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { bootId } from './boot-id.ts'

/** How often an owner updates the time of its folder to show that it is alive, in milliseconds. */
export const heartbeat = 5000

/** Milliseconds. */
const usualPatience = 60_000

/**
 * A name that lets others find out whether this process is still alive. It consists of the boot, the PID namespace, the PID, the start time
 * of the process, and a random number.
 */
export function ownerTag(): string {
  const self = process.pid
  return [bootTag(), namespaceTag(), self, startOf(self) ?? 0, randomBytes(4).toString('hex')].join('-')
}

/** Whether a text is an owner's tag. */
export function isOwnerTag(text: string): boolean {
  return /^[0-9a-f]*-\d*-\d+-\d+-[0-9a-f]{8}$/.test(text)
}

/**
 * @param path what the owner with that tag owns, and keeps touching
 * @param patience milliseconds without a touch after which an owner whose process isn't visible from here counts as dead
 */
export function isAlive(tag: string, path: string, patience = usualPatience): boolean {
  const [boot, namespace, pid, start] = tag.split('-')
  // On another machine or in another container, the same PID is another process.
  if (boot === bootTag() && boot !== '' && namespace === namespaceTag()) return runs(Number(pid), Number(start))
  const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  return touched !== undefined && Date.now() - touched < patience
}

function runs(pid: number, start: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const started = startOf(pid)
  return started === undefined || started === start
}

/** Start time of a process in clock ticks since boot; -1 for a zombie; undefined if it is unknown. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? -1 : Number(fields[19])
  } catch {
    return undefined
  }
}

function bootTag(): string {
  return bootId().replaceAll('-', '').slice(0, 12)
}

function namespaceTag(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    return ''
  }
}
