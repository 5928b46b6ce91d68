import { chosenDaemon, type EngineCommand, engineCommand, type Supervision } from './command.ts'
import type { Engine, Privileges } from './engine.ts'
import { EngineError } from './errors.ts'
import { images } from './images.ts'
import { dockerLayerStore } from './import.ts'
import { dockerLoad, type LoadMethod, load, podmanPull, podmanRemoteLoad } from './load.ts'

/** Values of the input `engine`. */
export const engineNames = ['auto', 'docker', 'podman', 'none'] as const

export type EngineName = (typeof engineNames)[number]

/** Receives one sentence. */
export type Notice = (sentence: string) => void

/**
 * Finds the engine to use. `auto` takes Docker if its daemon answers, else Podman, and says why it skipped an engine.
 * @param supervision options for all calls of the engine
 * @throws EngineError that says what to do, if an engine was requested by name and isn't available
 */
export async function detectEngine(
  wanted: EngineName,
  notice: Notice = () => {},
  supervision: Supervision = {},
): Promise<Engine | undefined> {
  if (wanted === 'none') return undefined
  if (wanted !== 'auto') {
    const found = await ask(engineCommand(wanted, supervision))
    if (typeof found === 'string') throw new EngineError(found, 'no-engine')
    if (found.name !== wanted) notice(`${wanted} is actually ${found.name} here`)
    return found
  }
  for (const program of ['docker', 'podman']) {
    const found = await ask(engineCommand(program, supervision))
    if (typeof found !== 'string') return found
    notice(found)
  }
  return undefined
}

/** The engine behind a command, or a sentence that says why there is none. */
async function ask(command: EngineCommand): Promise<Engine | string> {
  const { program } = command
  const finished = await command.call(['info', '--format', '{{json .}}'], { deadline: 'greeting' })
  if (finished.missing) return `${program} isn't installed: there is no such program in PATH`
  if (finished.timedOut) return `${program} didn't answer within ${command.deadlines.greeting} seconds${chosenDaemon()}`
  const info = parse(finished.stdout)
  if (info.version?.Version !== undefined) {
    return podman(command, info.version.Version, info)
  }
  if (info.ServerVersion) {
    const isPodman = await answersAsPodman(command, info.ServerVersion)
    return (isPodman ? podmanByDocker : docker)(command, info.ServerVersion, info)
  }
  // Without a daemon, old clients succeed and report the error in their answer; newer ones fail.
  const reason = info.ServerErrors?.at(-1) ?? finished.lastWord
  return `${program} can't be used: ${reason || `'${program} info' ended with exit code ${finished.code}`}${wayOut(program, reason)}`
}

/** Docker's versions go from 1 to 17, so only a daemon with a number in between is asked for its name. */
async function answersAsPodman(command: EngineCommand, version: string): Promise<boolean> {
  const major = Number.parseInt(version, 10)
  if (major < 2 || major >= 17) return false
  const finished = await command.call(['version', '--format', '{{json .Server.Components}}'])
  return finished.stdout.includes('"Podman Engine"')
}

/** The part of `docker info` and `podman info` that is used. */
interface Info {
  readonly ServerVersion?: string
  readonly ServerErrors?: string[] | null
  readonly Driver?: string
  readonly DriverStatus?: [string, string][] | null
  readonly SecurityOptions?: string[] | null
  readonly version?: { readonly Version?: string }
  readonly host?: { readonly serviceIsRemote?: boolean; readonly security?: { readonly rootless?: boolean } }
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

function dockerPrivileges({ SecurityOptions }: Info): Privileges {
  const names = (SecurityOptions ?? []).map((option) => /^name=([^,]+)/.exec(option)?.[1])
  if (names.includes('rootless')) return 'rootless'
  return names.includes('userns') ? 'remapped' : 'root'
}

function docker(command: EngineCommand, version: string, info: Info): Engine {
  const store = dockerStore(info)
  return {
    ...commonParts(command, true, dockerLoad),
    name: 'docker',
    version,
    store,
    privileges: dockerPrivileges(info),
    keepsIds: false,
    loadsZstd: Number.parseInt(version, 10) >= 23,
    prefersPlain: store !== 'containerd',
    ...(store !== 'containerd' && { layers: dockerLayerStore(command) }),
  }
}

/** Docker's client whose DOCKER_HOST is the socket of `podman system service`. */
function podmanByDocker(command: EngineCommand, version: string, info: Info): Engine {
  return {
    ...commonParts(command, false, podmanRemoteLoad),
    name: 'podman',
    version,
    store: dockerStore(info),
    privileges: dockerPrivileges(info),
    keepsIds: false,
    loadsZstd: true,
    prefersPlain: true,
  }
}

function podman(command: EngineCommand, version: string, { host, store }: Info): Engine {
  return {
    ...commonParts(command, false, host?.serviceIsRemote ? podmanRemoteLoad : podmanPull),
    name: 'podman',
    version,
    store: store?.graphDriverName ?? 'unknown',
    privileges: host?.security?.rootless ? 'rootless' : 'root',
    keepsIds: true,
    loadsZstd: true,
    prefersPlain: true,
  }
}

function commonParts(
  command: EngineCommand,
  platformOption: boolean,
  method: LoadMethod,
): Omit<Engine, 'name' | 'version' | 'store' | 'privileges' | 'keepsIds' | 'loadsZstd' | 'prefersPlain'> {
  return {
    ...images(command, platformOption),
    command: command.program,
    call: command.call,
    follow: (container, deadline) => command.follow(['start', '--attach', container], deadline),
    load: (archive, onProgress) => load(command, method, archive, onProgress),
  }
}

function wayOut(program: string, reason: string): string {
  if (/permission denied/i.test(reason)) return ` (add this user to the socket's group, often docker, or run as root)`
  if (/context/i.test(reason)) return " (choose another with DOCKER_CONTEXT or 'docker context use')"
  if (program === 'docker' && /connect|daemon|socket|lookup/i.test(reason)) return chosenDaemon() || ' (start its daemon)'
  return ''
}
