// Splits this process's environment for the cache process. While a program runs, every later step can read its initial environment in
// /proc. So the process starts with as little as possible and gets the rest through a pipe.

/**
 * Needed at the start: what finds programs, libraries and certificates, and what lets the runner find the process at the end of the job.
 */
const openNames = ['PATH', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'TMPDIR', 'RUNNER_TRACKING_ID']

/** Everything that `@actions/cache` reads, and the proxies, whose addresses may contain passwords. */
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

/** The initial environment of the process. */
export function openEnvironment(): Environment {
  return pick(openNames)
}

/** The variables that it gets through a pipe. */
export function handedEnvironment(): Environment {
  return pick(handedNames)
}

/**
 * Adds the variables from the pipe to this process. They can be read by name, as the toolkit does, but are left out when the environment is
 * copied as a whole, so the archiver that the toolkit starts doesn't get them.
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
