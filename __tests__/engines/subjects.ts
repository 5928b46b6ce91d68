import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lastLine, run, until } from '../support/tools.ts'
import { type Enter, type Machine, remapped, runner, startMachine } from './machine.ts'

/** A way to have an engine, by the name that the command line takes. */
export interface Subject {
  readonly title: string
  /** Release of Debian or Ubuntu whose engine it is. */
  readonly release: string
  start(place: Place): Promise<Started>
}

/** Where an engine is started. */
export interface Place {
  readonly machine: Machine
  /** For the engine's data. Its name tells which script removes it. */
  folder(script: string): string
}

/** An engine that has run a container. */
export interface Started {
  readonly engine: 'docker' | 'podman'
  /** What makes the command reach it. */
  readonly env: Readonly<Record<string, string>>
  /** Runs a command as the job's user. */
  readonly as: Enter
  /** The job's user; root if absent. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** The folder that has the engine's images. */
  readonly data: string
  stop(): void
}

/** An engine doesn't run here. The message is its own last word. */
export class CannotRun extends Error {}

interface DockerOptions {
  readonly store?: 'classic' | 'containerd'
  readonly remap?: boolean
  readonly tcp?: boolean
}

export const subjects: Readonly<Record<string, Subject>> = {
  'docker-20': docker('Docker of Debian 12', 'bookworm'),
  'docker-20-remap': docker('Docker of Debian 12, `userns-remap`', 'bookworm', { remap: true }),
  'docker-20-tcp': docker('Docker of Debian 12, `DOCKER_HOST` over TCP', 'bookworm', { tcp: true }),
  'docker-26': docker('Docker of Debian 13', 'trixie', { store: 'classic' }),
  'docker-26-containerd': docker('Docker of Debian 13, containerd store', 'trixie', { store: 'containerd' }),
  'docker-28': docker('Docker of Debian sid', 'sid', { store: 'classic' }),
  'docker-28-containerd': docker('Docker of Debian sid, containerd store', 'sid', { store: 'containerd' }),
  'docker-29': docker('Docker of Ubuntu 26.04', 'resolute', { store: 'classic' }),
  'docker-29-containerd': docker('Docker of Ubuntu 26.04, containerd store', 'resolute', { store: 'containerd' }),
  'docker-29-remap': docker('Docker of Ubuntu 26.04, `userns-remap`', 'resolute', { store: 'classic', remap: true }),
  'podman-4': podman('Podman of Debian 12', 'bookworm', 'root'),
  'podman-4-rootless': podman('Podman of Debian 12, rootless', 'bookworm', 'rootless'),
  'podman-4-socket': podman("Podman of Debian 12, by Docker's client", 'bookworm', 'socket'),
  'podman-5': podman('Podman of Debian 13', 'trixie', 'root'),
  'podman-5-rootless': podman('Podman of Debian 13, rootless', 'trixie', 'rootless'),
  'podman-5-socket': podman("Podman of Debian 13, by Docker's client", 'trixie', 'socket'),
  'podman-5-rootless-socket': podman("Podman of Debian 13, rootless, by Docker's client", 'trixie', 'rootless socket'),
  nerdctl: { title: 'nerdctl', release: 'bookworm', start: refuseNerdctl },
}

/** The machine that has the release's programs. Makes the release's folder, unless it is there or this machine has that release. */
export async function machineFor({ release }: Subject, dir: string): Promise<Machine> {
  const isOurs = readFileSync('/etc/os-release', 'utf8').split('\n').includes(`VERSION_CODENAME=${release}`)
  const folder = isOurs ? undefined : run(libPath('engine-folder.sh'), [release], { stdio: ['ignore', 'pipe', 'inherit'] }).trim()
  return startMachine(dir, folder)
}

