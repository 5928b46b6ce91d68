import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Range } from '../../../../../../src/disk/filesystem/ext/journal/fast-commit/log.ts'
import { laidOver, merged } from '../../../../../../src/disk/filesystem/ext/journal/fast-commit/ranges.ts'

const most = 64

/** What each block of a file is after one range was put over the other, block by block. */
function painted(ranges: readonly Range[]): (number | undefined)[] {
  const blocks: (number | undefined)[] = Array(2 * most).fill(undefined)
  for (const { first, count, start } of ranges) {
    for (let index = 0; index < count; index++) blocks[first + index] = start === undefined ? -1 : start + index
  }
  return blocks
}

const range = fc.record(
  { first: fc.nat(most - 1), count: fc.nat(most / 2), start: fc.nat(1_000_000) },
  { requiredKeys: ['first', 'count'] },
) as fc.Arbitrary<Range>

describe('ranges', () => {
  test('are merged to what they give when put over each other block by block, sorted and apart', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), (changes) => {
        const result = merged(changes)
        expect(painted(result)).toEqual(painted(changes))
        for (const [index, { first, count }] of result.entries()) {
          expect(count).toBeGreaterThan(0)
          if (index > 0) expect(first).toBeGreaterThanOrEqual(result[index - 1]!.first + result[index - 1]!.count)
        }
      }),
    )
  })

  test('lie over what was there before', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 9 }), fc.array(range, { maxLength: 9 }), (below, above) => {
        expect(painted(laidOver(merged(below), merged(above)))).toEqual(painted([...below, ...above]))
      }),
    )
  })
})
