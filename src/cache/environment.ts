// What the process for the cache gets of this process's environment. What stands in the environment that a program begins with can be read
// in /proc by every later step while it runs, so that is as little as it takes to start; the rest comes through a pipe.

/** To start with: how programs, libraries and certificates are found, and what the runner finds the process by at the end of the job. */
const openNames = ['PATH', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'TMPDIR', 'RUNNER_TRACKING_ID']

/** All that `@actions/cache` asks for, and the proxies, whose addresses can hold passwords. */
const handedNames = [
  'ACTIONS_CACHE_MODE',
  'ACTIONS_CACHE_SERVICE_V2',
  'ACTIONS_CACHE_URL',
  'ACTIONS_ORCHESTRATION_ID',
  'ACTIONS_RESULTS_URL',
  'ACTIONS_RUNTIME_TOKEN',
  'CACHE_UPLOAD_CHUNK_SIZE',
  'CACHE_UPLOAD_CONCURRENCY',
  'GITHUB_REF',
  'GITHUB_SERVER_URL',
  'SEGMENT_DOWNLOAD_TIMEOUT_MINS',
  ...['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]),
]

export type Environment = Readonly<Record<string, string>>

/** What the process begins with. */
export function openEnvironment(): Environment {
  return pick(openNames)
}

/** What it gets by a pipe. */
export function handedEnvironment(): Environment {
  return pick(handedNames)
}

/**
 * Makes what came through the pipe this process's own. The variables are there for whoever asks for one by name, as the toolkit does, and
 * are left out where the environment is copied as a whole: so the packer that the toolkit starts doesn't get them.
 */
export function takeOver(handed: Environment): void {
  const environment: NodeJS.ProcessEnv = { ...process.env }
  for (const [name, value] of Object.entries(handed)) {
    Object.defineProperty(environment, name, { value, enumerable: false, writable: true, configurable: true })
  }
  process.env = environment
}

function pick(names: readonly string[]): Environment {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
}
