import { describe, expect, test } from '@jest/globals'
import { DiskError } from '../../../src/bytes/errors.ts'
import { bytesAt, memorySource, type Source } from '../../../src/bytes/source.ts'
import { openVhd } from '../../../src/disk/vhd/index.ts'
import { mutants } from '../../support/mutants.ts'
import { makeVhd, makeVhdBytes, tableOffset, type VhdOptions } from './make.ts'

const blockSize = 4096
const block = (index: number) => ({ index, bitmap: Buffer.from([0xff]), data: Buffer.alloc(blockSize, index + 1) })
const sound: VhdOptions = { size: 3 * blockSize, blockSize, blocks: [block(2), block(0)] }

function opened(options: Partial<VhdOptions>, warnings: string[] = []) {
  return openVhd(makeVhd({ ...sound, ...options }), (sentence) => warnings.push(sentence))
}

test('a valid one is read in the order of its table', () => {
  const warnings: string[] = []
  const disk = opened({}, warnings)
  disk.check()
  expect(bytesAt(disk, 0, disk.size).equals(Buffer.concat([Buffer.alloc(4096, 1), Buffer.alloc(4096), Buffer.alloc(4096, 3)]))).toBe(true)
  expect(disk.info).toMatchObject({ type: 'dynamic', creator: 'tap 1.1', blockSize, blocks: 3, allocatedBlocks: 2 })
  expect(warnings).toEqual([])
})

describe('is refused', () => {
  const first = tableOffset / 512 + 1
  const cases: [string, Partial<VhdOptions>, string][] = [
    [
      'two blocks at one place',
      { change: ({ bat }) => bat.writeUInt32BE(first, 4) },
      'block 1 of the VHD lies at byte 2048, where block 2 is',
    ],
    ['two blocks that overlap', { change: ({ bat }) => bat.writeUInt32BE(first + 3, 4) }, 'where block 1 is as well'],
    ['a block in the table', { change: ({ bat }) => bat.writeUInt32BE(tableOffset / 512, 4) }, 'where the block allocation table is'],
    ['a block at byte 0', { change: ({ bat }) => bat.writeUInt32BE(0, 4) }, 'block 1 of the VHD lies at byte 0, where the footer copy is'],
    ['a table too short', { change: ({ header }) => header.writeUInt32BE(2, 28) }, 'has 2 entries, but a disk of 12288 bytes needs 3'],
    ['a block size of zero', { change: ({ header }) => header.writeUInt32BE(0, 32) }, 'blocks of 0 bytes'],
    ['an odd block size', { change: ({ header }) => header.writeUInt32BE(5000, 32) }, 'blocks of 5000 bytes; only powers of two'],
    ['a large block size', { change: ({ header }) => header.writeUInt32BE(1 << 22, 32) }, 'blocks of 4194304 bytes'],
    ['a table past the end', { change: ({ header }) => header.writeBigUInt64BE(1n << 40n, 16) }, 'it is cut short or damaged'],
    ['a table nowhere', { change: ({ header }) => header.fill(0xff, 16, 24) }, 'no valid position of the block allocation table'],
    ['a header nowhere', { change: ({ footer }) => footer.fill(0xff, 16, 24) }, 'no valid position of the dynamic disk header'],
    ['no header', { change: ({ header }) => header.fill(0, 0, 8) }, 'the header of a dynamic VHD ("cxsparse") is missing'],
    ['a disk too large', { change: ({ footer }) => footer.writeBigUInt64BE(1n << 50n, 48) }, 'the limit is 2190433320960'],
    [
      'more blocks than can be',
      {
        change: ({ footer, header }) => {
          footer.writeBigUInt64BE(1n << 40n, 48)
          header.writeUInt32BE(0xffffffff, 28)
        },
      },
      'the VHD has 268435456 blocks',
    ],
    ['another type', { type: 7 }, 'the disk type 7'],
    ['a differencing one', { type: 4, parentName: 'base.vhd' }, 'its parent "base.vhd"; merge it with its parent first'],
  ]
  test.each(cases)('%s', (_, options, message) => {
    expect(() => opened(options)).toThrow(DiskError)
    expect(() => opened(options)).toThrow(message)
  })

  test('a block past the end, when it is read and by check()', () => {
    const disk = opened({ change: ({ bat }) => bat.writeUInt32BE(1000, 4) })
    expect(bytesAt(disk, 0, blockSize).equals(Buffer.alloc(blockSize, 1))).toBe(true)
    expect(() => bytesAt(disk, blockSize, 1)).toThrow('it is cut short or damaged')
    expect(() => disk.check()).toThrow('block 1 of the VHD ends at byte 516608, but the file ends at byte')
  })

  test('a read past the end of the disk', () => {
    expect(() => opened({}).read(Buffer.alloc(2), 3 * blockSize - 1)).toThrow(DiskError)
  })

  test('what is no VHD', () => {
    expect(() => openVhd(memorySource(Buffer.alloc(4096), 'zeros'), fail)).toThrow('it is not a VHD')
    expect(() => openVhd(memorySource(Buffer.alloc(0), 'nothing'), fail)).toThrow('it is not a VHD')
  })
})

