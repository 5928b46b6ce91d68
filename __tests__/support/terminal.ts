import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { until } from './tools.ts'

/** A program in a terminal of its own. */
export interface Terminal {
  /** Everything that has been written to the terminal. */
  output(): string
  type(text: string): void
  /** Waits until the output matches. */
  untilShown(pattern: RegExp): Promise<void>
  /** The exit code, and everything that was written to the terminal. */
  ended(): Promise<{ code: number; output: string }>
}

export interface TerminalOptions {
  /** Its width. 80 by default. */
  readonly columns?: number
  readonly env?: NodeJS.ProcessEnv
}

/** What makes a terminal redraw its line. */
export const redraw = '\r\x1b[K'

/** Runs a line of shell in a pseudo-terminal, which is closed when `use` ends. */
export async function inTerminal<T>(
  script: string,
  { columns = 80, env = {} }: TerminalOptions,
  use: (terminal: Terminal) => Promise<T>,
): Promise<T> {
  // Node takes no terminal for coloured where CI is set.
  const { NO_COLOR, FORCE_COLOR, NODE_DISABLE_COLORS, CI, ...outer } = process.env
  const child = spawn('script', ['-qec', `stty cols ${columns}; ${script}`, '/dev/null'], {
    // script runs the line with $SHELL. Unlike bash, dash ends at Ctrl-C although the program that it waits for handles it.
    env: { ...outer, TERM: 'xterm-256color', SHELL: '/bin/bash', ...env },
  })
  const close = once(child, 'close')
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  try {
    return await use({
      output: () => output,
      type: (text) => void child.stdin.write(text),
      untilShown: (pattern) => until(() => pattern.test(output)),
      ended: async () => ({ code: (await close)[0], output }),
    })
  } finally {
    child.kill('SIGKILL')
  }
}
