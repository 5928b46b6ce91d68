/** Changes the sources, one place at a time, and runs the tests that should notice: see `usage`. */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CleanRuns } from './clean-runs.ts'
import { Judge } from './judge.ts'
import { type Mutant, mutantsOf } from './mutations.ts'
import { Sandbox } from './sandbox.ts'
import { type Judged, line, table } from './table.ts'

const usual = [
  'src/supply',
  'src/shell',
  'src/engine',
  'src/fetch',
  'src/http',
  'src/registry',
  'src/cache',
  'src/inputs.ts',
  'src/main.ts',
]

const usage = `usage: npm run test:mutants -- [options]

Changes one place of a source file at a time, in a copy of this checkout, and runs the tests that run this place, the nearest first, up to the
first that fails. A mutant that no test notices survives: either a test is missing, or the change makes no difference. What a test runs is
found out once, and kept in .cache/mutants until something changes on which it may depend.

  --file PATH    a file or a folder; may be repeated (default: ${usual.join(', ')})
  --sample N     only N mutants
  --seed TEXT    decides which mutants a sample has, and their order (default: 1)
  --fast         leave out the tests that bundle the action and run it
  --all          also take the tests that start engines, and those that take minutes
  --minutes N    start no mutant after N minutes
  --jobs N       how many mutants are tested at the same time (default: 2)
  --list         print the mutants, and test none
  --verbose      print what becomes of each mutant, and which test fails`

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** @throws Error about an argument */
function readOptions() {
  const { values } = parseArgs({
    options: {
      file: { type: 'string', multiple: true, default: usual },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      fast: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      jobs: { type: 'string', default: '2' },
      list: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { sample, minutes, jobs } = values
  return { ...values, sample: count('sample', sample), minutes: count('minutes', minutes), jobs: count('jobs', jobs) }
}

function count(option: string, text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${option} is "${text}"; it must be a whole number from 1`)
  return Number(text)
}

/** @throws Error if there is no such file */
function sourcesOf(path: string): string[] {
  const files = path.endsWith('.ts') ? globSync(path, { cwd: repository }) : globSync(join(path, '**/*.ts'), { cwd: repository }).sort()
  if (files.length === 0) throw new Error(`--file is "${path}", in which there is no file of TypeScript`)
  return files
}

/** The same for the same seed and the same sources. */
function sampleOf(mutants: readonly Mutant[], size: number, seed: string): Mutant[] {
  const place = ({ file, start, end, text }: Mutant) => createHash('sha256').update(`${seed} ${file} ${start} ${end} ${text}`).digest('hex')
  const shuffled = mutants.map((mutant) => ({ mutant, at: place(mutant) })).sort((a, b) => (a.at < b.at ? -1 : 1))
  return shuffled.slice(0, size).map(({ mutant }) => mutant)
}

async function main(): Promise<void> {
  const options = readOptions()
  if (options.help) return console.log(usage)
  const files = [...new Set(options.file.flatMap(sourcesOf))]
  const all = files.flatMap((file) => mutantsOf(file, readFileSync(join(repository, file), 'utf8')))
  const chosen = sampleOf(all, options.sample, options.seed)
  console.log(`${chosen.length} of ${all.length} mutants, seed ${options.seed}`)
  if (options.list) return console.log(chosen.map(line).join('\n'))
  const judged: Judged[] = []
  try {
    await judgeAll(chosen, judged, options)
  } finally {
    report(judged, chosen.length)
  }
}

function report(judged: readonly Judged[], wanted: number): void {
  console.log(`\n${table(judged)}`)
  if (judged.length < wanted) console.log(`\n${wanted - judged.length} mutants weren't tested`)
  for (const fate of ['survived', 'untested'] as const) {
    const lines = judged.filter((one) => one.fate === fate).map(({ mutant }) => line(mutant))
    if (lines.length > 0) console.log(`\n${fate}:\n${lines.sort().join('\n')}`)
  }
}

/** @param judged gets each mutant as soon as its fate is known */
async function judgeAll(mutants: readonly Mutant[], judged: Judged[], options: ReturnType<typeof readOptions>): Promise<void> {
  const { jobs, minutes, verbose, ...selection } = options
  const end = performance.now() + minutes * 60_000
  const sandboxes = Array.from({ length: Math.min(jobs, mutants.length) }, () => new Sandbox(repository))
  const removeAll = () => {
    for (const sandbox of sandboxes) sandbox.remove()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // npm passes on a signal that the terminal has sent as well, and a second one must not end the removal.
    process.on(signal, () => {
      removeAll()
      report(judged, mutants.length)
      process.exit(1)
    })
  }
  const judge = new Judge(repository, selection, new CleanRuns(repository))
  const waiting = [...mutants]
  const lane = async (sandbox: Sandbox) => {
    for (let mutant = waiting.shift(); mutant && performance.now() < end; mutant = waiting.shift()) {
      const one = await judge.judge(sandbox, mutant)
      judged.push(one)
      if (verbose || one.fate === 'survived') {
        console.log(`${judged.length}/${mutants.length}  ${one.fate}  ${line(mutant)}${one.by && `  (${one.by})`}`)
      }
    }
  }
  try {
    await Promise.all(sandboxes.map(lane))
  } finally {
    removeAll()
  }
}

try {
  await main()
} catch (error) {
  console.error(`test:mutants: ${(error as Error).message}`)
  process.exitCode = 2
}
