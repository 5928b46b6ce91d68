import type { Engine } from './engine.ts'
import { EngineError } from './errors.ts'
import { images } from './images.ts'
import { dockerLoad, load, podmanPull, podmanRemoteLoad } from './load.ts'
import { run } from './run.ts'

/** What a user may ask for. */
export const engineNames = ['auto', 'docker', 'podman', 'none'] as const

export type EngineName = (typeof engineNames)[number]

/** Receives one sentence. */
export type Notice = (sentence: string) => void

/** A daemon that is slower than this is of no use. */
const patience = 10_000

/**
 * The engine to use. `auto` takes Docker if its daemon answers, else Podman, and says why an engine that it passed over is none.
 * @throws EngineError with the way out, if an engine was asked for by name and isn't there
 */
export async function detectEngine(wanted: EngineName, notice: Notice = () => {}): Promise<Engine | undefined> {
  if (wanted === 'none') return undefined
  if (wanted !== 'auto') {
    const found = await ask(wanted)
    if (typeof found === 'string') throw new EngineError(found)
    if (found.name !== wanted) notice(`${wanted} is ${found.name} here`)
    return found
  }
  for (const command of ['docker', 'podman']) {
    const found = await ask(command)
    if (typeof found !== 'string') return found
    notice(found)
  }
  return undefined
}

/** The engine behind a command, or a sentence that says why there is none. */
async function ask(command: string): Promise<Engine | string> {
  const finished = await run(command, ['info', '--format', '{{json .}}'], { timeout: patience })
  if (finished.missing) return `${command} isn't installed: there is no such program in PATH`
  if (finished.timedOut) return `${command} didn't answer within ${patience / 1000} seconds${target()}`
  const info = parse(finished.stdout)
  if (info.version?.Version !== undefined) {
    return podman(command, info.version.Version, info.store?.graphDriverName ?? 'unknown', info.host?.serviceIsRemote ?? false)
  }
  if (info.ServerVersion) return docker(command, info.ServerVersion, dockerStore(info))
  // Old clients succeed and put the daemon's silence into the answer, newer ones fail.
  const reason = info.ServerErrors?.at(-1) ?? finished.lastWord
  return `${command} can't be used: ${reason || `'${command} info' ended with exit code ${finished.code}`}${wayOut(command, reason)}`
}

/** The parts that matter of what `docker info` and `podman info` print. */
interface Info {
  readonly ServerVersion?: string
  readonly ServerErrors?: string[] | null
  readonly Driver?: string
  readonly DriverStatus?: [string, string][] | null
  readonly version?: { readonly Version?: string }
  readonly host?: { readonly serviceIsRemote?: boolean }
  readonly store?: { readonly graphDriverName?: string }
}

function parse(json: string): Info {
  try {
    return (JSON.parse(json) as Info | null) ?? {}
  } catch {
    return {}
  }
}

function dockerStore(info: Info): string {
  const containerd = info.DriverStatus?.some(([key, value]) => key === 'driver-type' && value.startsWith('io.containerd.snapshotter'))
  return containerd ? 'containerd' : (info.Driver ?? 'unknown')
}

function docker(command: string, version: string, store: string): Engine {
  return {
    ...images(command, true),
    name: 'docker',
    command,
    version,
    store,
    loadsZstd: Number.parseInt(version, 10) >= 23,
    load: (archive, onProgress) => load(command, dockerLoad, archive, onProgress),
  }
}

function podman(command: string, version: string, store: string, remote: boolean): Engine {
  return {
    ...images(command, false),
    name: 'podman',
    command,
    version,
    store,
    loadsZstd: true,
    load: (archive, onProgress) => load(command, remote ? podmanRemoteLoad : podmanPull, archive, onProgress),
  }
}

function wayOut(command: string, reason: string): string {
  if (/permission denied/i.test(reason)) return ` (add this user to the socket's group, often docker, or run as root)`
  if (/context/i.test(reason)) return " (choose another with DOCKER_CONTEXT or 'docker context use')"
  if (command === 'docker' && /connect|daemon|socket|lookup/i.test(reason)) return target() || ' (start its daemon)'
  return ''
}

/** Which daemon the environment chooses; the usual reason for silence. */
function target(): string {
  for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT']) {
    const value = process.env[name]
    if (value) return ` (${name} is ${value}: check it, or unset it)`
  }
  return ''
}
