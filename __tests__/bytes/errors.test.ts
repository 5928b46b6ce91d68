import { closeSync, openSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { DiskError, damage, onceEach } from '../../src/bytes/errors.ts'
import { FileGrowth } from '../../src/bytes/growth.ts'
import { bytesAt, fileSource, memorySource } from '../../src/bytes/source.ts'

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

test('what a disk answers that can not read names the file and the byte', () => {
  // Nothing is mapped at a process's first page, so Linux answers EIO.
  const fd = openSync('/proc/self/mem', 'r')
  try {
    const error = thrownBy(() => bytesAt(fileSource(fd, 8192, 'disk.img'), 512, 16))
    expect(error).toMatchObject({ kind: 'input-output', message: "disk.img: it can't be read at byte 512: i/o error" })
  } finally {
    closeSync(fd)
  }
})

test('damage is reported with its byte, or with its structure', () => {
  const source = memorySource(Buffer.alloc(0), 'x.img')
  expect(damage(source, 7, 'a header is missing', 'ISO').message).toBe('x.img, byte 7: a header is missing; the ISO is damaged')
  expect(damage(source, 'inode 5', 'it has no type').message).toBe('inode 5 of x.img: it has no type; the filesystem is damaged')
  expect(damage(source, 7, '').kind).toBe('damaged')
})

test.each(['damaged', 'input-output'] as const)('another thread that fails says that its input is %s', (kind) => {
  const growth = new FileGrowth(1)
  growth.fail('chunk 3', 'it is over', kind)
  const error = thrownBy(() => growth.waitFor(0, 1))
  expect(error).toBeInstanceOf(DiskError)
  expect(error).toMatchObject({ kind, message: 'chunk 3: it is over' })
})

test('each kind of sentence is said once; a sentence without a kind is its own', () => {
  const said: string[] = []
  const warn = onceEach((sentence) => said.push(sentence))
  for (const [sentence, kind] of [['a'], ['b', 'k'], ['c', 'k'], ['a'], ['c']] as const) warn(sentence, kind)
  expect(said).toEqual(['a', 'b', 'c'])
})
