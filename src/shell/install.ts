import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Supervision } from '../engine/command.ts'
import { type ContainerOptions, createArguments, mountPairs } from './container.ts'
import { type InstalledShell, removeShell } from './remove.ts'
import { bashSettings, script } from './settings.ts'

export interface InstallOptions extends ContainerOptions {
  /** The name that steps use: `ddk.sh`. */
  readonly name: string
  /** `NAME` or `NAME=VALUE`. */
  readonly env: readonly string[]
  /** RUNNER_TEMP. */
  readonly temp: string
  /** GITHUB_WORKSPACE. */
  readonly workspace: string
  /** Options for removing a shell of the same name. */
  readonly supervision?: Supervision
}

/**
 * Installs a shell for the job's later steps: a script that runs them in a container of the image, and its settings. The caller must add
 * `bin` to PATH. A shell of the same name is replaced, and its container removed.
 * @param env the environment of the action's step
 * @throws Error if RUNNER_TEMP can't be written to; the reason of the signal in `supervision`
 */
export async function installShell(options: InstallOptions, env: NodeJS.ProcessEnv = process.env): Promise<InstalledShell> {
  const shells = join(options.temp, 'xenserver-ddk-shells')
  const folder = join(shells, options.name)
  await removeFormer(folder, options.supervision)

  const id = randomUUID()
  const home = join(folder, 'home')
  const bin = join(folder, 'bin')
  for (const directory of [home, bin]) mkdirSync(directory, { recursive: true, mode: 0o755 })
  const user = runAs(options, home)
  const folders = sharedFolders(options, env)
  const lifeline = join(folder, 'settings')
  const place = { id, name: `xenserver-ddk-${id.slice(0, 13)}`, folders, lifeline, passwd: user.passwd }
  const giveBack = user.owner === undefined ? [] : giveBackCommand([options.workspace, options.temp], user.owner, lifeline)
  const installed: InstalledShell = { id, name: options.name, folder, bin, engine: options.engine.command, container: place.name, giveBack }

  const settings = {
    engine: options.engine.command,
    container: place.name,
    create: createArguments(options, place),
    exec: user.exec,
    entrypoint: options.image.entrypoint,
    mounts: mountPairs(folders, options.volumes),
    workspace: options.workspace,
    given: options.env,
    give_back: giveBack,
    path: env.PATH ?? '',
    shells,
  }
  // The input "env" may contain a secret.
  writeFileSync(lifeline, bashSettings(settings, env), { mode: 0o600 })
  writeFileSync(join(folder, 'installed.json'), JSON.stringify(installed))
  writeFileSync(join(bin, options.name), script(), { mode: 0o755 })
  return installed
}

async function removeFormer(folder: string, supervision: Supervision | undefined): Promise<void> {
  const record = join(folder, 'installed.json')
  if (existsSync(record)) await removeShell(JSON.parse(readFileSync(record, 'utf8')), undefined, supervision)
}

interface RunAs {
  /** Options for `exec`. */
  readonly exec: readonly string[]
  /** UID:GID in the container that the steps' files are given to; absent if they already belong to it. */
  readonly owner?: string
  readonly passwd: string
}

function runAs({ user, privileges, engine }: InstallOptions, home: string): RunAs {
  const uid = process.getuid!()
  const gid = process.getgid!()
  // The runner's user is root inside. Only files that a script has given to other users, as tar does, belong to someone else.
  if (privileges === 'rootless' && (user === 'root' || engine.name === 'docker')) return { exec: [], owner: '0:0', passwd: '' }
  if (user === 'root') return { exec: [], passwd: '', ...(uid !== 0 && { owner: `${uid}:${gid}` }) }
  return { exec: ['--user', `${uid}:${gid}`, '--env', `HOME=${home}`], passwd: uid === 0 ? '' : `runner:x:${uid}:${gid}::${home}:/bin/sh` }
}

/**
 * Command that gives the runner's user everything that has changed since the shell was installed and belongs to someone else. Older files
 * may belong to others for good reason; symlinks and mounts lead elsewhere.
 */
function giveBackCommand(folders: readonly string[], owner: string, since: string): string[] {
  const [uid] = owner.split(':')
  return ['find', ...folders, '-xdev', '!', '-user', uid!, '-cnewer', since, '-exec', 'chown', '-h', owner, '{}', '+']
}

/** The workspace, RUNNER_TEMP, and the folders of the runner's files if they are elsewhere, as with nektos/act. */
function sharedFolders({ workspace, temp }: InstallOptions, env: NodeJS.ProcessEnv): string[] {
  const files = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY', 'GITHUB_EVENT_PATH']
  const folders = [workspace, temp, ...files.flatMap((name) => (env[name] ? [dirname(env[name])] : []))]
  return folders.filter((folder, index) => existsSync(folder) && !folders.slice(0, index).some((other) => isBelow(folder, other)))
}

function isBelow(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder.replace(/\/$/, '')}/`)
}
