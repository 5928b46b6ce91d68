import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type RealEngine, startEngine } from '../engine/start-engine.ts'
import { startCacheService } from '../support/cache-service.ts'
import { makeRunner } from '../support/runner.ts'
import { aligned } from './report.ts'
import { ours, removeImages, repository, type Setting } from './setting.ts'

// What the time of a conversion and of a job is made of.

/** Two Markdown tables: the processor time of a conversion, by thread, and what jobs with Docker wait for. */
export async function profile(setting: Setting): Promise<string> {
  const engine = startEngine('docker')
  if ('skip' in engine) throw new Error(`docker can't run here: ${engine.skip.detail ?? engine.skip.reason}`)
  try {
    return [
      await conversions(setting, engine),
      "Milliseconds that a job waits for. What runs at the same time as something else counts for nothing, and less than 10 ms isn't listed.\n",
      await waits(setting, engine),
    ].join('\n')
  } finally {
    engine.stop()
  }
}

/** Milliseconds between two looks. */
const interval = 20

/** In seconds. */
interface Usage {
  readonly elapsed: number
  /** Of processor time, by kind of thread. */
  readonly threads: ReadonlyMap<string, number>
}

async function conversions({ iso, work }: Setting, engine: RealEngine): Promise<string> {
  const archive = join(work, 'profiled.tar')
  const toArchive = await usageOf(ours('convert', iso, '-o', archive, '--temp-dir', work))
  rmSync(archive)
  const load = ['--load', '--engine', engine.command, '--tag', 'bench:profiled']
  const toEngine = await usageOf(ours('convert', iso, ...load, '--temp-dir', work), engine.env)
  removeImages(engine)
  const both = [toArchive, toEngine]
  const names = [...new Set(both.flatMap(({ threads }) => [...threads.keys()]))]
  const total = ({ threads }: Usage) => [...threads.values()].reduce((sum, seconds) => sum + seconds, 0)
  const row = (name: string, figure: (usage: Usage) => number) => [name, ...both.map((usage) => figure(usage).toFixed(1))]
  return aligned([
    ['seconds of processor time', 'ISO to archive', `ISO to ${engine.command}`],
    ...names.map((name) => row(name, ({ threads }) => threads.get(name) ?? 0)),
    row('all threads', total),
    row('elapsed time', ({ elapsed }) => elapsed),
  ])
}

/** Runs a command, and looks at the threads of its process, not of the programs that it starts. */
async function usageOf(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Usage> {
  const start = performance.now()
  const child = spawn(command[0]!, command.slice(1), { env: { ...process.env, ...env }, stdio: 'ignore' })
  const seconds = new Map<string, { name: string; seconds: number }>()
  const timer = setInterval(() => look(child.pid!, seconds), interval)
  const [code] = await once(child, 'exit')
  clearInterval(timer)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  const threads = new Map<string, number>()
  for (const { name, seconds: used } of seconds.values()) threads.set(name, (threads.get(name) ?? 0) + used)
  return { elapsed: (performance.now() - start) / 1000, threads }
}

/** Clock ticks per second of the times in /proc, which is the same on all architectures of Linux that Node runs on. */
const ticks = 100

function look(pid: number, seconds: Map<string, { name: string; seconds: number }>): void {
  try {
    for (const id of readdirSync(`/proc/${pid}/task`)) {
      const text = readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const known = seconds.get(id)
      const name = known?.name ?? nameOf(text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')), seconds)
      seconds.set(id, { name, seconds: (Number(fields[11]) + Number(fields[12])) / ticks })
    }
  } catch {
    // A thread ended meanwhile.
  }
}

/** Node's threads for JavaScript all have one name. The one that reads the formats starts the one that unpacks. */
function nameOf(thread: string, known: ReadonlyMap<string, { name: string }>): string {
  const reads = 'reads the formats, makes the tar'
  if (thread === 'WorkerThread')
    return [...known.values()].some(({ name }) => name === reads) ? 'verifies and writes what is unpacked' : reads
  if (thread.startsWith('libuv')) return 'four threads: decompress, compress'
  if (thread === 'V8Worker') return 'V8: compiles, collects garbage'
  return 'main thread: hashes, writes'
}

async function waits({ iso, work }: Setting, engine: RealEngine): Promise<string> {
  const dir = mkdtempSync(join(work, 'profile-'))
  const service = await startCacheService()
  const job = async (env: NodeJS.ProcessEnv = {}) => {
    const runner = makeRunner(dir, join(repository, 'dist/main.cjs'), { ...service.env.v2, ...engine.env, ...env }, join(dir, 'tool-cache'))
    const lines: Line[] = []
    const start = performance.now()
    const watch = (log: string) => {
      const now = performance.now() - start
      for (const text of log.split('\n').slice(lines.length, -1)) lines.push({ text, at: now })
    }
    const inputs = { iso, engine: engine.command, image: 'bench:profiled', network: 'none', cache: 'image' }
    const { code, stdout, stderr } = await runner.main(inputs, undefined, undefined, watch)
    const total = performance.now() - start
    await runner.post()
    if (code !== 0) throw new Error(stdout + stderr)
    return { total, lines }
  }
  try {
    await job()
    removeImages(engine)
    const both = [await job({ RUNNER_DEBUG: '1' }), await job({ RUNNER_DEBUG: '1' })].map(({ total, lines }) => waitsOf(lines, total))
    const names = [...new Set(both.flatMap((waited) => [...waited.keys()]))]
    const rows = names.map((name) => [name, ...both.map((waited) => Math.round(waited.get(name) ?? 0))] as const)
    const shown = rows.filter(([, ...figures]) => figures.some((milliseconds) => milliseconds >= 10))
    return aligned([['milliseconds', 'image from the Actions cache', 'image still in the engine'], ...shown.map((row) => row.map(String))])
  } finally {
    await service.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

interface Line {
  readonly text: string
  /** Milliseconds since the start. */
  readonly at: number
}

/** What the time between two lines of a log goes to: the line that begins it says that. */
function waitsOf(lines: readonly Line[], total: number): Map<string, number> {
  const waited = new Map<string, number>()
  const add = (name: string, milliseconds: number) => waited.set(name, (waited.get(name) ?? 0) + milliseconds)
  let [name, since] = ['Node starts, and loads the action', 0]
  for (const { text, at } of lines) {
    const next = causeOf(text)
    if (next === undefined) continue
    add(name, at - since)
    ;[name, since] = [next, at]
  }
  add(name, total - since)
  waited.set('all', total)
  return waited
}

const itself = 'the action itself'

function causeOf(line: string): string | undefined {
  const [, program, ...words] = /^::debug::\[command\] (\S+) (\S+)(?: (\S+))?/.exec(line) ?? []
  if (program !== undefined) return [program, ...(words[0] === 'image' ? words : words.slice(0, 1))].join(' ')
  if (/^::debug::Looking for .* in the Actions cache/.test(line)) return 'restore from the Actions cache'
  if (line === '::group::Identify the ISO') return 'SHA-256 of the ISO'
  if (/^::debug::\S+ \S+ ended with exit code/.test(line) || /^::(?:end)?group::/.test(line)) return itself
  return undefined
}
