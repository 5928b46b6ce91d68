import { expect, test } from '@jest/globals'
import { usableThreads } from '../../src/bytes/usable-threads.ts'

test('a thread per processor, but at least two, and no more than libuv has', () => {
  expect([1, 2, 3, 4, 64].map(usableThreads)).toEqual([2, 2, 3, 4, 4])
})
