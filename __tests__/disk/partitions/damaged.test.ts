import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { DiskError } from '../../../src/bytes/errors.ts'
import { bytesAt, memorySource, type Source } from '../../../src/bytes/source.ts'
import { readPartitions } from '../../../src/disk/partitions/index.ts'
import { mutants } from '../../support/mutants.ts'
import { run, sh, withTempDir } from '../../support/tools.ts'

type Entry = readonly [type: number, start: number, size: number, flag?: number]

/** A disk of 4096 sectors with the given boot records; each sector is filled with the low byte of its number. */
function makeDisk(records: Readonly<Record<number, readonly Entry[]>>, sectors = 4096): Buffer {
  const disk = Buffer.alloc(sectors * 512)
  for (let sector = 0; sector < sectors; sector++) disk.fill(sector, sector * 512, (sector + 1) * 512)
  for (const [sector, entries] of Object.entries(records)) {
    const record = disk.subarray(Number(sector) * 512, Number(sector) * 512 + 512).fill(0)
    for (const [slot, [type, start, size, flag]] of entries.entries()) {
      record.writeUInt8(flag ?? 0, 446 + slot * 16)
      record.writeUInt8(type, 450 + slot * 16)
      record.writeUInt32LE(start, 454 + slot * 16)
      record.writeUInt32LE(size, 458 + slot * 16)
    }
    record.writeUInt16BE(0x55aa, 510)
  }
  return disk
}

function read(disk: Buffer) {
  const warnings: string[] = []
  const table = readPartitions(memorySource(disk, 'disk'), (sentence) => warnings.push(sentence))
  table.check()
  return { ...table, warnings, found: table.partitions.map(({ number, start, size }) => [number, start / 512, size / 512]) }
}

const primary: Entry = [0x83, 63, 100]

describe('the chain of extended boot records', () => {
  test('counts starts from its record, and links from the extended partition', () => {
    const disk = makeDisk({
      0: [primary, [0x05, 1000, 2000]],
      1000: [
        [0x83, 10, 20],
        [0x05, 500, 100],
      ],
      1500: [
        [0x82, 11, 21],
        [0x05, 200, 100],
      ],
      1200: [[0x83, 12, 22]],
    })
    expect(read(disk)).toMatchObject({
      found: [
        [1, 63, 100],
        [2, 1000, 2000],
        [5, 1010, 20],
        [6, 1511, 21],
        [7, 1212, 22],
      ],
      warnings: [],
    })
  })

  test.each([
    [
      'to itself',
      {
        1000: [
          [0x83, 10, 20],
          [0x05, 0, 100],
        ],
      },
    ],
    [
      'to an earlier one',
      {
        1000: [
          [0x83, 10, 20],
          [0x05, 500, 100],
        ],
        1500: [
          [0, 0, 0],
          [0x05, 0, 100],
        ],
      },
    ],
  ] as [string, Record<number, Entry[]>][])('ends where it leads %s', (_, records) => {
    const { found, warnings } = read(makeDisk({ 0: [primary, [0x05, 1000, 2000]], ...records }))
    expect(found).toEqual([
      [1, 63, 100],
      [2, 1000, 2000],
      [5, 1010, 20],
    ])
    expect(warnings).toEqual([expect.stringContaining('byte 512000: the chain of extended boot records forms a loop')])
  })

  test('ends where a record is missing', () => {
    const cases: Entry[] = [
      [0x05, 700, 100],
      [0x05, 3_000_000_000, 100],
    ]
    for (const link of cases) {
      const { found, warnings } = read(makeDisk({ 0: [[0x0f, 1000, 2000]], 1000: [[0x83, 10, 20], link] }))
      expect(found).toEqual([
        [1, 1000, 2000],
        [5, 1010, 20],
      ])
      expect(warnings).toEqual([expect.stringContaining('an extended boot record is missing here')])
    }
  })

  test('ends after 128 records', () => {
    const records: Record<number, Entry[]> = { 0: [[0x85, 1000, 3000]] }
    for (let index = 0; index < 300; index++)
      records[1000 + index * 4] = [
        [0x83, 1, 2],
        [0x05, (index + 1) * 4, 4],
      ]
    const { found, warnings } = read(makeDisk(records))
    expect(found.length).toBe(129)
    expect(warnings).toEqual([expect.stringContaining('more than 128 boot records')])
  })

  test('takes the third and fourth slot only within the extended partition, as Linux does', () => {
    const disk = makeDisk({
      0: [[0x05, 1000, 100]],
      1000: [
        [0x83, 10, 20],
        [0, 0, 0],
        [0x83, 40, 20],
        [0x83, 90, 20],
      ],
    })
    expect(read(disk).found).toEqual([
      [1, 1000, 100],
      [5, 1010, 20],
      [6, 1040, 20],
    ])
  })
})

