import { stripVTControlCharacters, styleText } from 'node:util'
import { expect, test } from '@jest/globals'
import { barText } from '../../../src/phase/terminal/bar-text.ts'

const half = { doing: 'Converting', done: 420_000_000, total: 840_000_000 }

test.each([
  [80, 'Converting [===============>              ]  50 %, 420.0 MB of 840.0 MB, 12.3 s'],
  [200, 'Converting [====================>                   ]  50 %, 420.0 MB of 840.0 MB, 12.3 s'],
  [40, 'Converting [======>     ]  50 %, 12.3 s'],
  [30, 'Converting  50 %'],
  [12, 'Converting '],
])('in %i columns', (columns, text) => expect(barText(half, 12_300, { columns })).toBe(text))

test.each([
  ['the beginning', 0, 'Converting [>           ]   0 %, 0.0 s'],
  ['the end', 840_000_000, 'Converting [============] 100 %, 0.0 s'],
  ['more than was expected', 900_000_000, 'Converting [============] 100 %, 0.0 s'],
])('%s', (_, done, text) => expect(barText({ ...half, done }, 0, { columns: 39 })).toBe(text))

test('an unknown total', () =>
  expect(barText({ doing: 'Copying', done: 420_000_000 }, 61_000, { columns: 80 })).toBe('Copying, 420.0 MB, 1 min 1 s'))

test('nothing to count', () => expect(barText({ doing: 'Reading the disk' }, 400, { columns: 80 })).toBe('Reading the disk, 0.4 s'))

test.each([10, 20, 39, 40, 60, 79, 80, 81, 132])('it is shorter than %i columns at any time', (columns) => {
  for (let done = 0; done <= half.total; done += 7_000_000) {
    for (const state of [{ ...half, done }, { doing: half.doing, done }, { doing: half.doing }])
      expect(barText(state, done / 1000, { columns }).length).toBeLessThan(columns)
  }
})

test('colours take no room', () => {
  const paint = (text: string) => styleText('cyan', text, { validateStream: false })
  const painted = barText(half, 0, { columns: 80, paint })
  expect(painted).not.toBe(barText(half, 0, { columns: 80 }))
  expect(stripVTControlCharacters(painted)).toBe(barText(half, 0, { columns: 80 }))
})
