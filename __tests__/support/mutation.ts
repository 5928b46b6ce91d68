import { fileURLToPath } from 'node:url'
import { expect } from '@jest/globals'
import { run } from './tools.ts'

const reader = fileURLToPath(new URL('mutant-reader.ts', import.meta.url))

/** What became of a damaged copy of an image. */
export interface MutantOutcome {
  /** The first few errors, each a DiskError. */
  readonly errors: readonly string[]
  /** A fault of the reader: another error, or far too many warnings. */
  readonly wrong?: string
  /** Processor time. */
  readonly seconds: number
  /** Resident memory. */
  readonly megabytes: number
}

/**
 * Expects that a filesystem's reader survives damage: that it reads or refuses every damaged copy of an image, soon, and with little memory.
 * At least a fifth of the copies must be refused in part, and at least one read.
 * @param image a filesystem of a few megabytes with everything that the format has
 */
export function expectToSurviveDamage(image: string, count: number): void {
  const lines = run(process.execPath, ['--disable-warning=ExperimentalWarning', reader, image, String(count)], { timeout: 90_000 })
  const outcomes = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MutantOutcome)
  expect(outcomes).toHaveLength(count)
  expect(outcomes.filter(({ wrong, seconds, megabytes }) => wrong || seconds > 5 || megabytes > 400)).toEqual([])
  expect(outcomes.filter(({ errors }) => errors.length > 0).length).toBeGreaterThan(count / 5)
  expect(outcomes.filter(({ errors }) => errors.length === 0).length).toBeGreaterThan(0)
}
