import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Socket } from 'node:net'
import { environmentForPrograms } from './environment.ts'
import { type Finished, lastLine } from './finished.ts'

// The only file that starts programs with node:child_process; all others use @actions/exec (call.ts). @actions/exec can't give a program an
// open file or pieces as standard input, end what it started, limit how much output it keeps, or start something that outlives this process.

export interface ChildOptions {
  /** In seconds. */
  readonly deadline: number
  /** What happens at the deadline: the program is killed (the default), or left running and no longer awaited. */
  readonly atDeadline?: 'kill' | 'leave'
  /** Kills it. */
  readonly signal?: AbortSignal | undefined
  /** An open file to use as standard input; none by default. */
  readonly stdin?: number
  /** Runs the program in its own process group, which signals from a terminal or a cancelled job don't reach. */
  readonly detached?: boolean
}

/** Limit for the standard output and error that are kept; no useful output is longer. */
const outputLimit = 16 << 20

/**
 * Runs a program to its end, without a shell, without this action's secrets. A failure is not an error: only the caller knows what it means.
 * @throws the reason of `signal`
 */
export async function runChild(command: string, args: readonly string[], options: ChildOptions): Promise<Finished> {
  options.signal?.throwIfAborted()
  const finished = await untilEnd(command, args, options)
  options.signal?.throwIfAborted()
  return finished
}

function untilEnd(command: string, args: readonly string[], options: ChildOptions): Promise<Finished> {
  return new Promise((resolve) => {
    const { deadline, atDeadline = 'kill', signal, stdin = 'ignore', detached = false } = options
    const child = spawn(command, args, { stdio: [stdin, 'pipe', 'pipe'], detached, env: environmentForPrograms() })
    const output = watch(child)
    let timedOut = false
    const end = (finished: Finished) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', output.kill)
      resolve({ ...finished, timedOut })
    }
    const giveUp = () => {
      timedOut = true
      if (atDeadline === 'kill') return output.kill()
      // The pipes stay open, because writing to a closed pipe would end the program.
      for (const handle of [child, ...output.pipes]) handle.unref()
      end({ ...output.soFar(), lastWord: '' })
    }
    const timer = setTimeout(giveUp, deadline * 1000)
    signal?.addEventListener('abort', output.kill)
    output.finished.then((finished) => end(timedOut ? { ...finished, lastWord: '' } : finished))
  })
}

/** A program that gets its standard input in pieces. */
export interface FedChild {
  /**
   * Resolves when the program can take another piece.
   * @returns whether it still reads
   */
  write(piece: Uint8Array): Promise<boolean>
  /** Ends its input, and waits for its end. */
  end(): Promise<Finished>
  /** Kills it, and waits for its end. Does nothing if it has ended. */
  kill(): Promise<void>
}

/** Starts a program whose standard input is made while it runs. Signals from a terminal or a cancelled job don't reach it. */
export function feedChild(command: string, args: readonly string[]): FedChild {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: environmentForPrograms() })
  const { finished, kill } = watch(child)
  const stdin = child.stdin!
  // Whether it reads is what `write` returns.
  stdin.on('error', () => {})
  return {
    write: (piece) => new Promise((resolve) => stdin.write(piece, (error) => resolve(!error))),
    async end() {
      stdin.end()
      return finished
    },
    async kill() {
      kill()
      await finished
    },
  }
}

interface Watched {
  readonly pipes: readonly Socket[]
  /** Resolves when the program has ended and its output is complete. */
  readonly finished: Promise<Finished>
  soFar(): Finished
  kill(): void
}

function watch(child: ChildProcess): Watched {
  const pipes = [child.stdout, child.stderr] as Socket[]
  const [stdout, stderr] = pipes.map(collect)
  const soFar = (): Finished => ({ stdout: stdout!(), lastWord: lastLine(stderr!()), missing: false, timedOut: false })
  return {
    pipes,
    soFar,
    finished: new Promise((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        resolve({ ...soFar(), missing: error.code === 'ENOENT', lastWord: error.message }),
      )
      child.once('close', (code, by) => resolve({ ...soFar(), ...(code === null ? { lastWord: `ended by ${by}` } : { code }) }))
    }),
    kill() {
      child.kill('SIGKILL')
      // A grandchild may hold the pipes open; without this, `close` would wait for it.
      for (const pipe of pipes) pipe.destroy()
    },
  }
}

function collect(pipe: Socket): () => string {
  const pieces: Buffer[] = []
  let size = 0
  pipe.on('data', (piece: Buffer) => {
    size += piece.length
    if (size <= outputLimit) pieces.push(piece)
  })
  return () => Buffer.concat(pieces).toString('utf8')
}

/**
 * Starts a program that may outlive this process, in a session of its own: neither a closed pipe nor a signal to this process ends it.
 * @param options.env all of its environment, which others can read in /proc while it runs
 * @param options.input what it gets as its standard input, at most as much as fits into a pipe: 64 KiB
 * @param options.log path of the file that gets all of its output; it is replaced, and only this user can read it
 */
export function startDetached(
  command: string,
  args: readonly string[],
  { env, input, log }: { readonly env: Readonly<Record<string, string>>; readonly input: string; readonly log: string },
): ChildProcess {
  const fd = openSync(log, 'w', 0o600)
  try {
    const child = spawn(command, args, { detached: true, env, stdio: ['pipe', fd, fd] })
    // It may end before it has read everything; its exit then tells.
    child.stdin!.on('error', () => {}).end(input)
    return child
  } finally {
    closeSync(fd)
  }
}
