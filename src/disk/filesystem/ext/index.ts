import { damage, onceEach, type Warn } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'
import { pathText } from '../../../bytes/text.ts'
import { warnIfCutShort } from '../checks.ts'
import type { FileSystem, FileSystemFormat, FileSystemInfo } from '../format.ts'
import type { DirectoryEntry, FileNode } from '../tree.ts'
import { directoryRecords } from './directory/directory.ts'
import { loadInode } from './inode/inode.ts'
import { openNode } from './node.ts'
import { openReader } from './open-reader.ts'
import type { ExtReader } from './reader.ts'
import { recover } from './recover.ts'
import { featureNames, incompat, typeName } from './superblock/features.ts'
import { warnIfInUse } from './superblock/mmp.ts'
import { hasMagic, readSuperblock, type Superblock } from './superblock/superblock.ts'

/** ext2, ext3 and ext4. Nothing is written, not even to replay the journal. All checksums that exist are verified. */
export const ext: FileSystemFormat = { name: 'ext', detect: hasMagic, open }

function open(device: Source, warnAlways: Warn): FileSystem {
  const warn = onceEach(warnAlways)
  const superblock = readSuperblock(device)
  warnAboutState(device, superblock, warn)
  const { reader, notes } = recover(openReader(device, superblock, warn))
  const root = openNode(reader, 2)
  if (root.type !== 'dir') throw damage(device, 'inode 2', 'it should be the root directory, but is not a directory')
  return { info: describe(reader.superblock, notes), root, entries: (dir) => entries(reader, dir) }
}

function warnAboutState(device: Source, superblock: Superblock, warn: Warn): void {
  const { name } = device
  const size = superblock.blocksCount * superblock.blockSize
  warnIfCutShort(device, 'the ext filesystem', size, warn)
  if (superblock.hasErrors) warn(`${name}: the ext filesystem is marked as having errors; check it with e2fsck`)
  const recovers = (superblock.features.incompat & incompat.recover) !== 0
  if (!superblock.cleanlyUnmounted && !recovers) {
    warn(`${name}: the ext filesystem was not cleanly unmounted and has no journal to replay, so it may be inconsistent`)
  }
  warnIfInUse(device, superblock, warn)
}

function* entries(reader: ExtReader, dir: FileNode): Generator<DirectoryEntry> {
  for (const { name, inode } of directoryRecords(reader, loadInode(reader, dir.ino))) yield { name, node: () => openNode(reader, inode) }
}

function describe(superblock: Superblock, notes: readonly string[]): FileSystemInfo {
  const { features, label, uuid, blockSize, blocksCount, freeBlocksCount } = superblock
  return {
    type: typeName(features),
    label: pathText(label),
    uuid: uuid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    blockSize,
    size: blocksCount * blockSize,
    free: freeBlocksCount * blockSize,
    features: featureNames(features),
    notes,
  }
}
