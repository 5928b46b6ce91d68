import { damageAt, onceEach, type Warn } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'
import { pathText } from '../../../bytes/text.ts'
import { warnIfCutShort } from '../checks.ts'
import type { FileSystem, FileSystemFormat, FileSystemInfo } from '../format.ts'
import type { DirectoryEntry, FileNode } from '../tree.ts'
import { directoryRecords } from './directory/directory.ts'
import { loadInode } from './inode/inode.ts'
import { checkLog } from './log/check.ts'
import { openNode } from './node.ts'
import { openReader } from './open-reader.ts'
import type { XfsReader } from './reader.ts'
import { featureNames, incompat } from './superblock/features.ts'
import { hasMagic, readSuperblock, type Superblock } from './superblock/superblock.ts'

/** XFS, versions 4 and 5. Nothing is written. All checksums of what is read are verified; version 4 has none. */
export const xfs: FileSystemFormat = { name: 'xfs', detect: hasMagic, open }

function open(device: Source, warnAlways: Warn): FileSystem {
  const warn = onceEach(warnAlways)
  const superblock = readSuperblock(device)
  warnIfCutShort(device, 'the XFS filesystem', superblock.blocksCount * superblock.blockSize, warn)
  if (superblock.features.incompat & incompat.needsRepair) {
    warn(`${device.name}: the XFS filesystem is marked as needing a repair; check it with xfs_repair`)
  }
  checkLog(device, superblock)
  const reader = openReader(device, superblock, warn)
  const root = openNode(reader, superblock.rootInode)
  if (root.type !== 'dir') {
    throw damageAt(device.name, `its root, inode ${superblock.rootInode}, is not a directory`)
  }
  return { info: describe(superblock), root, entries: (dir) => entries(reader, dir) }
}

function* entries(reader: XfsReader, dir: FileNode): Generator<DirectoryEntry> {
  for (const { name, inode } of directoryRecords(reader, loadInode(reader, dir.ino))) yield { name, node: () => openNode(reader, inode) }
}

function describe({ features, label, uuid, blockSize, blocksCount, freeBlocksCount }: Superblock): FileSystemInfo {
  return {
    type: 'xfs',
    label: pathText(label),
    uuid: uuid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    blockSize,
    size: blocksCount * blockSize,
    free: freeBlocksCount * blockSize,
    features: featureNames(features),
    notes: [],
  }
}
