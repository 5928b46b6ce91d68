import { callProgram } from '../programs/call.ts'
import { runChild } from '../programs/child.ts'
import type { Finished } from '../programs/finished.ts'

/** Seconds that an engine may take to answer a question. */
export const questionDeadline = 30

/** Seconds that an engine may take to change something: with the store `vfs`, to create a container is to copy the whole image. */
export const changeDeadline = 120

/** What watches over the calls of an engine. */
export interface Supervision {
  /** Once it is aborted, nothing more is started. */
  readonly signal?: AbortSignal | undefined
  /** Is told of each call: a line before it, a line after it. */
  readonly debug?: (line: string) => void
}

export interface CallOptions {
  /** Seconds; `questionDeadline` by default. */
  readonly deadline?: number
  /** For what takes away what this process made: it is started even when the job is cancelled. */
  readonly evenIfCancelled?: boolean
}

/** The command line of an engine: one program, whose calls have a deadline each, and end with the job. */
export interface EngineCommand {
  /** The program, as PATH finds it. */
  readonly program: string
  /**
   * A call that soon ends. If the job is cancelled meanwhile, the call still ends by itself, so that what it made is known; no other follows.
   * @returns if it took too long, `lastWord` says so in words that complete "docker couldn't …:"
   * @throws the reason of the signal, if that is aborted before it starts
   */
  call(args: readonly string[], options?: CallOptions): Promise<Finished>
  /**
   * A call that runs a program of others, which may say anything, and is ended with the job.
   * @param deadline seconds after which it is ended, too
   * @throws the reason of the signal
   */
  follow(args: readonly string[], deadline: number): Promise<Finished>
  /**
   * A call that has an open file as its standard input. Neither its deadline nor the end of the job ends it once it has begun.
   * @param deadline seconds after which it is left to itself
   * @throws the reason of the signal, if that is aborted before it starts
   */
  feed(args: readonly string[], stdin: number, deadline: number): Promise<Finished>
}

export function engineCommand(program: string, { signal, debug = () => {} }: Supervision = {}): EngineCommand {
  const traced = async (args: readonly string[], start: () => Promise<Finished>): Promise<Finished> => {
    const shown = [program, ...args].join(' ')
    const began = performance.now()
    debug(`[command] ${shown}`)
    const finished = await start()
    const { code, timedOut } = finished
    const end = timedOut ? 'was too slow' : code === undefined ? 'has no exit code' : `ended with exit code ${code}`
    debug(`${program} ${args[0]} ${end} after ${Math.round(performance.now() - began)} ms`)
    return finished
  }
  return {
    program,
    async call(args, { deadline = questionDeadline, evenIfCancelled = false } = {}) {
      if (!evenIfCancelled) signal?.throwIfAborted()
      const finished = await traced(args, () => callProgram(program, args, deadline))
      return finished.timedOut ? { ...finished, lastWord: `it didn't answer within ${deadline} seconds${chosenDaemon()}` } : finished
    },
    follow: (args, deadline) => traced(args, () => runChild(program, args, { deadline, signal })),
    async feed(args, stdin, deadline) {
      signal?.throwIfAborted()
      return traced(args, () => runChild(program, args, { deadline, atDeadline: 'leave', stdin, detached: true }))
    },
  }
}

/** Which daemon the environment chooses, in parentheses; the usual reason for silence. */
export function chosenDaemon(): string {
  for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT']) {
    const value = process.env[name]
    if (value) return ` (${name} is ${value}: check it, or unset it)`
  }
  return ''
}
