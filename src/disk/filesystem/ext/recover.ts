import { DiskError, damage } from '../../../bytes/errors.ts'
import { fileTypeOf } from '../file-type.ts'
import { loadInode } from './inode/inode.ts'
import { replayJournal } from './journal/index.ts'
import { mappedContent } from './mapping/mapped-content.ts'
import { openReader } from './open-reader.ts'
import type { ExtReader } from './reader.ts'
import { compat, incompat } from './superblock/features.ts'
import { readSuperblock } from './superblock/superblock.ts'

/** The volume after its journal was replayed, and notes about that. */
interface Recovered {
  readonly reader: ExtReader
  readonly notes: readonly string[]
}

/**
 * Replays the journal in memory if the filesystem wasn't unmounted cleanly.
 * @throws DiskError if the journal can't be read
 */
export function recover(reader: ExtReader): Recovered {
  const { superblock, name, warn } = reader
  if (!(superblock.features.incompat & incompat.recover)) return { reader, notes: [] }
  if (!(superblock.features.compat & compat.hasJournal)) {
    warn(`${name}: the ext filesystem needs its journal replayed, but has none`)
    return { reader, notes: [] }
  }
  if (superblock.journalInode === 0) {
    throw new DiskError(
      name,
      'the ext filesystem needs its journal replayed, but the journal is on another device; mount and unmount the filesystem with that device first',
      'unsupported',
    )
  }
  const inode = loadInode(reader, superblock.journalInode)
  if (fileTypeOf(inode.mode) !== 'file' || inode.linksCount === 0) {
    throw damage(reader, `inode ${inode.number}`, "it should be the journal, but isn't a regular file")
  }
  const { device, transactions, fastCommits } = replayJournal(reader.device, mappedContent(reader, inode), superblock, warn)
  return {
    reader: openReader(device, readSuperblock(device), warn, fastCommits),
    notes: [`journal replayed: ${transactions} transaction${transactions === 1 ? '' : 's'}`],
  }
}
