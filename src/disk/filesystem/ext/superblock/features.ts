import { DiskError } from '../../../../bytes/errors.ts'

/** The superblock's three feature words. */
export interface Features {
  readonly compat: number
  readonly incompat: number
  readonly roCompat: number
}

export const compat = { hasJournal: 0x4, sparseSuper2: 0x200 } as const

export const incompat = {
  fileType: 0x2,
  recover: 0x4,
  journalDev: 0x8,
  metaBg: 0x10,
  extents: 0x40,
  is64bit: 0x80,
  mmp: 0x100,
  flexBg: 0x200,
  eaInode: 0x400,
  csumSeed: 0x2000,
  largeDir: 0x4000,
  inlineData: 0x8000,
  encrypt: 0x10000,
  casefold: 0x20000,
} as const

export const roCompat = {
  sparseSuper: 0x1,
  largeFile: 0x2,
  btreeDir: 0x4,
  gdtCsum: 0x10,
  hasSnapshot: 0x80,
  bigalloc: 0x200,
  metadataCsum: 0x400,
} as const

/** Names by bit, as dumpe2fs prints them. A bit without a name is printed as its number. */
const compatNames = [
  'dir_prealloc',
  'imagic_inodes',
  'has_journal',
  'ext_attr',
  'resize_inode',
  'dir_index',
  'lazy_bg',
  undefined,
  'snapshot_bitmap',
  'sparse_super2',
  'fast_commit',
  'stable_inodes',
  'orphan_file',
]
const incompatNames = [
  'compression',
  'filetype',
  'needs_recovery',
  'journal_dev',
  'meta_bg',
  undefined,
  'extent',
  '64bit',
  'mmp',
  'flex_bg',
  'ea_inode',
  undefined,
  'dirdata',
  'metadata_csum_seed',
  'large_dir',
  'inline_data',
  'encrypt',
  'casefold',
]
const roCompatNames = [
  'sparse_super',
  'large_file',
  undefined,
  'huge_file',
  'uninit_bg',
  'dir_nlink',
  'extra_isize',
  undefined,
  'quota',
  'bigalloc',
  'metadata_csum',
  'replica',
  'read-only',
  'project',
  'shared_blocks',
  'verity',
  'orphan_present',
]

/** Incompatible features that this reader understands or can ignore: all of Linux's ext4 except `dirdata` and `journal_dev`. */
const readable = Object.values(incompat).reduce((all, bit) => all | bit, 0) & ~incompat.journalDev

/** The features that the old ext2 and ext3 drivers could read. */
const ext3Incompat = incompat.fileType | incompat.recover | incompat.metaBg
const ext3RoCompat = roCompat.sparseSuper | roCompat.largeFile | roCompat.btreeDir

/** Feature names as dumpe2fs prints them, in its order. */
export function featureNames(features: Features): string[] {
  return [
    ...namesOf(features.compat, compatNames, 'C'),
    ...namesOf(features.incompat, incompatNames, 'I'),
    ...namesOf(features.roCompat, roCompatNames, 'R'),
  ]
}

function namesOf(word: number, names: readonly (string | undefined)[], kind: string): string[] {
  const found: string[] = []
  for (let bit = 0; bit < 32; bit++) if ((word >>> bit) & 1) found.push(names[bit] ?? `FEATURE_${kind}${bit}`)
  return found
}

/** `ext2`, `ext3` or `ext4`: the oldest driver that knows all features of the filesystem. blkid reports the same. */
export function typeName(features: Features): 'ext2' | 'ext3' | 'ext4' {
  if (features.incompat & ~ext3Incompat || features.roCompat & ~ext3RoCompat) return 'ext4'
  return features.compat & compat.hasJournal ? 'ext3' : 'ext2'
}

/** @throws DiskError that names the features that can't be read */
export function checkReadable(features: Features, name: string): void {
  if (features.incompat & incompat.journalDev) {
    throw new DiskError(name, 'it is the external journal of an ext filesystem, not a filesystem (feature journal_dev)', 'unsupported')
  }
  const unreadable = namesOf(features.incompat & ~readable, incompatNames, 'I')
  if (features.roCompat & roCompat.hasSnapshot) unreadable.push('has_snapshot')
  if (unreadable.length > 0) {
    throw new DiskError(name, `the ext filesystem uses a feature that can't be read: ${unreadable.join(', ')}`, 'unsupported')
  }
}
