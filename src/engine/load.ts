import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import type { EngineCommand } from './command.ts'
import type { OnLoadProgress } from './engine.ts'
import { failure } from './images.ts'

const progressInterval = 1000

/** Seconds. The largest DDK takes a minute or two on a slow disk. */
const loadDeadline = 1800

/** How a program gets the archive, which is open as its standard input. */
export interface LoadMethod {
  readonly args: readonly string[]
  /** Whether it reads standard input from beginning to end. If so, the file position, which both processes share, is the progress. */
  readonly inOrder: boolean
}

/** For Docker's daemon, which may be on another machine. */
export const dockerLoad: LoadMethod = { args: ['load'], inOrder: true }

/**
 * For Podman. `podman load` would first try the archive as an OCI archive and untar all of it below /var/tmp; it would name the image on
 * docker.io, where a name on localhost hides it; and when it fails, it reports how each of four formats failed. A descriptor is used
 * because a path must not contain colons here.
 */
export const podmanPull: LoadMethod = { args: ['pull', '--quiet', 'docker-archive:/proc/self/fd/0'], inOrder: false }

/** For Podman on another machine, such as the virtual machine on macOS, which `pull` can't reach. */
export const podmanRemoteLoad: LoadMethod = { args: ['load'], inOrder: true }

/**
 * Loads the archive. The program has its own open file and its own process group, so it goes on if this process ends.
 * @throws EngineError if it fails, or takes longer than half an hour
 */
export async function load(command: EngineCommand, method: LoadMethod, archive: string, onProgress?: OnLoadProgress): Promise<void> {
  const fd = openSync(archive, 'r')
  const { size } = fstatSync(fd)
  const start = performance.now()
  const report = () => {
    const given = method.inOrder ? position(fd) : undefined
    onProgress?.({ ...(given !== undefined && { given }), size, milliseconds: Math.round(performance.now() - start) })
  }
  const timer = setInterval(report, progressInterval)
  try {
    // It isn't ended even at its deadline: ending a load can leave a daemon unusable.
    const finished = await command.feed(method.args, fd, loadDeadline)
    const late = finished.timedOut && { lastWord: `it wasn't done after ${loadDeadline / 60} minutes, and is left to itself` }
    if (finished.code !== 0) throw failure(command.program, `load ${archive}`, { ...finished, ...late })
    report()
  } finally {
    clearInterval(timer)
    closeSync(fd)
  }
}

/** The position of an open file, if the system shows it (Linux: proc_pid_fdinfo(5)). */
function position(fd: number): number | undefined {
  try {
    return Number(/^pos:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1])
  } catch {
    return undefined
  }
}
