import { readFileSync } from 'node:fs'

let known: string | undefined

/** A text that differs after every boot of the machine; empty if it is unknown. */
export function bootId(): string {
  known ??= read()
  return known
}

function read(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
