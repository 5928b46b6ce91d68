import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { bootId } from '../../host/boot-id.ts'

/** How often an owner shows that it lives, by the time of its folder; in milliseconds. */
export const heartbeat = 5000

/** How long an owner whose process can't be seen from here may show nothing until it counts as dead. */
const patience = 60_000

/**
 * A name for what this process owns, by which others tell whether it still lives: start of the machine, namespace of process
 * numbers, process, its start, and a number of its own.
 */
export function ownerTag(): string {
  const self = process.pid
  return [bootTag(), namespaceTag(), self, startOf(self) ?? 0, randomBytes(4).toString('hex')].join('-')
}

/** @param path what the owner with that tag owns, and keeps touching */
export function isAlive(tag: string, path: string): boolean {
  const [boot, namespace, pid, start] = tag.split('-')
  // Processes of another machine or container can't be seen from here, or are other ones with the same numbers.
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

/** When a process started, in ticks since the machine did; -1 for one that has ended and waits to be collected; nothing if that isn't told. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, can hold anything.
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
