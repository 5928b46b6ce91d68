import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { sparseAppender } from '../../src/bytes/sparse-file.ts'
import { withTempDir } from '../support/tools.ts'

const KiB = 1024

test('zeros become holes, and nothing else changes', () =>
  withTempDir((dir) => {
    const fd = openSync(`${dir}/file`, 'w+')
    const append = sparseAppender(fd)
    const some = Buffer.alloc(100 * KiB, 'x')
    const pieces = [
      Buffer.alloc(1024 * KiB),
      some,
      Buffer.alloc(10),
      Buffer.alloc(0),
      Buffer.concat([some, Buffer.alloc(1000 * KiB), some]),
      Buffer.alloc(2048 * KiB),
    ]
    let length = 0
    for (const piece of pieces) {
      append(piece)
      length += piece.length
      expect(fstatSync(fd).size).toBe(length)
    }
    expect(fstatSync(fd).blocks * 512).toBeLessThan(600 * KiB)
    closeSync(fd)
    expect(readFileSync(`${dir}/file`).equals(Buffer.concat(pieces))).toBe(true)
  }))
