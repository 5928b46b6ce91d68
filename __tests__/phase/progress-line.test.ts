import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { progressLines } from '../../src/phase/progress-line.ts'

beforeEach(() => {
  jest.useFakeTimers({ now: 0 })
})
afterEach(() => {
  jest.useRealTimers()
})

test('the first line comes after three seconds, the next ones every five', () => {
  const lines: string[] = []
  const show = progressLines((line) => lines.push(line))
  for (let second = 0; second <= 14; second++) {
    jest.setSystemTime(second * 1000)
    show({ doing: 'Converting', done: second * 1e6, total: 20e6 })
  }
  expect(lines).toEqual([
    'Converting: 3.0 MB of 20.0 MB (15 %), 3.0 s so far',
    'Converting: 8.0 MB of 20.0 MB (40 %), 8.0 s so far',
    'Converting: 13.0 MB of 20.0 MB (65 %), 13.0 s so far',
  ])
})
