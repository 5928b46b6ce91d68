import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RealEngine } from '../../engine/start-engine.ts'
import { aligned } from '../report.ts'
import { ours, removeImages, type Setting } from '../setting.ts'
import { secondsIn } from './stat.ts'

/** Milliseconds between two looks. */
const interval = 20

/** In seconds. */
interface Usage {
  readonly elapsed: number
  /** Of processor time, by kind of thread. */
  readonly threads: ReadonlyMap<string, number>
}

/** Seconds of processor time of conversions, by kind of thread. */
export async function threads({ iso, work }: Setting, engine: RealEngine): Promise<string> {
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
  const timer = setInterval(() => lookAt(child.pid!, seconds), interval)
  const [code] = await once(child, 'exit')
  clearInterval(timer)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  const threads = new Map<string, number>()
  for (const { name, seconds: used } of seconds.values()) threads.set(name, (threads.get(name) ?? 0) + used)
  return { elapsed: (performance.now() - start) / 1000, threads }
}

function lookAt(pid: number, seconds: Map<string, { name: string; seconds: number }>): void {
  try {
    for (const id of readdirSync(`/proc/${pid}/task`)) {
      const text = readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1')
      const known = seconds.get(id)
      const name = known?.name ?? nameOf(text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')), seconds)
      seconds.set(id, { name, seconds: secondsIn(text) })
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
