import type { Mutant } from './mutations.ts'
import { nodesOf, type Standing } from './syntax.ts'

/** Of each source, by its path from the repository's root, where the statements and function bodies begin that have run. */
export type Coverage = Readonly<Record<string, readonly number[]>>

/**
 * The text of a module for sources with probes. It writes each place at once, since a process may be killed at any time, and fails where it
 * can't write.
 * @param record the file for the places
 */
export function probeModule(record: string): string {
  return `const { appendFileSync } = process.getBuiltinModule('node:fs')
export const probeOf = (file) => {
  const ran = []
  return (place) => {
    if (ran[place]) return
    ran[place] = true
    appendFileSync(${JSON.stringify(record)}, file + ' ' + place + '\\n')
  }
}
`
}

/** What the module has written. */
export function readRecord(text: string): Coverage {
  const lines = new Set(text.split('\n').filter(Boolean))
  const places = Array.from(lines, (line) => line.split(' ') as [string, string])
  const files = Map.groupBy(places, ([file]) => file)
  return Object.fromEntries([...files].map(([file, own]) => [file, own.map(([, place]) => Number(place))]))
}

export function hasRun(coverage: Coverage, { file, from }: Pick<Mutant, 'file' | 'from'>): boolean {
  return coverage[file]?.includes(from) ?? false
}

/**
 * The text of a source that tells where it runs, in whatever process or thread. It does the same otherwise, and its lines stay the same.
 * @param module path of the module
 */
export function withProbes(file: string, source: string, module: string): string {
  const places = [...nodesOf(source)].flatMap(({ node: { start, end }, standing }) => (standing ? [{ start, end, standing }] : []))
  const before = places.map(({ start, standing }) => ({ at: standing === 'block' ? start + 1 : start, text: opening(start, standing) }))
  // What ends at the same place ends in the opposite order.
  const after = places.map(({ end, standing }) => ({ at: end, text: closings[standing] })).reverse()
  const inserted = [...after, ...before].sort((a, b) => a.at - b.at)
  const pieces = inserted.map(({ at, text }, index) => source.slice(inserted[index - 1]?.at ?? 0, at) + text)
  const head = `import { probeOf as $probeOf } from ${JSON.stringify(module)};const $probe = $probeOf(${JSON.stringify(file)});`
  return `${head}${pieces.join('')}${source.slice(inserted.at(-1)?.at ?? 0)}`
}

function opening(place: number, standing: Standing): string {
  const probe = `$probe(${place})`
  return { block: `;${probe};`, listed: `;${probe};`, alone: `{${probe};`, expression: `(${probe}, ` }[standing]
}

const closings: Readonly<Record<Standing, string>> = { block: '', listed: '', alone: '}', expression: ')' }
