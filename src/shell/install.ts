import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Supervision, usualDeadlines } from '../engine/command.ts'
import { makeFolder } from '../host/make-folder.ts'
import { type ContainerOptions, createArguments, keepsId, mountPairs } from './container.ts'
import { giveBackCommand } from './give-back.ts'
import { type InstalledShell, removeShell } from './remove.ts'
import { bashSettings, refusal, script } from './settings.ts'

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
  /** Where the shell's errors are explained. */
  readonly explanation: string
  /** Is told that a shell of the same name is replaced. */
  readonly say?: (line: string) => void
}

/** A shell whose container hasn't been created yet. */
export interface PreparedShell {
  readonly shell: InstalledShell
  /** Arguments of the engine's `create`. */
  readonly create: readonly string[]
  /** Paths of the host's folders that are mounted in the container. */
  readonly sources: readonly string[]
  /** Whether the user's options are words that the engine may take for an image's name. */
  readonly hasRunOptions: boolean
}

/**
 * Installs a shell for the job's later steps: a script that runs them in a container of the image, and its settings. The caller must create
 * the container (start.ts), and add `bin` to PATH. A shell of the same name is replaced, and its container removed.
 * @param env the environment of the action's step
 * @throws Error if RUNNER_TEMP can't be written to; the reason of the signal in `supervision`
 */
export async function installShell(options: InstallOptions, env: NodeJS.ProcessEnv = process.env): Promise<PreparedShell> {
  const { shells, folder, home, bin, lifeline } = await makeFolders(options)
  const id = randomUUID()
  const user = runAs(options, home)
  const folders = sharedFolders(options, env)
  const place = { id, name: `xenserver-ddk-${id.slice(0, 13)}`, folders, lifeline, passwd: user.passwd }
  const ofRunner = outermost([options.workspace, options.temp])
  const giveBack = user.owner === undefined ? [] : giveBackCommand(ofRunner, user.owner, lifeline)
  const container = { engine: options.engine.command, name: place.name, giveBack }
  const shell: InstalledShell = { id, name: options.name, folder, bin, container }
  const create = createArguments(options, place)
  const sources = [...new Set([...folders, ...options.volumes.map(({ source }) => source).filter((source) => source.startsWith('/'))])]

  const settings = {
    engine: options.engine.command,
    container: place.name,
    create,
    restarts: String(options.engine.name === 'docker'),
    user: options.user,
    question_deadline: String(usualDeadlines.question),
    change_deadline: String(usualDeadlines.change),
    as_root: user.asRoot,
    as_runner: user.asRunner,
    entrypoint: options.image.entrypoint,
    mounts: mountPairs(folders, options.volumes),
    sources,
    workspace: options.workspace,
    given: options.env,
    give_back: giveBack,
    path: env.PATH ?? '',
    explanation: options.explanation,
    shells,
  }
  // The input "env" may contain a secret.
  writeFileSync(lifeline, bashSettings(settings, env), { mode: 0o600 })
  writeScript(shell)
  return { shell, create, sources, hasRunOptions: options.runOptions.length > 0 }
}

/**
 * Installs a shell that fails every step with the reason.
 * @throws as `installShell` does
 */
export async function installRefusal(
  options: Pick<InstallOptions, 'name' | 'temp' | 'supervision' | 'say'>,
  reason: string,
): Promise<InstalledShell> {
  const { folder, bin } = await makeFolders(options)
  const shell: InstalledShell = { id: randomUUID(), name: options.name, folder, bin }
  refuse(shell, reason)
  writeScript(shell)
  return shell
}

/** Makes a shell fail every step with the reason. */
export function refuse({ folder }: InstalledShell, reason: string): void {
  writeFileSync(join(folder, 'settings'), refusal(reason), { mode: 0o600 })
}

function writeScript(shell: InstalledShell): void {
  writeFileSync(join(shell.folder, 'installed.json'), JSON.stringify(shell))
  writeFileSync(join(shell.bin, shell.name), script(), { mode: 0o755 })
}

/** Makes the folders of a shell, after removing those of an earlier one. */
async function makeFolders({ temp, name, supervision, say }: Pick<InstallOptions, 'name' | 'temp' | 'supervision' | 'say'>) {
  const shells = join(temp, 'xenserver-ddk-shells')
  const folder = join(shells, name)
  const record = join(folder, 'installed.json')
  const [home, bin] = [join(folder, 'home'), join(folder, 'bin')]
  if (existsSync(record)) {
    say?.(`${name} of an earlier use of this action is replaced, and its container removed; "shell-name" gives each its own`)
    await removeShell({ id: '', name, folder, bin, ...recorded(record) }, undefined, supervision)
  }
  for (const directory of [home, bin]) makeFolder(directory, 0o755)
  return { shells, folder, home, bin, lifeline: join(folder, 'settings') }
}

/**
 * The ID and container of an earlier shell. Steps in its container can write to its folder, so nothing from there may name a program or a
 * folder of the host. A record that isn't one of this file's is none: the container then ends itself, because its lifeline is removed.
 */
function recorded(record: string): Partial<Pick<InstalledShell, 'id' | 'container'>> {
  try {
    const { id, container } = JSON.parse(readFileSync(record, 'utf8')) as InstalledShell
    const { engine, name, giveBack } = container!
    const isOurs =
      /^[0-9a-f-]{36}$/.test(id) && (engine === 'docker' || engine === 'podman') && giveBack.every((word) => typeof word === 'string')
    return isOurs ? { id, container: { engine, name, giveBack } } : {}
  } catch {
    return {}
  }
}

interface RunAs {
  /** Options of `exec` for each user. */
  readonly asRoot: readonly string[]
  readonly asRunner: readonly string[]
  /** UID:GID in the container that the files of root's steps are given to; absent if they already belong to the runner. */
  readonly owner?: string
  readonly passwd: string
}

function runAs(options: InstallOptions, home: string): RunAs {
  const uid = process.getuid!()
  const gid = process.getgid!()
  const runner = {
    asRunner: ['--user', `${uid}:${gid}`, '--env', `HOME=${home}`],
    passwd: uid === 0 ? '' : `runner:x:${uid}:${gid}::${home}:/bin/sh`,
    ...(uid !== 0 && { owner: `${uid}:${gid}` }),
  }
  if (keepsId(options)) return { ...runner, asRoot: ['--user', '0:0'] }
  // The runner's user is root inside.
  if (options.engine.privileges === 'rootless') return { asRoot: [], asRunner: [], passwd: '' }
  return { ...runner, asRoot: [] }
}

/** The workspace, RUNNER_TEMP, and the folders of the runner's files if they are elsewhere, as with nektos/act. */
function sharedFolders({ workspace, temp }: InstallOptions, env: NodeJS.ProcessEnv): string[] {
  const files = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY', 'GITHUB_EVENT_PATH']
  const folders = [workspace, temp, ...files.flatMap((name) => (env[name] ? [dirname(env[name])] : []))]
  return outermost(folders.filter((folder) => existsSync(folder)))
}

/** Leaves out folders that are below an earlier one. */
function outermost(folders: readonly string[]): string[] {
  return folders.filter((folder, index) => !folders.slice(0, index).some((other) => isBelow(folder, other)))
}

function isBelow(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder.replace(/\/$/, '')}/`)
}
