import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import type { OnLoadProgress } from './engine.ts'
import { failure } from './images.ts'
import { run } from './run.ts'

const progressInterval = 1000

/** How a program gets the archive, which is open as its standard input. */
export interface Way {
  readonly args: readonly string[]
  /** Whether it reads its standard input from beginning to end: then the file's position, which two processes share, tells how far it is. */
  readonly inOrder: boolean
}

/** To Docker's daemon, which may be on another machine. */
export const dockerLoad: Way = { args: ['load'], inOrder: true }

/**
 * To Podman. Its `load` would take the archive for an OCI archive first and untar all of it below /var/tmp, gives the image a name on
 * docker.io that one on localhost hides, and when it fails, tells how each of four formats failed. The descriptor, because a path can't have
 * colons here.
 */
export const podmanPull: Way = { args: ['pull', '--quiet', 'docker-archive:/proc/self/fd/0'], inOrder: false }

/** To Podman on another machine, such as macOS's virtual one, which `pull` can't reach. */
export const podmanRemoteLoad: Way = { args: ['load'], inOrder: true }

/**
 * Loads the archive. The program has it open itself and is in a process group of its own, so it goes on if this process is ended.
 * @throws EngineError
 */
export async function load(command: string, way: Way, archive: string, onProgress?: OnLoadProgress): Promise<void> {
  const fd = openSync(archive, 'r')
  const { size } = fstatSync(fd)
  const start = performance.now()
  const report = () => {
    const given = way.inOrder ? position(fd) : undefined
    onProgress?.({ ...(given !== undefined && { given }), size, milliseconds: Math.round(performance.now() - start) })
  }
  const timer = setInterval(report, progressInterval)
  try {
    const finished = await run(command, way.args, { stdin: fd, detached: true })
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
