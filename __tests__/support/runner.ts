import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Ended } from './cli.ts'

/** Runs the bundled action as the runner does: with its variables and files, and nothing else of this process's environment. */
export interface Runner {
  readonly temp: string
  readonly workspace: string
  readonly toolCache: string
  /** What the step added to PATH. */
  path(): string[]
  outputs(): Record<string, string>
  summary(): string
  /** The main step. `signal` ends it as a cancelled job does, by SIGINT, or by `how`. `watch` gets its log while it runs. */
  main(inputs: Record<string, string>, signal?: AbortSignal, how?: NodeJS.Signals, watch?: (soFar: string) => void): Promise<Ended>
  /** The post step, with what the main step left in its state. */
  post(): Promise<Ended>
  /** A fresh runner on the same machine: the tool cache stays. */
  nextJob(): Runner
}

/**
 * @param dir for the runner's folders; the caller removes it
 * @param script the bundle of main.ts
 * @param env more variables, such as those of a cache service
 * @param as gives the words before each command in a folder, which make another user of it
 */
export function makeRunner(
  dir: string,
  script: string,
  env: NodeJS.ProcessEnv = {},
  toolCache = join(dir, 'tool-cache'),
  as: (folder: string) => readonly string[] = () => [],
): Runner {
  const home = mkdtempSync(join(dir, 'runner-'))
  const temp = join(home, 'temp')
  const workspace = join(home, 'work')
  const files = { OUTPUT: '', STEP_SUMMARY: '', STATE: '', PATH: '', ENV: '' }
  for (const folder of [temp, workspace, toolCache, join(home, 'files')]) mkdirSync(folder, { recursive: true })
  for (const name of Object.keys(files) as (keyof typeof files)[]) {
    files[name] = join(home, 'files', name.toLowerCase())
    writeFileSync(files[name], '')
  }
  const event = join(home, 'files', 'event.json')
  writeFileSync(event, JSON.stringify({ repository: { private: true, visibility: 'private' } }))
  const { DOCKER_HOST, PATH } = process.env
  const base: NodeJS.ProcessEnv = {
    PATH,
    HOME: home,
    ...(DOCKER_HOST && { DOCKER_HOST }),
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_EVENT_PATH: event,
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: temp,
    RUNNER_TOOL_CACHE: toolCache,
    ...Object.fromEntries(Object.entries(files).map(([name, file]) => [`GITHUB_${name}`, file])),
    ...env,
  }
  const step = async (
    bundle: string,
    more: NodeJS.ProcessEnv,
    signal?: AbortSignal,
    how: NodeJS.Signals = 'SIGINT',
    watch?: (soFar: string) => void,
  ): Promise<Ended> => {
    const [program, ...args] = [...as(workspace), process.execPath, bundle]
    const child = spawn(program!, args, { cwd: workspace, env: { ...base, ...more }, stdio: ['ignore', 'pipe', 'pipe'] })
    signal?.addEventListener('abort', () => child.kill(how))
    let soFar = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (piece) => {
      soFar += piece
      watch?.(soFar)
    })
    const code = new Promise<number | null>((resolve) => child.once('close', resolve))
    const stderr = await text(child.stderr)
    return { code: await code, stdout: soFar, stderr }
  }
  const prefixed = (prefix: string, values: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [`${prefix}_${prefix === 'INPUT' ? name.toUpperCase() : name}`, value]),
    )
  return {
    temp,
    workspace,
    toolCache,
    path: () => readFileSync(files.PATH, 'utf8').split('\n').filter(Boolean),
    outputs: () => commandsIn(files.OUTPUT),
    summary: () => readFileSync(files.STEP_SUMMARY, 'utf8'),
    main: (inputs, signal, how, watch) => step(script, prefixed('INPUT', inputs), signal, how, watch),
    post: () => step(join(dirname(script), 'post.cjs'), prefixed('STATE', commandsIn(files.STATE))),
    nextJob: () => makeRunner(dir, script, env, toolCache, as),
  }
}

/** Reads a file of commands: `name<<delimiter`, the value, and the delimiter again. A later value of a name wins. */
export function commandsIn(file: string): Record<string, string> {
  const commands = readFileSync(file, 'utf8').matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n?\2$/gm)
  return Object.fromEntries([...commands].map(([, name, , value]) => [name, value]))
}
