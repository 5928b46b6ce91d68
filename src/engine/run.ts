import { spawn } from 'node:child_process'

/** How a program ended. */
export interface Finished {
  /** Exit status; absent if it didn't start, or was ended by a signal. */
  readonly code?: number
  readonly stdout: string
  /** Why it failed, in its own words: the last line of standard error that isn't empty. Empty if it succeeded in silence. */
  readonly lastWord: string
  /** There is no such program in PATH. */
  readonly missing: boolean
  readonly timedOut: boolean
}

export interface RunOptions {
  /** An open file that becomes the program's standard input; none by default. */
  readonly stdin?: number
  /** Milliseconds after which the program is killed; never by default. */
  readonly timeout?: number
  /** Gives the program a process group of its own, which the signals of a terminal or of a cancelled job don't reach. */
  readonly detached?: boolean
}

/** Standard output and error are kept up to here; an engine that says more has nothing more to say. */
const outputLimit = 16 << 20

/** Runs a program without a shell, in this process's environment, to its end. Doesn't throw: whoever calls knows what a failure means. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const { stdin = 'ignore', detached = false } = options
    const child = spawn(command, args, { stdio: [stdin, 'pipe', 'pipe'], detached, env: process.env })
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    let timedOut = false
    const timer =
      options.timeout &&
      setTimeout(() => {
        timedOut = true
        child.kill('SIGKILL')
        // A grandchild may hold the pipes open; without this, `close` would wait for it.
        child.stdout?.destroy()
        child.stderr?.destroy()
      }, options.timeout)
    const end = (finished: Partial<Finished>) => {
      clearTimeout(timer || undefined)
      resolve({ stdout: stdout(), lastWord: lastLine(stderr()), missing: false, timedOut, ...finished })
    }
    child.once('error', (error: NodeJS.ErrnoException) => end({ missing: error.code === 'ENOENT', lastWord: error.message }))
    child.once('close', (code, signal) => end(code === null ? { lastWord: timedOut ? '' : `ended by ${signal}` } : { code }))
  })
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const pieces: Buffer[] = []
  let size = 0
  stream?.on('data', (piece: Buffer) => {
    size += piece.length
    if (size <= outputLimit) pieces.push(piece)
  })
  return () => Buffer.concat(pieces).toString('utf8')
}

function lastLine(text: string): string {
  return text
    .trimEnd()
    .split(/[\r\n]+/)
    .at(-1)!
    .trim()
}