describe('is no partition table', () => {
  test.each([
    ['without a signature', makeDisk({}).fill(0, 510, 512)],
    ['with no entry in use', makeDisk({ 0: [] })],
    ['with code where the entries would be', makeDisk({ 0: [[0x83, 63, 100, 0x6f]] })],
    ['of 100 bytes', Buffer.alloc(100)],
    ['of no bytes', Buffer.alloc(0)],
  ])('a disk %s', (_, disk) => {
    const { scheme, partitions } = read(disk)
    expect(scheme).toBe('none')
    expect(partitions).toMatchObject([{ number: 0, start: 0, size: disk.length }])
    expect(partitions[0]!.source.size).toBe(disk.length)
  })
})

test('partitions that overlap, and those past the end, are warned of; reading past the end fails', () => {
  const { partitions, warnings } = read(
    makeDisk({
      0: [
        [0x83, 63, 100],
        [0x83, 162, 100],
        [0x83, 4000, 200],
      ],
    }),
  )
  expect(warnings).toEqual([
    'disk: partitions 1 and 2 overlap at byte 82944',
    'disk: partition 3 ends at byte 2150400, but the disk ends at byte 2097152',
  ])
  const { source } = partitions[2]!
  expect(bytesAt(source, 95 * 512, 512)).toEqual(Buffer.alloc(512, 4095))
  expect(() => bytesAt(source, 96 * 512, 1)).toThrow(DiskError)
  expect(() => source.read(Buffer.alloc(2), source.size - 1)).toThrow(DiskError)
})

test('the size of a disk that is still growing is not asked for', () => {
  const inner = memorySource(makeDisk({ 0: [primary, [0x05, 1000, 2000]], 1000: [[0x83, 10, 20]] }), 'growing')
  const growing: Source = {
    name: 'growing',
    get size(): number {
      throw new Error('the size was asked for')
    },
    reaches: (end) => end <= inner.size,
    read: (into, offset) => inner.read(into, offset),
  }
  const { partitions } = readPartitions(growing, () => {})
  const into = Buffer.alloc(512)
  partitions[2]!.source.read(into, 512)
  expect(into).toEqual(Buffer.alloc(512, 1011))
})

test('2000 mutants of an MBR and of a GPT are read or refused, without anything else', () =>
  withTempDir((dir) => {
    const path = join(dir, 'gpt')
    sh(`truncate -s 128K ${path}`)
    run('sgdisk', ['-a1', '-n1:40:100', path])
    const gpt = readFileSync(path)
    const link: Entry[] = [
      [0x83, 10, 20],
      [0x05, 50, 100],
    ]
    const mbr = makeDisk({ 0: [primary, [0x05, 100, 200]], 100: link, 150: [[0x82, 11, 21]] }, 400)
    const entries = (sector: number): [number, number] => [sector * 512 + 446, sector * 512 + 512]
    const backup: [number, number] = [gpt.length - 512, gpt.length - 420]
    let read = 0
    for (const disks of [
      mutants(mbr, { seed: 2, count: 1000, ranges: [entries(0), entries(100), entries(150)] }),
      mutants(gpt, { seed: 3, count: 500, ranges: [entries(0), [512, 604], [1024, 1152], backup] }),
      withRightChecksums(
        mutants(gpt, {
          seed: 4,
          count: 500,
          ranges: [
            [536, 600],
            [1024, 1152],
          ],
        }),
      ),
    ]) {
      for (const disk of disks) if (readsOrIsRefused(disk)) read++
    }
    expect(read).toBeGreaterThan(300)
  }))

function readsOrIsRefused(disk: Buffer): boolean {
  try {
    const { partitions, check } = readPartitions(memorySource(disk, 'mutant'), () => {})
    check()
    for (const { source } of partitions) if (source.size > 0) bytesAt(source, 0, 1)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(DiskError)
    return false
  }
}

/** So that what is behind the checksums is tried as well. */
function* withRightChecksums(disks: Iterable<Buffer>): Generator<Buffer> {
  for (const disk of disks) {
    const [count, size] = [disk.readUInt32LE(512 + 80), disk.readUInt32LE(512 + 84)]
    disk.writeUInt32LE(crc32(disk.subarray(1024, 1024 + Math.min(count * size, disk.length))), 512 + 88)
    disk.writeUInt32LE(0, 512 + 16)
    disk.writeUInt32LE(crc32(disk.subarray(512, 512 + 92)), 512 + 16)
    yield disk
  }
}
