import { writeSync } from 'node:fs'
import { relative } from 'node:path'
import { TestEnvironment } from 'jest-environment-node'

/** A test, or a `describe` around it. */
interface Entry {
  readonly name: string
  readonly parent?: Entry
}

/** The part of what jest says about a run that is read here. */
interface CircusEvent {
  readonly name: string
  readonly test?: Entry & { readonly errors: readonly unknown[] }
}

/** It is for jest's own start, not for programs that tests start. */
delete process.env.NODE_COMPILE_CACHE

/** Ends jest as soon as a test fails: nothing that the others would say is asked for. */
export default class MutantEnvironment extends TestEnvironment {
  readonly #test: string

  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    super(...args)
    const [{ projectConfig }, { testPath }] = args
    this.#test = relative(projectConfig.rootDir, testPath)
  }

  handleTestEvent({ name, test }: CircusEvent): void {
    if (name !== 'test_done' || !test || test.errors.length === 0) return
    // As jest's own report has it.
    writeSync(2, `FAIL ${this.#test}\n  ● ${titlesOf(test).join(' › ')}\n`)
    process.exit(1)
  }
}

function titlesOf(entry: Entry): string[] {
  // The outermost has no title of its own.
  return entry.parent === undefined ? [] : [...titlesOf(entry.parent), entry.name]
}
