import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { checkFreeSpace } from '../../src/host/free-space.ts'

test("too little space is reported with both sizes, also for a folder that doesn't exist yet", () => {
  const path = join(tmpdir(), 'not', 'there')
  expect(() => checkFreeSpace(path, 10 ** 15, 'The ISO')).toThrow(
    /^The ISO needs 1\.0 PB of disk at .*not\/there, but only \d+\.\d [kMGT]B are free; free some space or use a larger disk$/,
  )
})

test('enough room is', () => {
  const { bavail, bsize } = statfsSync(tmpdir())
  expect(() => checkFreeSpace(tmpdir(), (bavail * bsize) / 2, 'The ISO')).not.toThrow()
})
