import { expect, test } from '@jest/globals'
import { jobsAtOnce } from '../../src/bytes/jobs-at-once.ts'

test('one job per processor, but at least two, and no more than libuv has threads', () => {
  expect([1, 2, 3, 4, 64].map(jobsAtOnce)).toEqual([2, 2, 3, 4, 4])
})
