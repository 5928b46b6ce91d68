import { DiskError } from '../../../../bytes/errors.ts'

/** The superblock's words that describe the format (Linux, fs/xfs/libxfs/xfs_format.h). */
export interface Features {
  /** 4 or 5 if it can be read. */
  readonly version: number
  /** `sb_versionnum` without the version. */
  readonly base: number
  /** `sb_features2`. */
  readonly more: number
  /** The last three are 0 in version 4. */
  readonly compat: number
  readonly roCompat: number
  readonly incompat: number
}

const base = { shared: 0x200, logV2: 0x400, dirV2: 0x2000, moreBits: 0x8000 } as const
const more = { ftype: 0x200 } as const
export const incompat = { ftype: 0x1, metaUuid: 0x4, needsRepair: 0x10, nrext64: 0x20, metadir: 0x100 } as const

/** Name and bit, in the order of `xfs_db -c version`. */
const baseNames: readonly (readonly [string, number])[] = [
  ['NLINK', 0x20],
  ['DIRV2', base.dirV2],
  ['ATTR', 0x10],
  ['QUOTA', 0x40],
  ['ALIGN', 0x80],
  ['DALIGN', 0x100],
  ['SHARED', base.shared],
  ['LOGV2', base.logV2],
  ['EXTFLG', 0x1000],
  ['SECTOR', 0x800],
  ['ASCII_CI', 0x4000],
  ['MOREBITS', base.moreBits],
]
const moreNames: readonly (readonly [string, number])[] = [
  ['ATTR2', 0x8],
  ['LAZYSBCOUNT', 0x2],
  ['PROJID32BIT', 0x80],
  ['CRC', 0x100],
]
const roCompatNames: readonly (readonly [string, number])[] = [
  ['RMAPBT', 0x2],
  ['REFLINK', 0x4],
  ['INOBTCNT', 0x8],
]
const incompatNames: readonly (readonly [string, number])[] = [
  ['BIGTIME', 0x8],
  ['NEEDSREPAIR', incompat.needsRepair],
  ['NREXT64', incompat.nrext64],
  ['EXCHANGE', 0x40],
  ['PARENT', 0x80],
  ['METADIR', incompat.metadir],
  ['ZONED', 0x200],
  ['ZONE_GAPS', 0x400],
]

/** Ordinary files are in the zones of a realtime device. */
const unreadableIncompat = 0x600
const knownIncompat = 0x7ff
const knownMore = 0x2 | 0x8 | 0x80 | 0x100 | 0x200

export function hasFileTypes(features: Features): boolean {
  return features.version === 5 ? (features.incompat & incompat.ftype) !== 0 : (features.more & more.ftype) !== 0
}

/** Feature names as `xfs_db -c version` prints them, in its order. A bit without a name is printed as its number. */
export function featureNames(features: Features): string[] {
  const named = (word: number, names: readonly (readonly [string, number])[]) => names.filter(([, bit]) => word & bit).map(([name]) => name)
  return [
    `V${features.version}`,
    ...named(features.base, baseNames),
    ...named(features.more, moreNames),
    ...(hasFileTypes(features) ? ['FTYPE'] : []),
    ...named(features.roCompat, [['FINOBT', 0x1]]),
    ...named(features.incompat, [
      ['SPARSE_INODES', 0x2],
      ['META_UUID', incompat.metaUuid],
    ]),
    ...named(features.roCompat, roCompatNames),
    ...named(features.incompat, incompatNames),
    ...bits(features.roCompat & ~0xf, 'ro_compat'),
    ...bits(features.incompat & ~knownIncompat, 'incompat'),
  ]
}

function bits(word: number, what: string): string[] {
  const found: string[] = []
  for (let bit = 0; bit < 32; bit++) if ((word >>> bit) & 1) found.push(`${what} bit ${bit}`)
  return found
}

/** @throws DiskError that names the features that can't be read */
export function checkReadable(features: Features, name: string): void {
  const refuse = (what: string) => new DiskError(name, `the XFS filesystem ${what}`, 'unsupported')
  const { version } = features
  if (version !== 4 && version !== 5) throw refuse(`has version ${version}; only versions 4 and 5 can be read`)
  if (version === 4 && !(features.base & base.dirV2)) throw refuse("has directories of version 1 (no feature DIRV2), which can't be read")
  const unreadable = [
    ...(features.base & base.shared ? ['SHARED'] : []),
    ...(version === 4 ? bits(features.more & ~knownMore, 'features2') : []),
    ...(features.incompat & unreadableIncompat ? ['ZONED'] : []),
    ...bits(features.incompat & ~knownIncompat, 'incompat'),
  ]
  if (unreadable.length > 0) throw refuse(`uses a feature that can't be read: ${unreadable.join(', ')}`)
}
