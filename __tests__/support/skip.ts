import { describe, test } from '@jest/globals'
import { mark, type Skip } from './reasons.ts'

/**
 * Tests that this machine may be unable to run: `unless(noRoot).test('…', …)`. They run unless there is something to skip them for, which
 * their titles tell then. There is no other way to skip one: skip-reporter.ts fails a run with a skipped test that has no reason.
 */
export function unless(skip: Skip | undefined): { readonly test: typeof test; readonly describe: typeof describe } {
  if (skip === undefined) return { test, describe }
  return { test: marked(test.skip, skip) as typeof test, describe: marked(describe.skip, skip) as typeof describe }
}

type Declare = (title: string, ...rest: never[]) => unknown

/** `declare`, and its `each`, with the reason behind every title. */
function marked(declare: Declare & { each: unknown }, skip: Skip): unknown {
  const titled =
    (inner: Declare, end: string): Declare =>
    (title, ...rest) =>
      inner(title + end, ...rest)
  const each = declare.each as (...table: unknown[]) => Declare
  // `each` formats its titles.
  return Object.assign(titled(declare, mark(skip)), {
    each: (...table: unknown[]) => titled(each(...table), mark(skip).replaceAll('%', '%%')),
  })
}
