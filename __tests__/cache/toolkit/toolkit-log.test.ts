import { describe, expect, test } from '@jest/globals'
import { conflictIn, failureIn, lacksZstd, reasonIn, withoutSecrets } from '../../../src/cache/toolkit/toolkit-log.ts'

test('what is to be masked, and what signs an address, does not get into the log of the process', () => {
  const log = 'first\n::add-mask::hush\nGET https://account.example/cache/1?sig=hush&se=2 done\n::debug::"https://b.example/x?sig=hush"\n'
  expect(withoutSecrets(log)).toBe('first\nGET https://account.example/cache/1?*** done\n::debug::"https://b.example/x?***"\n')
})

test('an address without TLS is no exception, nor is a mask that is the last line', () => {
  expect(withoutSecrets("x 'http://a.example/y?sig=hush' z\n::add-mask::hush")).toBe("x 'http://a.example/y?***' z\n")
})

describe('the reason of a failure', () => {
  test.each([
    ['', ''],
    ['Cache not found for input keys: a\n', ''],
    ['Failed to restore: the network is down\n', 'the network is down'],
    ['::warning::Failed to restore: Error: the network is down\n', 'the network is down'],
    ['::error::Failed to save: Error: no\n', 'no'],
    ['Failed to save: first\nFailed to save: second\n', 'second'],
    [
      '::debug::Failed to reserve cache: Error: read-only\n::warning::Failed to save: another job may be creating this cache\n',
      'read-only',
    ],
    ['Cache save skipped: not permitted\n', 'not permitted'],
    ['Cache restore skipped: not permitted\nFailed to restore: x\n', 'x'],
    ['::warning::Failed to save: one%0Atwo%0D100%25 \n', 'one two 100%'],
    ['Failed to save: %250A\n', '%0A'],
    ['::debug::Failed to reserve cache: \nFailed to save: x\n', 'x'],
    ['it said: Failed to save: x\n', ''],
  ])('in %j', (log, reason) => {
    expect(reasonIn(log)).toBe(reason)
  })
})

test('whether there was no zstd', () => {
  expect(
    ['::debug::zstd version: null\n', 'x\n::debug::zstd version: null\ny', '::debug::zstd version: 1.5.5\n', ''].map(lacksZstd),
  ).toEqual([true, true, false, false])
})

test('whether another job was faster', () => {
  const conflict = (reason: string) => conflictIn(`::debug::Failed to reserve cache: Error: ${reason}\n`)
  expect(['Conflict (409)', 'Cache Already Exists.', 'Response was not ok'].map(conflict)).toEqual([true, true, true])
  expect(['denied (403)', '409 bytes'].map(conflict)).toEqual([false, false])
})

test('whether anything was refused', () => {
  expect(
    ['Failed to save: x', 'a\n::warning::Failed to save: x', 'it said: Failed to save: x', 'Failed to restore: x'].map(failureIn),
  ).toEqual([true, true, false, false])
})