describe('is read with a warning', () => {
  test('wrong checksums', () => {
    const warnings: string[] = []
    const damage = (file: Buffer) => {
      file.writeUInt8(1, 85)
      file.writeUInt8(1, 512 + 60)
    }
    expect(bytesAt(opened({ damage }, warnings), 0, 1)).toEqual(Buffer.from([1]))
    expect(warnings).toEqual([
      expect.stringContaining('the checksum of the VHD footer is wrong'),
      expect.stringContaining('the checksum of the VHD header is wrong'),
    ])
  })

  test('no copy of the footer at the start', () => {
    const warnings: string[] = []
    expect(bytesAt(opened({ damage: (file) => file.fill(0, 0, 512) }, warnings), 0, 1)).toEqual(Buffer.from([1]))
    expect(warnings).toEqual([expect.stringContaining('the copy of the VHD footer at byte 0 is missing')])
  })

  test('no footer at the end, or another one', () => {
    const warnings: string[] = []
    opened({ endFooterLength: 0 }, warnings).check()
    opened({ endFooterLength: 511 }, warnings).check()
    opened({ damage: (file) => file.writeUInt8(9, file.length - 512 + 100) }, warnings).check()
    expect(warnings).toEqual([
      expect.stringContaining('the VHD footer at the end is missing'),
      expect.stringContaining('differs from its copy at byte 0'),
    ])
  })
})

test('a fixed one may have a footer of 511 bytes', () => {
  const data = Buffer.alloc(4096, 7)
  const footer = makeVhdBytes({ size: 4096, type: 2 }).subarray(0, 511)
  const disk = openVhd(memorySource(Buffer.concat([data, footer]), 'old.vhd'), fail)
  expect(disk.info.type).toBe('fixed')
  expect(bytesAt(disk, 0, disk.size).equals(data)).toBe(true)
})

test('2000 mutants of the tables are read or refused, without anything else', () => {
  const file = makeVhdBytes({ ...sound, batmap: Buffer.from([0x20]) })
  let refused = 0
  for (const mutant of mutants(file, {
    seed: 1,
    count: 2000,
    ranges: [
      [0, 512],
      [512, 600],
      [tableOffset, tableOffset + 12],
      [tableOffset + 512, tableOffset + 540],
    ],
  })) {
    const source: Source = memorySource(mutant, 'mutant')
    try {
      const disk = openVhd(source, () => {})
      for (let offset = 0; offset < Math.min(disk.size, 1 << 20); offset += 65536)
        bytesAt(disk, offset, Math.min(65536, disk.size - offset))
      disk.check()
    } catch (error) {
      expect(error).toBeInstanceOf(DiskError)
      refused++
    }
  }
  expect(refused).toBeGreaterThan(200)
})

function fail(sentence: string): void {
  throw new Error(sentence)
}
