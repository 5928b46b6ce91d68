import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { getExecOutput } from '@actions/exec'
import { runChild } from './child.ts'
import { environmentForPrograms } from './environment.ts'
import { type Finished, lastLine } from './finished.ts'

/** Seconds between the request to end and the kill. */
const grace = 2

/** Exit statuses of `timeout` for a program that it ended: its own, and with BusyBox those of a program that SIGTERM or SIGKILL ended. */
const endedByTimeout = [124, 128 + 9, 128 + 15]

/**
 * Runs a short program that prints little, with the toolkit: without a shell, without this action's secrets, without standard input. The
 * toolkit can't end what it started, so `timeout` of coreutils or BusyBox (1.34 or later) does, and also ends the program's children. Where
 * there is no `timeout`, as on macOS, Node runs the program, and ends only the program itself. Doesn't throw: only the caller knows what a
 * failure means.
 * @param deadline in seconds
 */
export async function callProgram(command: string, args: readonly string[], deadline: number): Promise<Finished> {
  const timeout = findTimeout()
  if (timeout === undefined) return runChild(command, args, { deadline })
  const start = performance.now()
  const finished = (fields: Partial<Finished>): Finished => ({ stdout: '', lastWord: '', missing: false, timedOut: false, ...fields })
  try {
    // BusyBox doesn't support long options.
    const limits = ['-k', String(grace), String(deadline)]
    const output = await getExecOutput(`"${timeout}"`, [...limits, command, ...args], {
      silent: true,
      ignoreReturnCode: true,
      env: environmentForPrograms(),
      // Milliseconds. A program that was ended may have left a child that holds its output open.
      delay: 1000,
    })
    const { stdout, stderr } = output
    // A program that a signal ended has no exit status, although the toolkit's type doesn't say so.
    const code = output.exitCode as number | null
    const isLate = performance.now() - start >= deadline * 1000
    if (isLate && (code === null || endedByTimeout.includes(code))) return finished({ stdout, timedOut: true })
    const lastWord = lastLine(stderr)
    const ownWord = code === 126 || code === 127 ? wordOfTimeout(lastWord) : undefined
    if (ownWord !== undefined) return finished({ missing: code === 127, lastWord: ownWord })
    return code === null ? finished({ stdout, lastWord: 'ended by a signal' }) : finished({ code, stdout, lastWord })
  } catch (error) {
    // It didn't start: too many arguments, no memory.
    return finished({ lastWord: (error as Error).message })
  }
}

/** Absolute path. The toolkit's own search would print a line for each folder in PATH that it can't read. */
function findTimeout(): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'timeout'))
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return path.startsWith('/')
    } catch {
      return false
    }
  })
}

/** What `timeout` itself says about a program that it couldn't start. A program's own messages begin with another name. */
function wordOfTimeout(line: string): string | undefined {
  return /^(?:\S*\/)?timeout: (.*)$/.exec(line)?.[1]
}