function docker(title: string, release: string, { store, remap = false, tcp = false }: DockerOptions = {}): Subject {
  return {
    title,
    release,
    async start({ machine, folder }) {
      const dir = folder('dockerd.sh')
      const config = {
        ...(store && { features: { 'containerd-snapshotter': store === 'containerd' } }),
        ...(remap && { 'userns-remap': remapped }),
      }
      writeFileSync(join(dir, 'daemon.json'), JSON.stringify(config))
      const address = `tcp://127.0.0.1:${tcp ? await freePort() : 0}`
      const env = {
        DOCKERD_CONFIG: join(dir, 'daemon.json'),
        DOCKERD_DRIVER: store === 'containerd' ? 'overlayfs' : 'overlay2',
        ...(tcp && { DOCKERD_ALSO_HOST: address }),
      }
      const stop = () => void run(libPath('dockerd.sh'), ['remove', dir])
      const host = startBy(machine.asRoot, 'dockerd.sh', dir, env, stop)
      // As members of the group `docker` can.
      const socket = host.replace('unix://', '')
      for (const path of [dirname(socket), socket]) chownSync(path, 0, runner.gid)
      return {
        engine: 'docker',
        env: { DOCKER_HOST: tcp ? address : host },
        as: machine.asRunner,
        user: runner,
        data: join(dir, 'data'),
        stop,
      }
    },
  }
}

function podman(title: string, release: string, how: 'root' | 'rootless' | 'socket' | 'rootless socket'): Subject {
  return {
    title,
    release,
    async start({ machine, folder }) {
      const isRootless = how.startsWith('rootless')
      const dir = folder('podman.sh')
      const as = isRootless ? machine.asRunner : machine.asRoot
      const runtime = join(dir, 'run')
      mkdirSync(runtime, { mode: 0o700 })
      const session = { XDG_RUNTIME_DIR: runtime, HOME: dir }
      if (isRootless) for (const path of [dir, runtime]) chownSync(path, runner.uid, runner.gid)
      let service: ChildProcess | undefined
      const stop = () => {
        service?.kill()
        // Ends the process that holds the user namespace of a rootless user.
        if (isRootless) inside(as, ['podman', 'system', 'migrate'], { ...session, ...settingsIn(dir) })
        inside(as, [libPath('podman.sh'), 'remove', dir], session)
        run('rm', ['-rf', dir])
      }
      startBy(as, 'podman.sh', dir, session, stop)
      const env = { ...session, ...settingsIn(dir) }
      const data = inside(as, ['podman', 'info', '--format', '{{.Store.GraphRoot}}'], env).stdout.trim()
      const user = isRootless && { user: runner }
      if (!how.endsWith('socket')) return { engine: 'podman', env, as, ...user, data, stop }
      const socket = join(dir, 'podman.sock')
      const [program, ...args] = [...as('/'), 'podman', 'system', 'service', '--time', '0', `unix://${socket}`]
      service = spawn(program!, args, { env: { ...plainEnvironment(), ...env }, stdio: ['ignore', 'ignore', 'ignore'] })
      await until(() => existsSync(socket))
      return { engine: 'docker', env: { DOCKER_HOST: `unix://${socket}` }, as, ...user, data, stop }
    },
  }
}

/** The action doesn't use nerdctl. No release has it as a package, and not every Go proxy has what it takes to verify it. */
async function refuseNerdctl(): Promise<Started> {
  const { status, stderr } = spawnSync(libPath('go-tool.sh'), ['github.com/containerd/nerdctl/v2/cmd/nerdctl', 'v2.0.5'], {
    encoding: 'utf8',
  })
  throw new CannotRun(status === 0 ? 'it is no engine that the action uses' : lastLine(stderr))
}

/** What podman.sh has written. */
function settingsIn(dir: string): Record<string, string> {
  return { CONTAINERS_STORAGE_CONF: join(dir, 'storage.conf'), CONTAINERS_CONF: join(dir, 'containers.conf') }
}

/** Starts an engine by its script, and gives what that prints. @throws CannotRun with its last word */
function startBy(as: Enter, script: string, dir: string, env: Record<string, string>, stop: () => void): string {
  const { status, stdout, stderr } = inside(as, [libPath(script), 'start', dir], env)
  if (status === 0) return stdout.trim()
  stop()
  throw new CannotRun(lastLine(stderr))
}

/** Runs a command in a machine, without this process's environment. */
export function inside(as: Enter, command: readonly string[], env: Readonly<Record<string, string>>, cwd = '/') {
  const [program, ...args] = [...as(cwd), ...command]
  return spawnSync(program!, args, { cwd, encoding: 'utf8', env: { ...plainEnvironment(), ...env }, timeout: 300_000 })
}

function plainEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }
}

function libPath(name: string): string {
  return fileURLToPath(new URL(`../../script/lib/${name}`, import.meta.url))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
