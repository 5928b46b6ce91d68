import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { concatGrowing, growingFile } from '../../src/bytes/growing-source.ts'
import { FileGrowth } from '../../src/bytes/growth.ts'
import { window } from '../../src/bytes/peek.ts'
import { bytesAt, slice } from '../../src/bytes/source.ts'

const path = join(tmpdir(), `growing-${process.pid}`)
let fd: number
beforeAll(() => {
  fd = openSync(path, 'w+')
  writeSync(fd, 'abcdefghij')
})
afterAll(() => {
  closeSync(fd)
  rmSync(path)
})

/** Three files with the same ten bytes, of which 10 (complete), 10 (complete) and 4 are there. A wait for more ends after a second. */
function threeFiles() {
  const growth = new FileGrowth(3, 1)
  for (const [index, bytes] of [10, 10, 4].entries()) {
    growth.begin(index, { fd, offset: 0 })
    growth.advance(index, bytes)
  }
  growth.complete(0)
  growth.complete(1)
  const parts = [0, 1, 2].map((index) => growingFile(growth, index, `part ${index}`))
  return { growth, whole: concatGrowing(parts, 'whole') }
}

describe('growing sources', () => {
  test('read what is there without waiting', () => {
    const { whole } = threeFiles()
    expect(bytesAt(whole, 20, 4).toString()).toBe('abcd')
    expect(bytesAt(whole, 8, 15).toString()).toBe('ijabcdefghijabc')
    expect(bytesAt(whole, 3, 0).length).toBe(0)
    expect(whole.reaches(24)).toBe(true)
    expect(slice(whole, 19, 5).size).toBe(5)
  })

  test('wait for the rest', () => {
    const { whole } = threeFiles()
    expect(() => whole.size).toThrow('no sign of life')
    expect(() => bytesAt(whole, 20, 5)).toThrow('no sign of life')
  })

  test('know their end when they are complete', () => {
    const { growth, whole } = threeFiles()
    growth.complete(2)
    expect(whole.size).toBe(24)
    expect(whole.reaches(25)).toBe(false)
    expect(() => bytesAt(whole, 20, 5)).toThrow('whole: 5 bytes are needed at byte 20, but it ends at byte 24; it is cut short or damaged')
    expect(() => bytesAt(whole, 99, 1)).toThrow('ends at byte 24')
    expect(() => bytesAt(whole, -1, 1)).toThrow('ends at byte 24')
    expect(() => bytesAt(whole, Number.NaN, 1)).toThrow('ends at byte 24')
    expect(bytesAt(whole, 24, 0).length).toBe(0)
  })

  test('empty parts and no parts', () => {
    const growth = new FileGrowth(4, 1)
    for (const [index, bytes] of [0, 3, 0, 2].entries()) {
      growth.begin(index, { fd, offset: index })
      growth.advance(index, bytes)
      growth.complete(index)
    }
    const whole = concatGrowing(
      [0, 1, 2, 3].map((index) => growingFile(growth, index, `part ${index}`)),
      'whole',
    )
    expect(bytesAt(whole, 0, 5).toString()).toBe('bcdde')
    expect(whole.runs).toEqual([0, 3, 0, 2].map((length, offset) => ({ file: fd, offset, length })))
    expect(whole.size).toBe(5)
    expect(concatGrowing([], 'nothing').size).toBe(0)
  })

  test('of a size that is known beforehand', () => {
    const { growth, whole } = threeFiles()
    const sized = window(whole, 0, 30, 'whole')
    expect(sized.size).toBe(30)
    expect(bytesAt(sized, 0, 2).toString()).toBe('ab')
    expect(() => bytesAt(sized, 29, 2)).toThrow('ends at byte 30')
    growth.complete(2)
    expect(() => bytesAt(sized, 20, 10)).toThrow('ends at byte 24')
  })
})
