import { expect, test } from '@jest/globals'
import { durationText } from '../../src/phase/units.ts'

test.each([
  [420, '0.4 s'],
  [59_900, '59.9 s'],
  [200_000, '3 min 20 s'],
])('%d ms are %s', (milliseconds, text) => expect(durationText(milliseconds)).toBe(text))
