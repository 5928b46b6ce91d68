import { expect, test } from '@jest/globals'
import { bytesText, durationText } from '../../src/phase/units.ts'

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [849_200_000, '849.2 MB'],
  [2 ** 53, '9.0 PB'],
])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))

test.each([
  [420, '0.4 s'],
  [59_900, '59.9 s'],
  [200_000, '3 min 20 s'],
])('%d ms are %s', (milliseconds, text) => expect(durationText(milliseconds)).toBe(text))
