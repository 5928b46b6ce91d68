import { type DiskError, damageAt } from '../../../../bytes/errors.ts'
import type { Inode } from '../inode/inode.ts'
import type { XfsReader } from '../reader.ts'
import { type SelfDescription, verify } from '../self-description.ts'
import { type Attribute, attributeFlags } from './attribute.ts'
import type { ForkBlock } from './fork-blocks.ts'

const version4 = { node: 0xfebe, leaf: 0xfbee, header: 12, leafHeader: 32, nodeHeader: 16 } as const
const version5 = { node: 0x3ebe, leaf: 0x3bee, header: 56, leafHeader: 80, nodeHeader: 64 } as const
const fields: SelfDescription = { checksum: 12, block: 16, uuid: 32, owner: 48 }
const entrySize = 8
/** Linux's XFS_DA_NODE_MAXDEPTH. */
const maxLevels = 5

/**
 * Attributes that are in blocks: in one leaf, or in leaves below a tree of hashes (Linux, fs/xfs/libxfs/xfs_attr_leaf.c). Each leaf names the
 * next, so of the tree only the way to the first leaf is needed.
 * @param readBlock reads a block of the attribute fork
 */
export function* leafAttributes(reader: XfsReader, inode: Inode, readBlock: (block: number) => ForkBlock): Generator<Attribute> {
  const form = reader.superblock.hasChecksums ? version5 : version4
  const seen = new Set<number>()
  const load = (number: number): ForkBlock => {
    const block = readBlock(number)
    if (seen.has(number)) throw damaged(block, 'another block leads to it twice')
    seen.add(number)
    if (reader.superblock.hasChecksums) verify(reader, block.bytes, fields, { block: block.fsBlock, owner: inode.number }, block.place)
    return block
  }

  let block = load(0)
  for (let depth = 0; block.bytes.readUInt16BE(8) === form.node; depth++) {
    if (depth === maxLevels) throw damaged(block, `the tree of hashes has more than ${maxLevels} levels`)
    if (block.bytes.readUInt16BE(form.header) === 0) throw damaged(block, 'it has no entries')
    block = load(block.bytes.readUInt32BE(form.nodeHeader + 4))
  }
  while (true) {
    if (block.bytes.readUInt16BE(8) !== form.leaf) throw damaged(block, 'it has no magic number of attributes')
    yield* entries(block, form.header, form.leafHeader)
    const next = block.bytes.readUInt32BE(0)
    if (next === 0) return
    block = load(next)
  }
}

function* entries(block: ForkBlock, header: number, entriesStart: number): Generator<Attribute> {
  const { bytes } = block
  const count = bytes.readUInt16BE(header)
  if (entriesStart + count * entrySize > bytes.length) throw damaged(block, `it has ${count} attributes, for which it has no room`)
  for (let index = 0; index < count; index++) {
    const entry = entriesStart + index * entrySize
    const flags = bytes.readUInt8(entry + 6)
    const at = bytes.readUInt16BE(entry + 4)
    const isLocal = (flags & attributeFlags.local) !== 0
    // A local value has 16 bits of length and comes after the name; a remote one, its block and 32 bits of length before.
    const nameStart = at + (isLocal ? 3 : 9)
    if (nameStart > bytes.length) throw damaged(block, `the attribute at byte ${at} lies outside of it`)
    const nameEnd = nameStart + bytes.readUInt8(nameStart - 1)
    const valueSize = isLocal ? bytes.readUInt16BE(at) : bytes.readUInt32BE(at + 4)
    if (nameEnd + (isLocal ? valueSize : 0) > bytes.length) throw damaged(block, `the attribute at byte ${at} doesn't end in it`)
    const value = isLocal ? bytes.subarray(nameEnd, nameEnd + valueSize) : { forkBlock: bytes.readUInt32BE(at) }
    yield { flags, name: bytes.subarray(nameStart, nameEnd), valueSize, value }
  }
}

function damaged({ place }: ForkBlock, what: string): DiskError {
  return damageAt(place, what)
}
