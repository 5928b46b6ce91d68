import { dirname } from 'node:path'
import type { Mutant } from './mutations.ts'

/** What became of a mutant. `untested` means that no test runs its place. */
export type Fate = 'killed' | 'timed out' | 'survived' | 'untested'

export interface Judged {
  readonly mutant: Mutant
  readonly fate: Fate
  /** The test that failed. */
  readonly by: string
}

const fates: readonly Fate[] = ['killed', 'timed out', 'survived', 'untested']

/** A row for each folder, and for all: how many mutants, and which part of them was noticed. */
export function table(judged: readonly Judged[]): string {
  const folders = Map.groupBy(judged, ({ mutant }) => dirname(mutant.file))
  const rows = [...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([folder, own]) => row(folder, own))
  return [`| folder | mutants | ${fates.join(' | ')} | score |`, '|---|---|---|---|---|---|---|', ...rows, row('all', judged)].join('\n')
}

function row(folder: string, judged: readonly Judged[]): string {
  const counts = fates.map((fate) => judged.filter((one) => one.fate === fate).length)
  const score = judged.length === 0 ? '' : `${Math.round((100 * (counts[0]! + counts[1]!)) / judged.length)} %`
  return `| ${[folder, judged.length, ...counts, score].join(' | ')} |`
}

/** `FILE:LINE  BEFORE → AFTER` */
export function line({ file, line: number, before, after }: Mutant): string {
  return `${file}:${number}  ${short(before)} → ${short(after)}`
}

function short(text: string): string {
  const flat = text.replace(/\s+/g, ' ')
  return flat.length <= 70 ? flat : `${flat.slice(0, 40)} … ${flat.slice(-27)}`
}
