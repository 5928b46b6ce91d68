import { readFileSync } from 'node:fs'
import type { Architecture } from '../../disk/root/architecture.ts'
import { shellQuote } from '../../host/shell-quote.ts'

/** What `uname` prints in Dom0. If a text is empty, the container's own `uname` is asked. */
export interface UnameAnswers {
  /** `-r` */
  readonly release: string
  /** `-v` */
  readonly version: string
  readonly architecture: Architecture
}

/** `-m`, `-p` and `-i`, as on CentOS. */
const machines = {
  x86_64: { machine: 'x86_64', processor: 'x86_64', platform: 'x86_64' },
  i686: { machine: 'i686', processor: 'i686', platform: 'i386' },
} as const

/** The script for `/usr/local/bin/uname`, with its answers filled in. */
export function unameScript({ release, version, architecture }: UnameAnswers): string {
  const answers: Readonly<Record<string, string>> = { release, version, ...machines[architecture] }
  return readFileSync(template, 'utf8').replace(/'@(\w+)@'/g, (_, name: string) => shellQuote(answers[name]!))
}

/** Beside this file, in the sources and in the bundle. */
const template = new URL('./uname.sh', import.meta.url)
