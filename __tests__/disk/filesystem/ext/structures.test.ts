import { describe, expect, test } from '@jest/globals'
import { crc32c, crc32cOfU32 } from '../../../../src/bytes/crc32c.ts'
import { recent } from '../../../../src/bytes/recent.ts'
import { crc16 } from '../../../../src/disk/filesystem/ext/inode/crc16.ts'
import { modificationTime } from '../../../../src/disk/filesystem/ext/inode/inode.ts'
import { userSpaceAcl } from '../../../../src/disk/filesystem/ext/xattr/acl.ts'

describe('checksums', () => {
  const digits = Buffer.from('123456789')

  test('CRC-32C of the digits, whose inverse is the published check value', () => {
    expect(~crc32c(0xffffffff, digits) >>> 0).toBe(0xe3069283)
  })

  test('CRC-32C goes on where it stopped, at any length', () => {
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, index) => (index * 37) & 0xff))
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(crc32c(crc32c(7, bytes.subarray(0, cut)), bytes.subarray(cut))).toBe(crc32c(7, bytes))
    }
  })

  test('CRC-32C of a number is that of its four bytes', () => {
    expect(crc32cOfU32(0x12345678, 0xdeadbeef)).toBe(crc32c(0x12345678, Buffer.from('efbeadde', 'hex')))
  })

  test('CRC-16 of the digits is the published check value', () => {
    expect(crc16(0xffff, digits)).toBe(0x4b37)
  })
})

describe('times', () => {
  const time = (base: number, extra: number, extraSize = 32) => {
    const raw = Buffer.alloc(256)
    raw.writeUInt32LE(base, 0x10)
    raw.writeUInt32LE(extra, 0x88)
    return modificationTime({ number: 12, raw, mode: 0, flags: 0, size: 0, linksCount: 1, extraSize, checksumSeed: 0 })
  }

  test('before 1970, after 2106, as Linux stores them', () => {
    expect(time(0xfffffc18, 0x14)).toEqual({ seconds: -1000, nanoseconds: 5 })
    expect(time(0, 0x1d6f3455)).toEqual({ seconds: 4294967296, nanoseconds: 123456789 })
  })

  test('without the extra field, there are only seconds', () => {
    expect(time(0xffffffff, 0x1d6f3455, 8)).toEqual({ seconds: -1, nanoseconds: 0 })
  })

  test('nanoseconds beyond a second are carried over to the seconds', () => {
    expect(time(5, 0xfffffffc)).toEqual({ seconds: 6, nanoseconds: 0x3fffffff - 1e9 })
  })
})

describe('access control lists', () => {
  const disk = { name: 'disk.img' }

  test('ids are added where there are none', () => {
    const stored = Buffer.from('01000000 01000700 02000700 a0860100 04000500 10000700 20000000'.replaceAll(' ', ''), 'hex')
    const userSpace = '02000000 01000700ffffffff 02000700a0860100 04000500ffffffff 10000700ffffffff 20000000ffffffff'.replaceAll(' ', '')
    expect(userSpaceAcl(stored, disk, 'inode 5').toString('hex')).toBe(userSpace)
  })

  test.each(['', '02000000', '0100000001', '0100000002000700', '0100000003000700'])('%j is damaged', (hex) => {
    expect(() => userSpaceAcl(Buffer.from(hex, 'hex'), disk, 'inode 5')).toThrow('inode 5 of disk.img: its access control list is invalid')
  })
})

test('recent results are kept, and the oldest are dropped first', () => {
  const made: number[] = []
  const square = recent(2, (key) => {
    made.push(key)
    return key * key
  })
  expect([1, 2, 1, 3, 1, 2].map(square)).toEqual([1, 4, 1, 9, 1, 4])
  expect(made).toEqual([1, 2, 3, 2])
})
