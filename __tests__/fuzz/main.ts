/**
 * Damages the metadata of every format and reads the result, for a while: see script/fuzz, which runs it. Mutants that show a fault are kept
 * in .cache/fuzz/finds.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { mutate, numbersFor } from './mutate.ts'
import { targets } from './targets.ts'
import type { Report } from './worker.ts'

/** Seconds of the processor that a mutant may take. */
const secondsLimit = 20
/** Seconds without any report, after which a mutant counts as a hang. */
const hangLimit = 90
const megabytesLimit = 700

const here = fileURLToPath(new URL('.', import.meta.url))
const store = join(here, '../../.cache/fuzz')
const { values } = parseArgs({
  options: {
    format: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    restart: { type: 'boolean', default: false },
    replay: { type: 'string' },
  },
})
const seed = Number(values.seed)
const names = values.format ?? targets.map(({ name }) => name)
for (const name of names) {
  if (targets.some((target) => target.name === name)) continue
  console.error(`fuzz: there is no format ${name}, but: ${targets.map((target) => target.name).join(', ')}`)
  process.exit(2)
}
process.exitCode = values.replay === undefined ? await fuzzAll(names) : await replay(names, Number(values.replay))

interface Tally {
  mutants: number
  read: number
  refused: number
  large: number
  wrong: number
  seconds: number
  megabytes: number
}

/** As many formats at once as there are processors, two at most. */
async function fuzzAll(formats: readonly string[]): Promise<number> {
  const rows = new Map<string, Tally>()
  const waiting = [...formats]
  const lane = async () => {
    for (let format = waiting.shift(); format !== undefined; format = waiting.shift()) rows.set(format, await fuzz(format))
  }
  await Promise.all([lane(), lane()])
  console.log('\n| format | mutants | read | refused | too large | wrong | slowest | peak memory |\n|---|---|---|---|---|---|---|---|')
  for (const format of formats) {
    const { mutants, read, refused, large, wrong, seconds, megabytes } = rows.get(format)!
    console.log(`| ${format} | ${mutants} | ${read} | ${refused} | ${large} | ${wrong} | ${seconds.toFixed(1)} s | ${megabytes} MB |`)
  }
  const wrong = [...rows.values()].reduce((sum, row) => sum + row.wrong, 0)
  if (wrong > 0) console.log(`\n${wrong} mutants show a fault; they are in ${join(store, 'finds')}`)
  return wrong === 0 ? 0 : 1
}

/** Reads mutants of one format until the time is over. Goes on where the last run with this seed ended. */
async function fuzz(format: string): Promise<Tally> {
  const progressFile = join(store, `${format}-${seed}.json`)
  mkdirSync(join(store, 'finds'), { recursive: true })
  let next = values.restart ? 0 : startOf(progressFile)
  const tally: Tally = { mutants: 0, read: 0, refused: 0, large: 0, wrong: 0, seconds: 0, megabytes: 0 }
  const end = performance.now() + Number(values.seconds) * 1000
  const judge = (report: Report) => {
    const { index, result, seconds, megabytes } = report
    next = index + 1
    tally.mutants++
    tally.seconds = Math.max(tally.seconds, seconds)
    tally.megabytes = Math.max(tally.megabytes, megabytes)
    const excess = seconds > secondsLimit ? `it took ${seconds} s` : megabytes > megabytesLimit ? `it took ${megabytes} MB` : undefined
    tally[excess === undefined ? result : 'wrong']++
    if (result === 'wrong' || excess !== undefined) keep(format, index, excess ?? report.what!)
    return megabytes <= megabytesLimit
  }
  while (performance.now() < end) {
    const ended = await work(format, next, end, judge)
    if (ended === undefined) continue
    tally.wrong++
    keep(format, next, ended)
    next++
  }
  writeFileSync(progressFile, JSON.stringify({ next }))
  return tally
}

/**
 * Runs one worker until the time is over, or `judge` returns false.
 * @returns why it ended by itself or had to be ended
 */
async function work(format: string, from: number, end: number, judge: (report: Report) => boolean): Promise<string | undefined> {
  const child = startWorker(format, from)
  let reason: string | undefined
  let stopped = false
  const stop = (why?: string) => {
    reason = why
    stopped = true
    child.kill(why === undefined ? 'SIGTERM' : 'SIGKILL')
  }
  const overdue = () => setTimeout(() => stop(`it did not end within ${hangLimit} s`), hangLimit * 1000)
  let watchdog = overdue()
  const timer = setTimeout(() => stop(), end - performance.now())
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  for await (const line of createInterface({ input: child.stdout! })) {
    clearTimeout(watchdog)
    if (stopped) continue
    watchdog = overdue()
    if (!judge(JSON.parse(line) as Report)) stop()
  }
  const code = await exited
  clearTimeout(watchdog)
  clearTimeout(timer)
  return stopped ? reason : `the process ended with ${code}`
}

function startWorker(format: string, from: number, ...more: string[]): ChildProcess {
  const args = ['--disable-warning=ExperimentalWarning', join(here, 'worker.ts'), format, String(seed), String(from), ...more]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

function startOf(progressFile: string): number {
  try {
    return (JSON.parse(readFileSync(progressFile, 'utf8')) as { next: number }).next
  } catch {
    return 0
  }
}

function keep(format: string, index: number, what: string): void {
  const name = join(store, 'finds', `${format}-${seed}-${index}`)
  writeFileSync(`${name}.txt`, `${what}\n\nscript/fuzz --format ${format} --seed ${seed} --replay ${index}\n`)
  console.log(`${format}, seed ${seed}, mutant ${index}: ${what.split('\n')[0]}`)
}

/** Makes one mutant again, keeps it as a file, and reads it. */
async function replay([format]: readonly string[], index: number): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-fuzz-'))
  try {
    const seeds = await targets.find(({ name }) => name === format)!.seeds(dir)
    const path = join(store, 'finds', `${format}-${seed}-${index}`)
    mkdirSync(join(store, 'finds'), { recursive: true })
    writeFileSync(path, mutate(seeds[index % seeds.length]!, numbersFor(seed, index)))
    const args = ['--disable-warning=ExperimentalWarning', join(here, 'worker.ts'), format!, String(seed), String(index), '--once']
    const { stdout } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
    const report = JSON.parse(stdout) as Report
    console.log(`${path}\n${JSON.stringify(report, null, 2).replaceAll('\\n', '\n')}`)
    return report.result === 'wrong' ? 1 : 0
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
