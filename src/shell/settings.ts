import { readFileSync } from 'node:fs'
import { shellQuote } from '../host/shell-quote.ts'

/** What ddk.sh goes by. */
export interface Settings {
  /** The engine's command. */
  readonly engine: string
  /** Name of the container. */
  readonly container: string
  /** Arguments that make the container. */
  readonly create: readonly string[]
  /** Options for every `exec`. */
  readonly exec: readonly string[]
  /** What the image puts before every command: `exec` doesn't. */
  readonly entrypoint: readonly string[]
  /** Pairs: a host's path without symlinks, and the container's. */
  readonly mounts: readonly string[]
  readonly workspace: string
  /** `NAME` or `NAME=VALUE`. */
  readonly given: readonly string[]
  /** Command that runs in the container after every step; none if empty. */
  readonly give_back: readonly string[]
  /** PATH before any step that uses the shell. */
  readonly path: string
  /** Folder of all shells, which no container needs in its PATH. */
  readonly shells: string
}

/** Variables by which the engines' commands find their daemon, their store and their settings. */
const engineVariables = [
  ...['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'DOCKER_API_VERSION'],
  ...['CONTAINER_HOST', 'CONTAINER_CONNECTION', 'CONTAINER_SSHKEY', 'CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF'],
  ...['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
]

/**
 * The settings as bash reads them. A later step must reach the daemon that has the image, so what chooses it is kept.
 * @param env the environment of the step that chose the engine
 */
export function bashSettings(settings: Settings, env: NodeJS.ProcessEnv): string {
  const assignments = Object.entries(settings).map(
    ([name, value]) => `_${name}=${typeof value === 'string' ? shellQuote(value) : `(${value.map(shellQuote).join(' ')})`}`,
  )
  const chosen = engineVariables.map((name) => (env[name] === undefined ? `unset -v ${name}` : `export ${name}=${shellQuote(env[name])}`))
  return [...assignments, ...chosen, ''].join('\n')
}

/** ddk.sh itself, which lies beside this file, or beside the bundle of it. */
export function script(): string {
  return readFileSync(new URL('./ddk.sh', import.meta.url), 'utf8')
}
