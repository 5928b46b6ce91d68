import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

// Which tests may notice a change of a source file. All paths are relative to the repository's root.

/** Programs that these files start, and don't import. */
const started: Readonly<Record<string, readonly string[]>> = {
  '__tests__/fetch/fetching.ts': ['__tests__/fetch/store/store-process.ts'],
  '__tests__/sbom/rpm-root.ts': ['__tests__/sbom/to-berkeley-db.ts'],
  '__tests__/support/cli.ts': ['src/cli.ts'],
  '__tests__/support/mutation.ts': ['__tests__/support/mutant-reader.ts'],
  '__tests__/support/runner.ts': ['src/main.ts', 'src/post.ts', 'src/cache/toolkit/cache-process.ts'],
  'src/cache/process/background.ts': ['src/cache/toolkit/cache-process.ts'],
}

/** Importing this starts an engine. */
const engines = '__tests__/engine/start-engine.ts'

/** Tests that cancel a run, or kill it, at each of its moments take minutes. */
const slow = ['__tests__/cancel.test.ts', '__tests__/ending.test.ts']

/** Tests that read the text of sources, or of the bundles, so they may notice a change of what they don't run. */
export const readers: readonly string[] = [
  '__tests__/cache/bundle.test.ts',
  '__tests__/commands/package.test.ts',
  '__tests__/host/make-folder.test.ts',
  '__tests__/layers.test.ts',
  '__tests__/log.test.ts',
]

export interface Selection {
  /** Whether to leave out the tests that bundle the action and run it. */
  readonly fast: boolean
  /** Whether to take tests that start engines, and the slowest ones. */
  readonly all: boolean
}

/**
 * The tests that may notice a change of the file, in groups, the nearest first: those that import it, those that import something that
 * imports it, and those that run the whole action. The nearest come first in each group, too.
 */
export function testsFor(root: string, file: string, { fast, all }: Selection): string[][] {
  const groups: { test: string; distance: number }[][] = [[], [], []]
  for (const test of globSync('__tests__/**/*.test.ts', { cwd: root }).sort()) {
    const distances = distancesFrom(root, test)
    const distance = distances.get(file)
    if (distance === undefined || (!all && (distances.has(engines) || slow.includes(test)))) continue
    const runsAction = distances.has('__tests__/support/runner.ts')
    if (runsAction && fast) continue
    groups[runsAction ? 2 : distance === 1 ? 0 : 1]!.push({ test, distance })
  }
  return groups.filter((group) => group.length > 0).map((group) => group.sort((a, b) => a.distance - b.distance).map(({ test }) => test))
}

/** By the whole path of a file. */
const known = new Map<string, ReadonlyMap<string, number>>()

/** Every file that a file imports or starts, directly or not, and in how many steps. */
function distancesFrom(root: string, file: string): ReadonlyMap<string, number> {
  const whole = join(root, file)
  const before = known.get(whole)
  if (before) return before
  const distances = new Map([[file, 0]])
  for (const [next, distance] of distances) {
    for (const imported of importsOf(root, next)) if (!distances.has(imported)) distances.set(imported, distance + 1)
  }
  known.set(whole, distances)
  return distances
}

/** Itself, and every file that it imports or starts, directly or not. */
export function reachedBy(root: string, test: string): string[] {
  return [...distancesFrom(root, test).keys()]
}

/** By the whole path of a file. */
const imports = new Map<string, readonly string[]>()

function importsOf(root: string, file: string): readonly string[] {
  const whole = join(root, file)
  const before = imports.get(whole)
  if (before) return before
  // Types are no part of the program.
  const text = readFileSync(whole, 'utf8').replace(/^(import|export) type [^'"]*['"].*$/gm, '')
  const paths = Array.from(text.matchAll(/['"`](\.{1,2}\/[^'"`\s]+\.ts)['"`]/g), ([, path]) =>
    relative(root, join(root, dirname(file), path!)),
  )
  const inside = [...paths.filter((path) => !path.startsWith('..')), ...(started[file] ?? [])]
  const found = inside.filter((path) => existsSync(join(root, path)))
  imports.set(whole, found)
  return found
}
