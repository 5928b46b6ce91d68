import { readFileSync } from 'node:fs'
import { shellQuote } from '../host/shell-quote.ts'

/** Settings of ddk.sh. */
export interface Settings {
  /** The engine's command. */
  readonly engine: string
  /** Name of the container. */
  readonly container: string
  /** Arguments that create the container. */
  readonly create: readonly string[]
  /** `true` if the engine can restart a container that is removed when it ends. Podman sometimes removes it first. */
  readonly restarts: string
  /** User for steps that don't choose one: `root` or `runner`. */
  readonly user: string
  /** How long the engine may take, in seconds. */
  readonly question_deadline: string
  readonly change_deadline: string
  /** Options of `exec` for steps that run as root. */
  readonly as_root: readonly string[]
  /** Options of `exec` for steps that run as the runner's user. */
  readonly as_runner: readonly string[]
  /** The image's entrypoint, which `exec` would skip. */
  readonly entrypoint: readonly string[]
  /** Pairs of a host path without symlinks, and the container's path. */
  readonly mounts: readonly string[]
  /** Paths of the host's folders that are mounted in the container. */
  readonly sources: readonly string[]
  readonly workspace: string
  /** `NAME` or `NAME=VALUE`. */
  readonly given: readonly string[]
  /** Command that root runs in the container after every step that ran as root; empty if none is needed. */
  readonly give_back: readonly string[]
  /** PATH before any step that uses the shell. */
  readonly path: string
  /** Where the shell's errors are explained. */
  readonly explanation: string
  /** Folder of all shells. It isn't needed in a container's PATH. */
  readonly shells: string
}

/** Variables by which the engines' commands find their daemon, storage and configuration. */
const engineVariables = [
  ...['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'DOCKER_API_VERSION'],
  ...['CONTAINER_HOST', 'CONTAINER_CONNECTION', 'CONTAINER_SSHKEY', 'CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF'],
  ...['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
]

/**
 * The settings in bash syntax. They keep the variables that select the daemon, because a later step must use the daemon that has the image.
 * @param env the environment of the step that chose the engine
 */
export function bashSettings(settings: Settings, env: NodeJS.ProcessEnv): string {
  const assignments = Object.entries(settings).map(
    ([name, value]) => `_${name}=${typeof value === 'string' ? shellQuote(value) : `(${value.map(shellQuote).join(' ')})`}`,
  )
  const chosen = engineVariables.map((name) => (env[name] === undefined ? `unset -v ${name}` : `export ${name}=${shellQuote(env[name])}`))
  return [...assignments, ...chosen, ''].join('\n')
}

/** The settings of a shell that runs no step, and says why. */
export function refusal(reason: string): string {
  return `_refusal=${shellQuote(reason)}\n`
}

/** The text of ddk.sh, which is beside this file, in the sources and in the bundle. */
export function script(): string {
  return readFileSync(new URL('./ddk.sh', import.meta.url), 'utf8')
}
