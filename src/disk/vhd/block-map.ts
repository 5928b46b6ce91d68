import { DiskError, damage, type Warn } from '../../bytes/errors.ts'
import { bytesAt, type Source } from '../../bytes/source.ts'
import { readBatmap } from './batmap.ts'
import { type Footer, footerSize } from './footer.ts'
import { type Header, headerSize } from './header.ts'

/** Where the blocks of a dynamic VHD are in its file (specification 1.0, "Block Allocation Table and Data Blocks"). */
export interface BlockMap {
  readonly blockSize: number
  readonly count: number
  readonly allocated: number
  /** Whether there is a batmap (tapdisk's map of full blocks). */
  readonly batmap: boolean
  /** Position of a block's sector bitmap, which its data follows, in bytes; undefined if the block isn't allocated. */
  place(block: number): number | undefined
  /** Size of the sector bitmap before each block, in bytes. */
  readonly bitmapSize: number
  /** Whether the batmap says that all sectors of the block are in use. */
  isFull(block: number): boolean
}

const unallocated = 0xffffffff
/** 2040 GiB in blocks of 512 KiB, the smallest in use. */
const maxBlocks = 1 << 22

/** @throws DiskError if the table is invalid: too short, or with blocks that overlap each other or a table */
export function readBlockMap(source: Source, footer: Footer, header: Header, warn: Warn): BlockMap {
  const { blockSize, tableOffset, maxTableEntries } = header
  const count = Math.ceil(footer.currentSize / blockSize)
  if (count > maxTableEntries) {
    const what = `the block allocation table has ${maxTableEntries} entries, but a disk of ${footer.currentSize} bytes needs ${count}`
    throw damage(source, tableOffset, what, 'VHD')
  }
  if (count > maxBlocks) throw new DiskError(source.name, `the VHD has ${count} blocks; at most ${maxBlocks} can be read`, 'unsupported')
  const table = new Uint32Array(bytesAt(source, tableOffset, count * 4).swap32().buffer)
  const batmap = readBatmap(source, footer, header, warn)
  const bitmapSize = roundUp(Math.ceil(blockSize / 512 / 8), 512)
  const tables: Area[] = [
    { what: 'the footer copy', start: 0, end: footerSize },
    { what: 'the header', start: footer.dataOffset, end: footer.dataOffset + headerSize },
    { what: 'the block allocation table', start: tableOffset, end: tableOffset + count * 4 },
    ...(batmap ? [{ what: 'the batmap', start: batmap.start, end: batmap.end }] : []),
  ]
  const allocated = checkOverlaps(table, bitmapSize + blockSize, tables, (what) => damage(source, tableOffset, what, 'VHD'))
  return {
    blockSize,
    count,
    allocated,
    batmap: batmap !== undefined,
    bitmapSize,
    place(block) {
      const sector = table[block]!
      return sector === unallocated ? undefined : sector * 512
    },
    isFull: (block) => batmap?.isFull(block) ?? false,
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}

interface Area {
  readonly what: string
  readonly start: number
  readonly end: number
}

/** Returns the number of allocated blocks. Without this check, a file of a few megabytes could claim to be a full disk of two terabytes. */
function checkOverlaps(table: Uint32Array, size: number, tables: readonly Area[], damaged: (what: string) => DiskError): number {
  const sectors = table.filter((sector) => sector !== unallocated).sort()
  const owner = (sector: number) => `block ${table.indexOf(sector)} of the VHD lies at byte ${sector * 512}`
  for (const [index, sector] of sectors.entries()) {
    const area = tables.find(({ start, end }) => sector * 512 < end && start < sector * 512 + size)
    if (area) throw damaged(`${owner(sector)}, where ${area.what} is`)
    const next = sectors[index + 1]
    if (next !== undefined && next * 512 < sector * 512 + size) {
      const other = next === sector ? table.indexOf(sector, table.indexOf(sector) + 1) : table.indexOf(next)
      throw damaged(`${owner(sector)}, where block ${other} is as well`)
    }
  }
  return sectors.length
}
