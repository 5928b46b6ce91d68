import { type CleanRun, KeptRuns } from './kept-runs.ts'
import type { Sandbox } from './sandbox.ts'

/** Runs each test file at most once without a mutant. */
export class CleanRuns {
  readonly #kept: KeptRuns
  readonly #begun = new Map<string, Promise<CleanRun | undefined>>()
  readonly #ended = new Map<string, CleanRun | 'failed' | 'unknown'>()

  constructor(repository: string) {
    this.#kept = new KeptRuns(repository)
  }

  known(test: string): CleanRun | 'failed' | 'unknown' {
    const known = this.#ended.get(test) ?? this.#kept.read(test) ?? 'unknown'
    this.#ended.set(test, known)
    return known
  }

  /** Undefined if the test fails. */
  async run(sandbox: Sandbox, test: string): Promise<CleanRun | undefined> {
    const known = this.known(test)
    if (known === 'failed') return undefined
    if (known !== 'unknown') return known
    const run = this.#begun.get(test) ?? this.#run(sandbox, test)
    this.#begun.set(test, run)
    return run
  }

  async #run(sandbox: Sandbox, test: string): Promise<CleanRun | undefined> {
    const { coverage, seconds } = await sandbox.testWithProbes(test, 600)
    const run = coverage ? { seconds, coverage } : await runWithoutProbes(sandbox, test)
    this.#ended.set(test, run ?? 'failed')
    if (run) this.#kept.write(test, run)
    return run
  }
}

async function runWithoutProbes(sandbox: Sandbox, test: string): Promise<CleanRun | undefined> {
  const { result, failed, seconds } = await sandbox.test([test], 600)
  if (result === 'passed') return { seconds }
  console.log(`${test} isn't used, because it ${result} without a mutant${failed && ` (${failed})`}`)
  return undefined
}
