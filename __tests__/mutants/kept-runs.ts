import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Coverage } from './probes.ts'
import { reachedBy } from './reach.ts'
import { filesOf } from './sandbox.ts'

/** What a run of a test file without a mutant shows. */
export interface CleanRun {
  readonly seconds: number
  /** Undefined if the test fails while the sources have probes. */
  readonly coverage?: Coverage
}

/** Runs of test files without a mutant, in .cache: each for as long as its test would do the same. */
export class KeptRuns {
  readonly #repository: string
  readonly #folder: string
  /** Of each file, as it was when the copies for the mutants were made. */
  readonly #digests: ReadonlyMap<string, string>
  readonly #surroundings: string

  constructor(repository: string) {
    this.#repository = repository
    this.#folder = join(repository, '.cache/mutants')
    this.#digests = new Map(filesOf(repository).map((file) => [file, digestOf(readFileSync(join(repository, file)))]))
    this.#surroundings = `${machine()}${this.#digestsOf([...this.#digests.keys()].filter((file) => !importedOrText.test(file)))}`
  }

  read(test: string): CleanRun | undefined {
    try {
      const { key, run } = JSON.parse(readFileSync(this.#place(test), 'utf8')) as { key: string; run: CleanRun }
      return key === this.#key(test) ? run : undefined
    } catch {
      // There is none.
      return undefined
    }
  }

  write(test: string, run: CleanRun): void {
    mkdirSync(this.#folder, { recursive: true })
    const place = this.#place(test)
    // Two of these programs may run at once.
    const draft = `${place}.${process.pid}`
    writeFileSync(draft, JSON.stringify({ key: this.#key(test), run }))
    renameSync(draft, place)
  }

  #place(test: string): string {
    return join(this.#folder, `${test.replace(/^__tests__\//, '').replaceAll('/', '+')}.json`)
  }

  #key(test: string): string {
    return digestOf(`${this.#surroundings}${this.#digestsOf(reachedBy(this.#repository, test))}`)
  }

  #digestsOf(files: readonly string[]): string {
    return files.map((file) => `\n${file} ${this.#digests.get(file)}`).join('')
  }
}

/** Text for people, and files that matter only to the tests that import them. What finds out the coverage matters to all. */
const importedOrText = /^(src|__tests__\/(?!mutants\/)).*\.ts$|\.md$/

/** A test is skipped if the machine lacks a program or a right that it needs. */
function machine(): string {
  const programs = process.env.PATH?.split(delimiter).map((folder) => namesIn(folder).join(' ')) ?? []
  return [process.version, process.getuid?.(), ...programs].join('\n')
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
