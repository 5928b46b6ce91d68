import { damage } from '../../../../bytes/errors.ts'
import { bytesAt } from '../../../../bytes/source.ts'
import { type FsBlock, fsBlock } from '../../block-number.ts'
import type { Inode } from '../inode/inode.ts'
import type { Runs } from '../mapping/runs.ts'
import type { XfsReader } from '../reader.ts'

/** A block of an attribute fork, and where it is. */
export interface ForkBlock {
  readonly bytes: Buffer
  readonly fsBlock: FsBlock
  /** For messages. */
  readonly place: string
}

/** Returns a function that reads a block of an attribute fork, of which `runs` is the map. */
export function forkBlocks(reader: XfsReader, inode: Inode, runs: Runs): (block: number) => ForkBlock {
  const { blockSize } = reader.superblock
  return (block) => {
    const index = runs.fileBlocks.findIndex((first, run) => block >= first && block < first + runs.counts[run]!)
    if (index < 0) throw damage(reader, `inode ${inode.number}`, `block ${block} of its attributes is missing`)
    const position = fsBlock(runs.fsBlocks[index]! + block - runs.fileBlocks[index]!)
    reader.attributes.spend(blockSize)
    return {
      bytes: bytesAt(reader.device, position * blockSize, blockSize),
      fsBlock: position,
      place: `block ${block} of the attributes (block ${position} of the filesystem), inode ${inode.number} of ${reader.name}`,
    }
  }
}
