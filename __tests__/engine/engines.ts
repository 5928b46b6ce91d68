import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** An engine to test against. */
export interface RealEngine {
  readonly title: string
  readonly command: 'docker' | 'podman'
  /** What makes the command reach it. */
  readonly env: Record<string, string>
  stop(): void
}

/**
 * Docker (the daemon that answers, else one of our own), Podman, and with DDK_TEST_NEWER_DOCKER a newer Docker with both of its stores.
 * Says in a line which one can't be had.
 */
export function startEngines(): RealEngine[] {
  const engines = [docker(), podman()]
  if (process.env.DDK_TEST_NEWER_DOCKER) for (const store of ['classic', 'containerd']) engines.push(newerDocker(store))
  return engines.filter((engine) => engine !== undefined)
}

function docker(): RealEngine | undefined {
  const title = 'docker'
  const answers = spawnSync('docker', ['version']).status === 0
  if (answers) return { title, command: 'docker', env: {}, stop() {} }
  return own(title, (dir) => ({ command: 'docker', env: { DOCKER_HOST: script('dockerd.sh', 'start', dir) }, script: 'dockerd.sh' }))
}

function newerDocker(store: string): RealEngine | undefined {
  return own(`newer docker, ${store} store`, (dir) => ({
    command: 'docker',
    env: { DOCKER_HOST: script('newer-docker.sh', 'start', store, dir) },
    script: 'newer-docker.sh',
  }))
}

function podman(): RealEngine | undefined {
  if (spawnSync('podman', ['--version']).status !== 0) return skipped('podman', 'it is not installed')
  return own('podman', (dir) => {
    const exported = script('podman.sh', 'start', dir)
    const env = Object.fromEntries(Array.from(exported.matchAll(/(\w+)=(\S+)/g), ([, name, value]) => [name!, value!]))
    return { command: 'podman', env, script: 'podman.sh' }
  })
}

interface Started {
  readonly command: 'docker' | 'podman'
  readonly env: Record<string, string>
  readonly script: string
}

/** An engine in a folder of its own, which goes with it. */
function own(title: string, start: (dir: string) => Started): RealEngine | undefined {
  if (process.getuid?.() !== 0) return skipped(title, 'it needs root')
  const dir = mkdtempSync(join(tmpdir(), 'ddk-engine-'))
  try {
    const { command, env, script: name } = start(dir)
    return { title, command, env, stop: () => script(name, 'remove', dir) }
  } catch (error) {
    rmSync(dir, { recursive: true, force: true })
    return skipped(title, (error as Error).message)
  }
}

function skipped(title: string, why: string): undefined {
  process.stderr.write(`skipped: ${title}: ${why}\n`)
}

function script(name: string, ...args: string[]): string {
  const path = fileURLToPath(new URL(`../../script/lib/${name}`, import.meta.url))
  return execFileSync(path, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}
