import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import type { OnLoadProgress } from './engine.ts'
import { failure } from './images.ts'
import { run } from './run.ts'

const progressInterval = 1000

/**
 * Gives the open archive to the program as its standard input, so that a remote daemon gets it too, and no byte passes through here. The two
 * processes share the file's position, which tells how far the program has read.
 * @throws EngineError
 */
export function loadFromStdin(command: string, archive: string, onProgress?: OnLoadProgress): Promise<void> {
  return load(command, archive, onProgress, (fd) => ({ args: ['load'], stdin: fd, given: () => position(fd) }))
}

/** Gives the program the archive's name, for one that needs to seek in it. @throws EngineError */
export function loadFromFile(command: string, archive: string, onProgress?: OnLoadProgress): Promise<void> {
  return load(command, archive, onProgress, () => ({ args: ['load', '--input', archive] }))
}

interface Way {
  readonly args: readonly string[]
  readonly stdin?: number
  readonly given?: () => number | undefined
}

async function load(command: string, archive: string, onProgress: OnLoadProgress | undefined, wayOf: (fd: number) => Way): Promise<void> {
  const fd = openSync(archive, 'r')
  const { size } = fstatSync(fd)
  const { args, stdin, given } = wayOf(fd)
  const start = performance.now()
  const report = () => {
    const bytes = given?.()
    onProgress?.({ ...(bytes !== undefined && { given: bytes }), size, milliseconds: Math.round(performance.now() - start) })
  }
  const timer = setInterval(report, progressInterval)
  try {
    const finished = await run(command, args, { ...(stdin !== undefined && { stdin }), detached: true })
    if (finished.code !== 0) throw failure(command, `load ${archive}`, finished)
    report()
  } finally {
    clearInterval(timer)
    closeSync(fd)
  }
}

/** The position of an open file, where the system shows it (Linux: proc_pid_fdinfo(5)). */
function position(fd: number): number | undefined {
  try {
    return Number(/^pos:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1])
  } catch {
    return undefined
  }
}
