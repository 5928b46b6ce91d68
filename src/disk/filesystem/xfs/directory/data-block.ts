import { damageAt } from '../../../../bytes/errors.ts'
import type { FsBlock } from '../../block-number.ts'
import { u64 } from '../bytes.ts'
import type { Inode } from '../inode/inode.ts'
import type { XfsReader } from '../reader.ts'
import { type SelfDescription, verify } from '../self-description.ts'
import type { DirectoryRecord } from './record.ts'

/** A block of a directory: its bytes, its index, and where the first of them are. */
export interface DirectoryBlock {
  readonly bytes: Buffer
  readonly index: number
  readonly fsBlock: FsBlock
}

const version4 = { single: 'XD2B', data: 'XD2D', header: 16 } as const
const version5 = { single: 'XDB3', data: 'XDD3', header: 64 } as const
const fields: SelfDescription = { checksum: 4, block: 8, uuid: 24, owner: 40 }
/** In the place of an inode's upper bits, marks unused space. */
const unusedTag = 0xffff
const singleTail = 8
/** With a name of one byte. */
const smallestEntry = 16
const leafEntry = 8
const dot = Buffer.from('.')
const dotDot = Buffer.from('..')

/**
 * The entries of a block, except `.` and `..` (Linux, fs/xfs/libxfs/xfs_da_format.h). In a directory of one block, the block ends with the
 * hashes of the names; otherwise they are in other blocks. Entries are in whatever order they were made.
 */
export function* dataRecords(reader: XfsReader, inode: Inode, block: DirectoryBlock): Generator<DirectoryRecord> {
  const { hasChecksums, hasFileTypes } = reader.superblock
  const { bytes, index, fsBlock } = block
  const place = `block ${index} of the directory (block ${fsBlock} of the filesystem), inode ${inode.number} of ${reader.name}`
  const damaged = (what: string) => damageAt(place, what)
  const form = hasChecksums ? version5 : version4
  const magic = bytes.toString('latin1', 0, 4)
  const isSingle = magic === form.single
  if (!isSingle && magic !== form.data) throw damaged('it has no magic number of a directory')
  if (isSingle && index !== 0) throw damaged('it should be the only block of the directory')
  if (hasChecksums) verify(reader, bytes, fields, { block: fsBlock, owner: inode.number }, place)
  const end = isSingle ? bytes.length - singleTail - bytes.readUInt32BE(bytes.length - singleTail) * leafEntry : bytes.length
  if (end < form.header) throw damaged('it has more hashes than it has room for')
  const typeSize = hasFileTypes ? 1 : 0
  let length: number
  for (let at: number = form.header, number = 0; at < end; at += length) {
    if (bytes.readUInt16BE(at) === unusedTag) {
      length = bytes.readUInt16BE(at + 2)
      if (length === 0 || length % 8 !== 0 || at + length > end)
        throw damaged(`the unused space at byte ${at} has the impossible length ${length}`)
      continue
    }
    const nameLength = at + smallestEntry > end ? 0 : bytes.readUInt8(at + 8)
    // The entry ends with its own position, at a multiple of 8.
    length = (8 + 1 + nameLength + typeSize + 2 + 7) & ~7
    if (nameLength === 0 || at + length > end) throw damaged(`the entry at byte ${at} has a name of the impossible length ${nameLength}`)
    if (bytes.readUInt16BE(at + length - 2) !== at) throw damaged(`the entry at byte ${at} doesn't end where its name does`)
    const name = bytes.subarray(at + 9, at + 9 + nameLength)
    if (index === 0 && number < 2 && name.equals(number === 0 ? dot : dotDot)) {
      number++
      continue
    }
    number = 2
    yield { name: Buffer.from(name), inode: u64(bytes, at) }
  }
}
