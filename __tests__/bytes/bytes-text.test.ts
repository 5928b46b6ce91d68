import { expect, test } from '@jest/globals'
import { bytesText } from '../../src/bytes/bytes-text.ts'

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [849_200_000, '849.2 MB'],
  [2 ** 53, '9.0 PB'],
])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))
