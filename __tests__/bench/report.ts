import { cpus, totalmem } from 'node:os'
import { bytesText } from '../../src/phase/units.ts'
import { run } from '../support/tools.ts'
import { median, type Result, type Row } from './compare.ts'

/** What the figures depend on. */
export function describeMachine(work: string): string {
  const processors = cpus()
  const filesystem = run('stat', ['-f', '-c', '%T', work]).trim()
  const kernel = run('uname', ['-r']).trim()
  return `${processors.length} processors (${processors[0]?.model.trim()}), ${bytesText(totalmem())} of memory, ${filesystem}, Linux ${kernel}, Node ${process.version}`
}

const columns = ['', 'seconds', 'fastest', 'slowest', 'ratio', 'peak memory']

/** A Markdown table for each comparison, aligned so that it can be read on a terminal as well. */
export function tables(results: readonly Result[]): string {
  return results.map(({ title, rows }) => `### ${title}\n\n${table(rows)}`).join('\n')
}

function table(rows: readonly Row[]): string {
  const base = median(rows[0]!.seconds)
  const cells = rows.map(({ name, seconds, peak }) => [
    name,
    median(seconds).toFixed(2),
    seconds[0]!.toFixed(2),
    seconds.at(-1)!.toFixed(2),
    (median(seconds) / base).toFixed(2),
    peak === undefined ? '' : bytesText(peak),
  ])
  return aligned([columns, ...cells])
}

/** A Markdown table. The first row is its head; all columns but the first are right-aligned. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, index) => Math.max(...rows.map((row) => row[index]!.length), 3))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!))).join(' | ')} |`
  const rule = `|${widths.map((width, index) => (index === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(rows[0]!), rule, ...rows.slice(1).map(line), ''].join('\n')
}
