import { spawnSync } from 'node:child_process'
import { chownSync, lchownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ended } from '../support/cli.ts'
import { makeRunner, type Runner } from '../support/runner.ts'
import { shipped } from './action.ts'
import { inside, type Started } from './subjects.ts'

/** A job on a runner with the engine. Its user is the engine's. */
export interface Job {
  readonly runner: Runner
  /**
   * The action's step, which gives its log.
   * @param killed ends it by SIGKILL; its log is then what it wrote before
   * @param watch gets its log while it runs
   * @throws Error with what it says, if it fails
   */
  main(inputs: Record<string, string>, killed?: AbortSignal, watch?: (log: string) => void): Promise<string>
  /** A step with `shell: ddk.sh {0}`, with options of the shell. */
  step(script: string, ...options: string[]): Ended
  post(): Promise<void>
}

/** @param dir of the runner; its jobs share a tool cache */
export function startJob(started: Started, dir: string): Job {
  const { engine, env, as, user } = started
  const runner = makeRunner(dir, shipped('main.cjs'), env as NodeJS.ProcessEnv, join(dir, 'tool-cache'), as)
  if (user) giveAll(dir, user)
  let steps = 0
  return {
    runner,
    async main(inputs, killed, watch) {
      const { code, stdout, stderr } = await runner.main({ engine, cache: 'none', ...inputs }, killed, 'SIGKILL', watch)
      if (code !== 0 && !killed?.aborted) throw new Error(lastError(stdout) ?? `the step ended with ${code}: ${stderr}`)
      return stdout
    },
    step(script, ...options) {
      const path = join(runner.temp, `step-${steps++}.sh`)
      writeFileSync(path, script)
      const PATH = [...runner.path(), '/usr/sbin:/usr/bin:/sbin:/bin'].join(':')
      const more = { ...env, PATH, RUNNER_TEMP: runner.temp, GITHUB_WORKSPACE: runner.workspace, GITHUB_ACTIONS: 'true' }
      const { status, stdout, stderr } = inside(as, ['ddk.sh', ...options, path], more, runner.workspace)
      return { code: status, stdout, stderr }
    },
    async post() {
      const { code, stdout } = await runner.post()
      if (code !== 0) throw new Error(`the post step ended with ${code}: ${stdout}`)
    },
  }
}

/** What the step says in its `::error::`. */
export function lastError(stdout: string): string | undefined {
  return Array.from(stdout.matchAll(/^::error::(.*)$/gm), ([, sentence]) => sentence).at(-1)
}

/** Calls the engine as the job's user. @throws Error with its last words */
export function call({ engine, env, as }: Started, ...args: string[]): string {
  const { status, stdout, stderr } = inside(as, [engine, ...args], env)
  if (status !== 0) throw new Error(`${engine} ${args.join(' ')}: ${stderr.trim()}`)
  return stdout.trim()
}

/** How much the engine's images take, in bytes. */
export function diskUsed({ data }: Started): number {
  mkdirSync(data, { recursive: true })
  // A daemon may remove files meanwhile.
  const { stdout } = spawnSync('du', ['-s', '--block-size=1', data], { encoding: 'utf8' })
  return Number.parseInt(stdout, 10)
}

function giveAll(dir: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  chownSync(dir, uid, gid)
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) lchownSync(join(dir, name), uid, gid)
}
