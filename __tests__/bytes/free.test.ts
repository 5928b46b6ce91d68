import { expect, test } from '@jest/globals'
import { free } from '../../src/bytes/free.ts'

test('a large buffer has no memory any more', () => {
  const buffer = Buffer.alloc(1 << 20)
  free(buffer.buffer)
  expect(buffer.length).toBe(0)
})

test('what small buffers share stays, and so does memory that threads share', () => {
  const [small, shared] = [Buffer.from('small'), new Uint8Array(new SharedArrayBuffer(1 << 20))]
  free(small.buffer)
  free(shared.buffer)
  expect([String(small), shared.length]).toEqual(['small', 1 << 20])
})
