import { callProgram } from '../programs/call.ts'
import { type FedChild, feedChild, runChild } from '../programs/child.ts'
import type { Finished } from '../programs/finished.ts'

/** How long an engine may take, in seconds. An engine that takes longer is of no use. */
export interface Deadlines {
  /** To say that it is there. */
  readonly greeting: number
  /** To answer a question. */
  readonly question: number
  /** To change something. With the store `vfs`, creating a container copies the whole image. */
  readonly change: number
}

export const usualDeadlines: Deadlines = { greeting: 10, question: 30, change: 120 }

/** Options for all calls of an engine. */
export interface Supervision {
  /** Once it is aborted, nothing more is started. */
  readonly signal?: AbortSignal | undefined
  /** Gets a line before and after each call. */
  readonly debug?: (line: string) => void
  /** Default: `usualDeadlines`. */
  readonly deadlines?: Deadlines
}

export interface CallOptions {
  /** Default: that of a question. */
  readonly deadline?: keyof Deadlines
  /** For calls that remove what this process made: they are started even when the job is cancelled. */
  readonly evenIfCancelled?: boolean
}

/** The command line of an engine: one program, whose calls all have a deadline, and end with the job. */
export interface EngineCommand {
  /** The program, as found in PATH. */
  readonly program: string
  readonly deadlines: Deadlines
  /**
   * A short call. If the job is cancelled meanwhile, the call still runs to its end, so that its effect is known, but no other call
   * follows.
   * @returns the result; on a timeout, `lastWord` completes the sentence "docker couldn't …:"
   * @throws the reason of the signal, if it is aborted before the call starts
   */
  call(args: readonly string[], options?: CallOptions): Promise<Finished>
  /**
   * A call that runs a program from an image, which may print anything. It is ended with the job.
   * @param deadline seconds after which it is ended
   * @throws the reason of the signal
   */
  follow(args: readonly string[], deadline: number): Promise<Finished>
  /**
   * A call with an open file as standard input. Once it has begun, neither its deadline nor the end of the job ends it.
   * @param deadline seconds after which it is no longer awaited
   * @throws the reason of the signal, if it is aborted before the call starts
   */
  feed(args: readonly string[], stdin: number, deadline: number): Promise<Finished>
  /**
   * Starts a call whose standard input is made while it runs. Its caller ends it.
   * @throws the reason of the signal, if it is aborted before the call starts
   */
  pour(args: readonly string[]): FedChild
}

export function engineCommand(program: string, { signal, debug = () => {}, deadlines = usualDeadlines }: Supervision = {}): EngineCommand {
  /** Reports a call, and returns the function that reports its end. */
  const trace = (args: readonly string[]) => {
    const began = performance.now()
    debug(`[command] ${[program, ...args].join(' ')}`)
    return (finished: Finished): Finished => {
      const { code, timedOut } = finished
      const end = timedOut ? 'was too slow' : code === undefined ? 'has no exit code' : `ended with exit code ${code}`
      debug(`${program} ${args[0]} ${end} after ${Math.round(performance.now() - began)} ms`)
      return finished
    }
  }
  const traced = async (args: readonly string[], start: () => Promise<Finished>): Promise<Finished> => {
    const ended = trace(args)
    return ended(await start())
  }
  return {
    program,
    deadlines,
    async call(args, { deadline = 'question', evenIfCancelled = false } = {}) {
      if (!evenIfCancelled) signal?.throwIfAborted()
      const seconds = deadlines[deadline]
      const finished = await traced(args, () => callProgram(program, args, seconds))
      return finished.timedOut ? { ...finished, lastWord: `it didn't answer within ${seconds} seconds${chosenDaemon()}` } : finished
    },
    follow: (args, deadline) => traced(args, () => runChild(program, args, { deadline, signal })),
    async feed(args, stdin, deadline) {
      signal?.throwIfAborted()
      return traced(args, () => runChild(program, args, { deadline, atDeadline: 'leave', stdin, detached: true }))
    },
    pour(args) {
      signal?.throwIfAborted()
      const ended = trace(args)
      const child = feedChild(program, args)
      return { ...child, end: async () => ended(await child.end()) }
    },
  }
}

/** Names the variable that selects the daemon, in parentheses, because that is the usual reason why it doesn't answer. */
export function chosenDaemon(): string {
  for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT']) {
    const value = process.env[name]
    if (value) return ` (${name} is ${value}: check it, or unset it)`
  }
  return ''
}
