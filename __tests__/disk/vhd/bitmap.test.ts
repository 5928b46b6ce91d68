import { describe, expect, test } from '@jest/globals'
import { bytesAt, memorySource, type Source } from '../../../src/bytes/source.ts'
import { openVhd } from '../../../src/disk/vhd/index.ts'
import { makeVhd, makeVhdBytes, tableOffset, type VhdOptions } from './make.ts'

const blockSize = 8192
const data = Buffer.alloc(blockSize)
for (let sector = 0; sector < 16; sector++) data.fill(sector + 1, sector * 512, (sector + 1) * 512)

/** The first byte of each sector of block 0: zero where the sector isn't in use. */
function sectorsRead(options: Omit<VhdOptions, 'size' | 'blockSize'>): { sectors: number[]; warnings: string[] } {
  const warnings: string[] = []
  const disk = openVhd(makeVhd({ size: 2 * blockSize, blockSize, ...options }), (sentence) => warnings.push(sentence))
  const bytes = bytesAt(disk, 0, blockSize)
  return { sectors: Array.from({ length: 16 }, (_, sector) => bytes[sector * 512]!), warnings }
}

const blocks = (bits: number[]) => [{ index: 0, bitmap: Buffer.from(bits), data }]

describe('sector bitmaps', () => {
  test('are read from the highest bit on', () => {
    expect(sectorsRead({ blocks: blocks([0b1100_0000, 0b0000_0001]) }).sectors).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16])
  })

  test('are read from the lowest bit on if tapdisk 0.1 wrote them', () => {
    const { sectors } = sectorsRead({ creatorVersion: 1, blocks: blocks([0b0000_0011, 0b1000_0000]) })
    expect(sectors).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16])
  })

  test('of version 0.1 of another program are as specified', () => {
    expect(sectorsRead({ creator: 'qemu', creatorVersion: 1, blocks: blocks([0x80, 0]) }).sectors[0]).toBe(1)
  })

  test('are overruled by a batmap that says the block is full', () => {
    const full = sectorsRead({ batmap: Buffer.from([0x80]), blocks: blocks([0, 0]) })
    expect(full).toEqual({ sectors: Array.from({ length: 16 }, (_, sector) => sector + 1), warnings: [] })
    expect(sectorsRead({ batmap: Buffer.from([0x40]), blocks: blocks([0x80, 0]) }).sectors.slice(0, 2)).toEqual([1, 0])
  })

  test('count alone if the batmap is damaged, with a warning', () => {
    const damage = (file: Buffer) => file.writeUInt8(0xc0, tableOffset + 512 + 512)
    const { sectors, warnings } = sectorsRead({ batmap: Buffer.from([0x80]), blocks: blocks([0x80, 0]), damage })
    expect(sectors.slice(0, 2)).toEqual([1, 0])
    expect(warnings).toEqual([expect.stringContaining('its checksum is wrong; the batmap of the VHD is ignored')])
  })

  test('reads at odd offsets are right', () => {
    const disk = openVhd(makeVhd({ size: 2 * blockSize, blockSize, blocks: blocks([0b1010_0000, 0]) }), fail)
    const whole = bytesAt(disk, 0, 2 * blockSize)
    for (const [from, to] of [
      [511, 513],
      [1, 1535],
      [1023, 1025],
      [blockSize - 1, blockSize + 1],
      [700, 700],
    ] as const) {
      const into = Buffer.alloc(to - from, 0xee)
      disk.read(into, from)
      expect(into.equals(whole.subarray(from, to))).toBe(true)
    }
  })
})

describe('a file that is still growing', () => {
  test('is opened and read without its size', () => {
    const bytes = makeVhdBytes({ size: 2 * blockSize, blockSize, batmap: Buffer.from([0x80]), blocks: blocks([0, 0]) })
    const inner = memorySource(bytes, 'growing.vhd')
    const growing: Source = {
      name: inner.name,
      get size(): number {
        throw new Error('the size was asked for')
      },
      reaches: (end) => end <= inner.size,
      read: (into, offset) => inner.read(into, offset),
    }
    const disk = openVhd(growing, fail)
    expect(bytesAt(disk, 0, blockSize).equals(data)).toBe(true)
    expect(() => disk.check()).toThrow('the size was asked for')
  })
})

function fail(sentence: string): void {
  throw new Error(sentence)
}
