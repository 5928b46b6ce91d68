import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { sentenceOf } from '../host/system-error.ts'
import { askHelper } from './credential-helper.ts'
import type { Credentials } from './credentials.ts'
import type { Repository } from './repository.ts'

// What `docker login` and `podman login` have kept: Docker's config.json (docker/cli, "docker login", "Credential stores"), and
// containers-auth.json(5), which has the same form.

interface Search {
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Finds the user's login to a registry: in the file that REGISTRY_AUTH_FILE names, then Docker's, then Podman's. A file or helper that fails
 * is one line for `say`.
 */
export async function findLogin(repository: Repository, { say, signal, env = process.env }: Search): Promise<Credentials | undefined> {
  for (const path of loginFiles(env)) {
    const file = readLogins(path, say)
    if (!file) continue
    const helper = file.credHelpers?.[repository.registry] ?? file.credsStore
    if (helper !== undefined) {
      const found = await askHelper(helper, serverOf(repository), { say, signal })
      if (found) return found
    }
    const found = loginIn(file, repository)
    if (found) return found
  }
  return undefined
}

function loginFiles(env: NodeJS.ProcessEnv): string[] {
  const runtime = env.XDG_RUNTIME_DIR || `/run/containers/${process.getuid?.() ?? ''}`
  return [
    ...(env.REGISTRY_AUTH_FILE ? [env.REGISTRY_AUTH_FILE] : []),
    join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json'),
    join(runtime, env.XDG_RUNTIME_DIR ? 'containers' : '', 'auth.json'),
  ]
}

interface LoginFile {
  readonly auths?: Readonly<Record<string, Login | null>>
  readonly credsStore?: string
  readonly credHelpers?: Readonly<Record<string, string>>
}

interface Login {
  /** `USERNAME:PASSWORD` in base64. */
  readonly auth?: string
  readonly identitytoken?: string
}

function readLogins(path: string, say: (line: string) => void): LoginFile | undefined {
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as unknown
    if (typeof file === 'object' && file !== null) return file
    say(`${path} is ignored, because it isn't a JSON object`)
  } catch (error) {
    // A parser's message may quote the file, which holds passwords.
    const why = error instanceof SyntaxError ? `${path} is not JSON` : sentenceOf(error)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') say(`The logins to registries there are ignored: ${why}`)
  }
  return undefined
}

/** Docker Hub's logins have the address of its first version. */
function serverOf({ registry }: Repository): string {
  return registry === 'docker.io' || registry === 'index.docker.io' ? 'https://index.docker.io/v1/' : registry
}

/** Podman also keeps logins for a part of a registry; the longest wins. */
function loginIn({ auths }: LoginFile, repository: Repository): Credentials | undefined {
  const wanted = `${repository.registry}/${repository.name}/`
  const [login] = Object.entries(auths ?? {})
    .flatMap(([server, login]) => {
      const place = server === serverOf(repository) ? repository.registry : placeOf(server)
      return wanted.startsWith(`${place}/`) && login ? [{ place, ...login }] : []
    })
    .filter(({ auth, identitytoken }) => auth || identitytoken)
    .sort((a, b) => b.place.length - a.place.length)
  if (login?.identitytoken) return { kind: 'refresh-token', token: login.identitytoken }
  const [, username, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(login?.auth ?? '', 'base64').toString('utf8')) ?? []
  return username === undefined || password === undefined ? undefined : { kind: 'password', username, password }
}

/** Docker writes some servers as addresses, e.g. `https://registry.example.com/v1/`. */
function placeOf(server: string): string {
  return server.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '')
}
