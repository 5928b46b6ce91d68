import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import type { RealEngine } from '../../engine/start-engine.ts'
import { timed } from '../compare.ts'
import { aligned } from '../report.ts'
import { ours, recipe, removeImages, type Setting } from '../setting.ts'
import { withSavedImage } from './saved-image.ts'
import { secondsIn } from './stat.ts'

/** Milliseconds between two looks. */
const interval = 50

const kinds = {
  engine: 'the engine',
  client: "the engine's client",
  action: 'the action',
  cacheProcess: 'restore from the Actions cache',
  others: 'all other programs',
}

/** In seconds. */
interface Usage {
  readonly elapsed: number
  /** Processor time that the machine had and nothing used. */
  readonly idle: number
  /** Of processor time, by program. */
  readonly programs: ReadonlyMap<string, number>
}

/** Seconds of processor time that it takes to get an image into an engine: from a ready archive or layer, and from the Actions cache. */
export async function processors(setting: Setting, engine: RealEngine): Promise<string> {
  const { work, iso } = setting
  const [archive, layer] = [join(work, 'profiled.tar'), join(work, 'profiled-layer.tar')]
  const usages: Record<string, Usage> = {}
  const { command } = engine
  try {
    timed(ours('convert', iso, '-o', archive, '--compression', 'none', '--temp-dir', work))
    timed(recipe(setting, 'dd', `of=${layer}`, 'bs=1M', 'status=none'))
    usages['only load'] = await usageOf(() => cli(engine, `${command} load <"$1"`, archive))
    removeImages(engine)
    usages['only import'] = await usageOf(() => cli(engine, `${command} import - <"$1"`, layer))
    removeImages(engine)
  } finally {
    for (const path of [archive, layer]) rmSync(path, { force: true })
  }
  await withSavedImage(setting, engine, async (job) => {
    const { value: runner, ...usage } = await usageOf(() => job())
    await runner.post()
    usages['image from the Actions cache'] = usage
  })
  removeImages(engine)
  const columns = Object.values(usages)
  const row = (name: string, figure: (usage: Usage) => number) => [name, ...columns.map((usage) => figure(usage).toFixed(1))]
  return [
    `Seconds of processor time until an image is in ${command}. Below them, what the ${availableParallelism()} processors had left.\n`,
    aligned([
      ['seconds of processor time', ...Object.keys(usages)],
      ...Object.values(kinds).map((name) => row(name, ({ programs }) => programs.get(name) ?? 0)),
      row('idle', ({ idle }) => idle),
      row('elapsed time', ({ elapsed }) => elapsed),
    ]),
  ].join('\n')
}

async function cli({ env }: RealEngine, script: string, file: string): Promise<void> {
  const child = spawn('bash', ['-c', script, 'bash', file], { env: { ...process.env, ...env }, stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${script} ended with ${code}`)
}

/** Looks at all of the machine's programs while `use` runs. */
async function usageOf<T>(use: () => Promise<T>): Promise<Usage & { readonly value: T }> {
  const before = times()
  const idle = idleSeconds()
  const latest = new Map<string, { program: string; seconds: number }>()
  const start = performance.now()
  const timer = setInterval(() => {
    for (const [pid, time] of times()) latest.set(pid, time)
  }, interval)
  try {
    const value = await use()
    const programs = new Map<string, number>()
    for (const [pid, { program, seconds }] of latest) {
      programs.set(program, (programs.get(program) ?? 0) + seconds - (before.get(pid)?.seconds ?? 0))
    }
    return { value, elapsed: (performance.now() - start) / 1000, idle: idleSeconds() - idle, programs }
  } finally {
    clearInterval(timer)
  }
}

/** Of all processors since the machine started (Linux: proc_stat(5)). */
function idleSeconds(): number {
  const [, , , , idle, waiting] = readFileSync('/proc/stat', 'latin1').split(/\s+/, 6).map(Number)
  return (idle! + waiting!) / 100
}

/** The processor time of each process, by its ID. */
function times(): Map<string, { program: string; seconds: number }> {
  const found = new Map<string, { program: string; seconds: number }>()
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      // It has ended, and nobody has asked how yet.
      if (words[0] === '') continue
      const seconds = secondsIn(readFileSync(`/proc/${pid}/stat`, 'latin1'))
      found.set(pid, { program: programOf(words), seconds })
    } catch {
      // The process has ended.
    }
  }
  return found
}

function programOf([path = '', ...args]: readonly string[]): string {
  const program = basename(path)
  if (args.some((arg) => basename(arg) === 'cache-process.cjs')) return kinds.cacheProcess
  if (args.some((arg) => basename(arg) === 'main.cjs')) return kinds.action
  if (program === 'docker') return kinds.client
  // The daemon unpacks layers in processes of its own, which have such names.
  return /^(?:docker|containerd|runc)/.test(program) ? kinds.engine : kinds.others
}
