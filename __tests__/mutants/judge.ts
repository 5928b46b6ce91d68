import type { CleanRuns } from './clean-runs.ts'
import type { CleanRun } from './kept-runs.ts'
import { type Mutant, mutated } from './mutations.ts'
import { hasRun } from './probes.ts'
import { readers, type Selection, testsFor } from './reach.ts'
import type { Sandbox } from './sandbox.ts'
import type { Judged } from './table.ts'

/** Decides which tests a mutant gets, and what becomes of it. */
export class Judge {
  readonly #repository: string
  readonly #selection: Selection
  readonly #clean: CleanRuns

  constructor(repository: string, selection: Selection, clean: CleanRuns) {
    this.#repository = repository
    this.#selection = selection
    this.#clean = clean
  }

  /** Runs the tests of a file in the order of `testsFor`, in each group first those that are known to be quick. */
  async judge(sandbox: Sandbox, mutant: Mutant): Promise<Judged> {
    let isTested = false
    for (const tests of this.#turns(mutant)) {
      const runs = await Promise.all(tests.map((test) => this.#clean.run(sandbox, test)))
      if (!tests.every((test, index) => mayNotice(test, runs[index], mutant))) continue
      isTested = true
      // Much longer than it takes on a machine that is busy, because a mutant that hangs counts as noticed.
      const limit = 120 + 4 * runs.reduce((sum, run) => sum + (run?.seconds ?? 0), 0)
      const { result, failed } = await withMutant(sandbox, mutant, () => sandbox.test(tests, limit))
      if (result !== 'passed') return { mutant, fate: result === 'failed' ? 'killed' : result, by: failed }
    }
    return { mutant, fate: isTested ? 'survived' : 'untested', by: '' }
  }

  /** The tests to run at once. One that is new is also run without a mutant, so it waits until the others have missed the mutant. */
  *#turns(mutant: Mutant): Generator<string[]> {
    for (const group of testsFor(this.#repository, mutant.file, this.#selection)) {
      const known = group.flatMap((test) => {
        const run = this.#clean.known(test)
        return typeof run === 'object' && mayNotice(test, run, mutant) ? [{ test, seconds: run.seconds }] : []
      })
      const others = group.filter((test) => this.#clean.known(test) === 'unknown')
      if (known.length > 0) yield known.sort((a, b) => a.seconds - b.seconds).map(({ test }) => test)
      for (const test of others) yield [test]
    }
  }
}

/** Whether a test runs the mutant's place: if in doubt, it does. A test that fails without a mutant notices nothing. */
function mayNotice(test: string, run: CleanRun | undefined, mutant: Mutant): boolean {
  if (run === undefined) return false
  return run.coverage === undefined || readers.includes(test) || hasRun(run.coverage, mutant)
}

async function withMutant<T>(sandbox: Sandbox, mutant: Mutant, use: () => Promise<T>): Promise<T> {
  const source = sandbox.read(mutant.file)
  sandbox.write(mutant.file, mutated(source, mutant))
  try {
    return await use()
  } finally {
    sandbox.write(mutant.file, source)
  }
}
