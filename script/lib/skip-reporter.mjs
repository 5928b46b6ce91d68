// Ends a jest run with a table of what was skipped and why. Fails the run if a skipped test gives no reason, or if DDK_TEST_ENVIRONMENT
// names an environment in which .ci/allowed-skips doesn't allow the reason.
import { readFileSync, writeSync } from 'node:fs'
import { join, relative } from 'node:path'
import { reasons, skipOf } from '../../__tests__/support/reasons.ts'

export default class SkipReporter {
  #root
  #filtered
  #error

  constructor({ rootDir, testNamePattern }) {
    this.#root = rootDir
    // In that case, jest also reports the tests with other names as skipped.
    this.#filtered = Boolean(testNamePattern)
  }

  onRunComplete(_contexts, { testResults }) {
    const { skips, unexplained } = sortOut(testResults)
    const problems = []
    if (unexplained.length > 0 && !this.#filtered) {
      const names = unexplained.map(({ file, name }) => `  ${relative(this.#root, file)}: ${name}`)
      problems.push(`Skipped without a reason; use unless() of __tests__/support/skip.ts:\n${names.join('\n')}`)
    }
    const environment = process.env.DDK_TEST_ENVIRONMENT
    if (environment) problems.push(...refusals(skips, environment, readFileSync(join(this.#root, '.ci/allowed-skips'), 'utf8')))
    const text = [...(skips.size > 0 ? [`Skipped tests, and what would cure it:\n${table(skips)}`] : []), ...problems]
    // Printed after jest's own summary, which comes after all reporters.
    process.once('exit', () => writeSync(2, text.map((part) => `\n${part.trimEnd()}\n`).join('')))
    if (problems.length > 0) this.#error = new Error(problems.join('\n'))
  }

  /** Jest exits with 1 if there is an error. */
  getLastError() {
    return this.#error
  }
}

/** The skipped tests: for each reason, the count and what the missing thing said; and those without a reason. */
function sortOut(testResults) {
  const skips = new Map()
  const unexplained = []
  for (const { testFilePath: file, testResults: tests } of testResults) {
    for (const { status, ancestorTitles, title, fullName } of tests) {
      if (status === 'passed' || status === 'failed') continue
      const skip = skipOf([...ancestorTitles, title])
      if (skip === undefined) {
        unexplained.push({ file, name: fullName })
        continue
      }
      const { reason, detail } = skip
      const entry = skips.get(reason) ?? { count: 0, details: new Set() }
      skips.set(reason, entry)
      entry.count++
      if (detail) entry.details.add(detail)
    }
  }
  return { skips, unexplained }
}

function table(skips) {
  const rows = [
    ['reason', 'tests', 'missing', 'cure'],
    ...Array.from(skips, ([reason, { count }]) => {
      const { missing, cure } = reasons[reason]
      return [reason, String(count), missing, cure]
    }),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 1 ? cell.padStart(widths[1]) : cell.padEnd(widths[column]))).join('  '),
  )
  const details = [...skips].flatMap(([reason, entry]) => Array.from(entry.details, (detail) => `${reason}: ${detail}`))
  return [...lines, ...details].map((line) => `  ${line.trimEnd()}\n`).join('')
}

/** A sentence for every reason that isn't allowed in this environment. The lines of the list are `environment reason  why`. */
function refusals(skips, environment, list) {
  const lines = list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const allowed = new Map()
  for (const line of lines) {
    const [, where, reason] = /^(\S+)\s+(\S+)\s+\S/.exec(line) ?? []
    if (!(reason in reasons))
      return [`.ci/allowed-skips: "${line}" isn't an environment, a reason of __tests__/support/reasons.ts, and why`]
    allowed.set(where, [...(allowed.get(where) ?? []), reason])
  }
  if (!allowed.has(environment)) return [`.ci/allowed-skips has no environment "${environment}", only: ${[...allowed.keys()].join(', ')}`]
  return [...skips.keys()]
    .filter((reason) => !allowed.get(environment).includes(reason))
    .map(
      (reason) =>
        `${skips.get(reason).count} tests were skipped for ${reason}, which .ci/allowed-skips doesn't allow in ${environment}: ${reasons[reason].cure}`,
    )
}
