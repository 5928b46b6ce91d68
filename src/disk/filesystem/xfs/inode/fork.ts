import { damageAt } from '../../../../bytes/errors.ts'
import { inodePlace } from '../address.ts'
import { u64 } from '../bytes.ts'
import type { XfsReader } from '../reader.ts'
import { type Inode, inodeFlags2 } from './inode.ts'

/** What an inode consists of besides its fields: the file's data, and its extended attributes, each in the inode or mapped to blocks. */
export interface Fork {
  readonly name: 'data' | 'attribute'
  readonly format: 'device' | 'local' | 'extents' | 'btree'
  /** The part of the inode that it has: the contents, the map of blocks, or its root. */
  readonly bytes: Buffer
  /** Number of its extents. */
  readonly extents: number
}

const formats = ['device', 'local', 'extents', 'btree'] as const

export function dataFork(reader: XfsReader, inode: Inode): Fork {
  const { raw, flags2 } = inode
  const start = coreSize(inode)
  const split = forkOffset(reader, inode)
  return {
    name: 'data',
    format: format(reader, inode, raw.readUInt8(5), 'data'),
    bytes: raw.subarray(start, split === 0 ? raw.length : start + split),
    extents: flags2 & inodeFlags2.largeExtentCounts ? u64(raw, 24) : raw.readUInt32BE(76),
  }
}

/** Undefined if the inode has no attributes. */
export function attributeFork(reader: XfsReader, inode: Inode): Fork | undefined {
  const { raw, flags2 } = inode
  const split = forkOffset(reader, inode)
  if (split === 0) return undefined
  const extents = flags2 & inodeFlags2.largeExtentCounts ? raw.readUInt32BE(76) : raw.readUInt16BE(80)
  const bytes = raw.subarray(coreSize(inode) + split)
  return { name: 'attribute', format: format(reader, inode, raw.readUInt8(83), 'attribute'), bytes, extents }
}

function coreSize({ version }: Inode): number {
  return version === 3 ? 176 : 100
}

/** Where the attribute fork begins, counted from the data fork; 0 if there is none. */
function forkOffset(reader: XfsReader, inode: Inode): number {
  const split = inode.raw.readUInt8(82) * 8
  if (coreSize(inode) + split < inode.raw.length) return split
  throw damageAt(inodePlace(reader, inode.number), `its attributes begin ${split} bytes behind its fields`)
}

function format(reader: XfsReader, inode: Inode, number: number, name: Fork['name']): Fork['format'] {
  const known = formats[number]
  if (known !== undefined && !(name === 'attribute' && known === 'device')) return known
  throw damageAt(inodePlace(reader, inode.number), `its ${name} fork has the unknown format ${number}`)
}
