import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Engine, Image } from '../../src/engine/engine.ts'
import { type InstallOptions, installShell } from '../../src/shell/install.ts'
import { type InstalledShell, removeShell } from '../../src/shell/remove.ts'
import { startContainer } from '../../src/shell/start.ts'
import { until } from '../support/tools.ts'

/** How a step ended. */
export interface Step {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface StepOptions {
  readonly env?: Record<string, string>
  /** Folder below the workspace, or an absolute path. */
  readonly workingDirectory?: string
  readonly shell?: string
  /** Words between the shell and the script. */
  readonly options?: readonly string[]
}

/** What a runner's worker does for a job whose steps run in the shell: folders, files of commands, PATH. */
export class Job {
  readonly workspace: string
  readonly temp: string
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv
  readonly #shells: InstalledShell[] = []
  #path: string

  /** @param env that of the runner itself */
  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#folder = realpathSync(mkdtempSync(join(tmpdir(), 'ddk-job-')))
    // Blanks, as they may be in a self-hosted runner's paths.
    this.workspace = join(this.#folder, 'my work', 'repo')
    this.temp = join(this.#folder, 'my work', '_temp')
    for (const folder of [this.workspace, join(this.temp, '_runner_file_commands')]) mkdirSync(folder, { recursive: true })
    this.#env = env
    this.#path = env.PATH!
    for (const name of Object.values(commandFiles)) writeFileSync(join(this.temp, '_runner_file_commands', name), '')
  }

  /** Names of the containers of all shells that were installed. */
  get containers(): string[] {
    return this.#shells.map(({ container }) => container!.name)
  }

  /** As the action's step, and the runner after it. */
  async install(engine: Engine, image: Image, options: Partial<InstallOptions> = {}): Promise<Required<InstalledShell>> {
    const { workspace, temp } = this
    const defaults = { name: 'ddk.sh', user: 'root', volumes: [], env: [], network: 'none', runOptions: [], explanation: '' } as const
    const prepared = await installShell({ ...defaults, engine, image, workspace, temp, ...options }, this.environment())
    const { shell } = prepared
    this.#shells.push(shell)
    this.addPath(shell.bin)
    const failure = await startContainer(engine, image, prepared)
    if (failure !== undefined) throw new Error(failure)
    return { ...shell, container: shell.container! }
  }

  addPath(folder: string): void {
    this.#path = folder + delimiter + this.#path
  }

  /** Text that a step wrote to the file behind GITHUB_OUTPUT and the like. */
  commands(name: keyof typeof commandFiles): string {
    return readFileSync(join(this.temp, '_runner_file_commands', commandFiles[name]), 'utf8')
  }

  environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
    const files = Object.entries(commandFiles).map(([name, file]) => [name, join(this.temp, '_runner_file_commands', file)])
    const { workspace: GITHUB_WORKSPACE, temp: RUNNER_TEMP } = this
    return { ...this.#env, CI: 'true', GITHUB_WORKSPACE, RUNNER_TEMP, ...Object.fromEntries(files), ...more, PATH: this.#path }
  }

  /** Starts a step: its script is a file in RUNNER_TEMP, and the shell the first program of that name in PATH. */
  start(
    script: string,
    { env = {}, workingDirectory = '.', shell = 'ddk.sh', options = [] }: StepOptions = {},
    as: readonly string[] = [],
  ): Running {
    const file = join(this.temp, `${randomUUID()}.sh`)
    writeFileSync(file, script)
    const program = this.#path
      .split(delimiter)
      .map((folder) => join(folder, shell))
      .find(existsSync)!
    const [command, ...args] = [...as, program, ...options, file]
    const cwd = workingDirectory.startsWith('/') ? workingDirectory : join(this.workspace, workingDirectory)
    return new Running(spawn(command!, args, { cwd, env: this.environment(env), stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  run(script: string, options: StepOptions = {}, as: readonly string[] = []): Promise<Step> {
    return this.start(script, options, as).ended
  }

  /** Makes all folders the user's. */
  giveTo(uid: number): void {
    for (const folder of [
      this.#folder,
      join(this.#folder, 'my work'),
      this.workspace,
      this.temp,
      join(this.temp, '_runner_file_commands'),
    ]) {
      chownSync(folder, uid, uid)
    }
    for (const name of Object.values(commandFiles)) chownSync(join(this.temp, '_runner_file_commands', name), uid, uid)
  }

  /** As the post step, and the runner's own clean-up. */
  async end(say?: (line: string) => void): Promise<void> {
    for (const shell of this.#shells.reverse()) await removeShell(shell, say)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const commandFiles = {
  GITHUB_OUTPUT: 'set_output_1',
  GITHUB_ENV: 'set_env_1',
  GITHUB_PATH: 'add_path_1',
  GITHUB_STEP_SUMMARY: 'step_summary_1',
} as const

/** A step that has begun. */
export class Running {
  readonly ended: Promise<Step>
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''

  constructor(child: ChildProcess) {
    this.#child = child
    child.stdout!.on('data', (piece) => {
      this.#stdout += piece
    })
    child.stderr!.on('data', (piece) => {
      this.#stderr += piece
    })
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }))
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** As the runner does: to this one process. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Until the step has written `text`. */
  async says(text: string): Promise<void> {
    let over = false
    this.ended.finally(() => {
      over = true
    })
    await until(() => this.#stdout.includes(text) || over)
    if (!this.#stdout.includes(text)) throw new Error(`the step didn't say "${text}"; it said ${this.#stdout}${this.#stderr}`)
  }
}
