import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noRoot } from '../support/machine.ts'
import type { Reason, Skip } from '../support/reasons.ts'
import { lastLine } from '../support/tools.ts'

/** An engine to test against: it has run a container. */
export interface RealEngine {
  readonly title: string
  readonly command: 'docker' | 'podman'
  /** What makes the command reach it. */
  readonly env: Record<string, string>
  /** Takes it away again, unless it was there before. */
  stop(): void
}

/** An engine that this machine can't have. */
export interface NoEngine {
  readonly title: string
  readonly skip: Skip
}

const starters = {
  docker,
  podman,
  'newer docker, classic store': () => newerDocker('classic'),
  'newer docker, containerd store': () => newerDocker('containerd'),
}
export type Title = keyof typeof starters

export const allEngines = Object.keys(starters) as Title[]

export function startEngine(title: Title): RealEngine | NoEngine {
  return starters[title]()
}

function docker(): RealEngine | NoEngine {
  const title = 'docker'
  const own = ownDocker(title, 'no-docker', 'dockerd.sh', 'start')
  if (!('skip' in own)) return own
  const { status, stderr } = spawnSync(scriptPath('try-engine.sh'), ['docker'], { encoding: 'utf8' })
  if (status === 0) return { title, command: 'docker', env: {}, stop() {} }
  return { title, skip: noRoot ? { reason: 'no-docker', detail: lastLine(stderr) } : own.skip }
}

/** A Docker that sees nothing of this machine's files but these folders, as a sidecar of a runner in Kubernetes. */
export function startSidecar(shared: readonly string[]): RealEngine | NoEngine {
  const title = 'docker as a sidecar'
  if (noRoot) return { title, skip: noRoot }
  const env = { ...process.env, DOCKERD: scriptPath('sidecar-dockerd.sh'), SHARED_FOLDERS: shared.join(':') }
  return own(title, 'no-docker', 'dockerd.sh', ['start'], (host) => ({ command: 'docker', env: { DOCKER_HOST: host } }), env)
}

function newerDocker(store: 'classic' | 'containerd'): RealEngine | NoEngine {
  return ownDocker(`newer docker, ${store} store`, 'no-newer-docker', 'newer-docker.sh', 'start', store)
}

function ownDocker(title: string, reason: Reason, script: string, ...args: string[]): RealEngine | NoEngine {
  if (noRoot) return { title, skip: { reason } }
  return own(title, reason, script, args, (host) => ({ command: 'docker', env: { DOCKER_HOST: host } }))
}

function podman(): RealEngine | NoEngine {
  return own('podman', 'no-podman', 'podman.sh', ['start'], (exported) => {
    const env = Object.fromEntries(Array.from(exported.matchAll(/(\w+)=(\S+)/g), ([, name, value]) => [name!, value!]))
    return { command: 'podman', env }
  })
}

/** An engine in a folder of its own, which goes with it. Its name tells which script removes it. */
function own(
  title: string,
  reason: Reason,
  script: string,
  args: readonly string[],
  read: (printed: string) => Pick<RealEngine, 'command' | 'env'>,
  env: NodeJS.ProcessEnv = process.env,
): RealEngine | NoEngine {
  const folder = process.env.DDK_TEST_ENGINES!
  mkdirSync(folder, { recursive: true })
  const dir = mkdtempSync(join(folder, `${script}.`))
  const stop = () => void execFileSync(scriptPath(script), ['remove', dir], { stdio: ['ignore', 'ignore', 'inherit'] })
  const { status, stdout, stderr } = spawnSync(scriptPath(script), [...args, dir], { encoding: 'utf8', env })
  if (status === 0) return { title, ...read(stdout.trim()), stop }
  stop()
  return { title, skip: { reason, detail: lastLine(stderr) } }
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(`../../script/lib/${name}`, import.meta.url))
}
