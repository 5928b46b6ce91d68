import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { getExecOutput } from '@actions/exec'
import { runChild } from './child.ts'
import { type Finished, lastLine } from './finished.ts'

/** Seconds between the request to end and the kill. */
const grace = 2

/** Exit statuses of `timeout` for a program that it ended: its own, and what a program ended by SIGTERM or SIGKILL leaves with BusyBox. */
const endedByTimeout = [124, 128 + 9, 128 + 15]

/**
 * Runs a program that has little to say and soon ends, by the toolkit: without a shell, in this process's environment. Nothing comes on its
 * standard input. The toolkit can't end what it started, so `timeout` does, of coreutils or of BusyBox (from 1.34 on), which ends the
 * program's children as well. Where there is no `timeout`, as on macOS, Node starts the program, and ends it alone.
 * Whoever calls knows what a failure means, so that is no error.
 * @param deadline seconds that it may take
 */
export async function callProgram(command: string, args: readonly string[], deadline: number): Promise<Finished> {
  const timeout = findTimeout()
  if (timeout === undefined) return runChild(command, args, { deadline })
  const start = performance.now()
  const finished = (fields: Partial<Finished>): Finished => ({ stdout: '', lastWord: '', missing: false, timedOut: false, ...fields })
  try {
    // BusyBox knows no long options.
    const limits = ['-k', String(grace), String(deadline)]
    const output = await getExecOutput(`"${timeout}"`, [...limits, command, ...args], {
      silent: true,
      ignoreReturnCode: true,
      env: process.env as Record<string, string>,
      // Milliseconds: a program that was ended may have left a child that holds its output open.
      delay: 1000,
    })
    const { stdout, stderr } = output
    // The toolkit's type hides it: a program that a signal ended has no exit status.
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

/** Absolute path. The toolkit's own search prints a line for each folder of PATH that it can't read. */
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

/** What `timeout` itself says of a program that it couldn't start; whatever a program says begins with another name. */
function wordOfTimeout(line: string): string | undefined {
  return /^(?:\S*\/)?timeout: (.*)$/.exec(line)?.[1]
}
