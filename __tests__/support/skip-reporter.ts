import { readFileSync, writeSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Reason, reasons, skipOf } from './reasons.ts'

/** The part of jest's result for a test file that is read here. */
export interface FileResult {
  readonly testFilePath: string
  readonly testResults: readonly {
    readonly status: string
    readonly ancestorTitles: readonly string[]
    readonly title: string
  }[]
}

/**
 * Ends a jest run with a table of what was skipped and why. Fails the run if a skipped test gives no reason, or if DDK_TEST_ENVIRONMENT
 * names an environment in which .ci/allowed-skips doesn't allow the reason.
 */
export default class SkipReporter {
  readonly #root: string
  readonly #filtered: boolean
  #error: Error | undefined

  constructor({ rootDir, testNamePattern }: { readonly rootDir: string; readonly testNamePattern?: string }) {
    this.#root = rootDir
    // In that case, jest also reports the tests with other names as skipped.
    this.#filtered = Boolean(testNamePattern)
  }

  onRunComplete(_contexts: unknown, { testResults }: { readonly testResults: readonly FileResult[] }): void {
    const skips = sortOut(testResults)
    const environment = process.env.DDK_TEST_ENVIRONMENT
    const problems = [
      ...(this.#filtered ? [] : unexplained(skips, this.#root)),
      ...(environment ? refusals(skips, environment, readFileSync(join(this.#root, '.ci/allowed-skips'), 'utf8')) : []),
    ]
    const text = [...(skips.explained.size > 0 ? [table(skips)] : []), ...problems]
    // Printed after jest's own summary, which comes after all reporters.
    process.once('exit', () => writeSync(2, text.map((part) => `\n${part}\n`).join('')))
    if (problems.length > 0) this.#error = new Error(problems.join('\n'))
  }

  /** Jest exits with 1 if there is an error. */
  getLastError(): Error | undefined {
    return this.#error
  }
}

interface Skips {
  /** For each reason, the count and what the missing thing said. */
  readonly explained: Map<Reason, { count: number; readonly details: Set<string> }>
  readonly unexplained: { readonly file: string; readonly name: string }[]
}

export function sortOut(results: readonly FileResult[]): Skips {
  const skips: Skips = { explained: new Map(), unexplained: [] }
  for (const { testFilePath: file, testResults } of results) {
    for (const { status, ancestorTitles, title } of testResults) {
      if (status === 'passed' || status === 'failed') continue
      const titles = [...ancestorTitles, title]
      const skip = skipOf(titles)
      if (skip === undefined) {
        skips.unexplained.push({ file, name: titles.join(' › ') })
        continue
      }
      const entry = skips.explained.get(skip.reason) ?? { count: 0, details: new Set() }
      skips.explained.set(skip.reason, entry)
      entry.count++
      if (skip.detail) entry.details.add(skip.detail)
    }
  }
  return skips
}

/** A sentence, if a skipped test doesn't say why. */
export function unexplained(skips: Skips, root: string): string[] {
  if (skips.unexplained.length === 0) return []
  const names = skips.unexplained.map(({ file, name }) => `\n  ${relative(root, file)}: ${name}`)
  return [`Skipped without a reason; use unless() of __tests__/support/skip.ts:${names.join('')}`]
}

/**
 * A sentence for every reason that isn't allowed in this environment.
 * @param list the text of .ci/allowed-skips; its lines are `ENVIRONMENT REASON WHY`
 */
export function refusals(skips: Skips, environment: string, list: string): string[] {
  const allowed = new Map<string, string[]>()
  for (const line of list.split('\n').map((line) => line.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const [, where = '', reason = ''] = /^(\S+)\s+(\S+)\s+\S/.exec(line) ?? []
    if (!(reason in reasons))
      return [`.ci/allowed-skips: "${line}" isn't an environment, a reason of __tests__/support/reasons.ts, and why`]
    allowed.set(where, [...(allowed.get(where) ?? []), reason])
  }
  const here = allowed.get(environment)
  if (here === undefined) return [`.ci/allowed-skips has no environment "${environment}"; it has ${[...allowed.keys()].join(', ')}`]
  return Array.from(skips.explained)
    .filter(([reason]) => !here.includes(reason))
    .map(
      ([reason, { count }]) =>
        `${count} tests were skipped for ${reason}, which .ci/allowed-skips doesn't allow in ${environment}: ${reasons[reason].cure}`,
    )
}

function table({ explained }: Skips): string {
  const rows = Array.from(explained, ([reason, { count }]) => [reason, String(count), reasons[reason].missing, reasons[reason].cure])
  const all = [['reason', 'tests', 'missing', 'cure'], ...rows]
  const width = (column: number) => Math.max(...all.map((row) => row[column]!.length))
  const cells = (row: string[]) => row.map((cell, column) => (column === 1 ? cell.padStart(width(1)) : cell.padEnd(width(column))))
  const details = Array.from(explained).flatMap(([reason, entry]) => Array.from(entry.details, (detail) => `${reason}: ${detail}`))
  const lines = [...all.map((row) => cells(row).join('  ').trimEnd()), ...details]
  return `Skipped tests, and what would cure it:\n${lines.map((line) => `  ${line}`).join('\n')}`
}
