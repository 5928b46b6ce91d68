import { readFileSync } from 'node:fs'

let known: string | undefined

/** Another text after every start of the machine; empty if the machine doesn't tell. */
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
