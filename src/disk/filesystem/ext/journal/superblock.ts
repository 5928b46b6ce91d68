import { crc32c } from '../../../../bytes/crc32c.ts'
import { DiskError, damage, type Warn } from '../../../../bytes/errors.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import { blockType, journalMagic } from './block.ts'

/** The journal's own superblock. Block numbers count from the start of the journal. */
export interface JournalSuperblock {
  readonly blockSize: number
  /** The log's first block, and the one after its last. */
  readonly first: number
  readonly end: number
  /** Block where the oldest transaction begins; 0 if there is nothing to replay. */
  readonly start: number
  /** Number of the oldest transaction. */
  readonly sequence: number
  /** Nonzero if the filesystem was aborted (`s_errno`). */
  readonly error: number
  readonly has64bit: boolean
  readonly asyncCommit: boolean
  readonly checksums: JournalChecksums
  /** Initial seed of all v2 and v3 checksums. */
  readonly checksumSeed: number
  /** The blocks that hold fast commits. */
  readonly fastCommits?: { readonly first: number; readonly end: number }
}

/** `v1`: one CRC-32 per transaction. `v2`, `v3`: a CRC-32C per block; they differ in the layout of the tags. */
export type JournalChecksums = 'none' | 'v1' | 'v2' | 'v3'

const compatChecksum = 0x1
const incompat = { revoke: 0x1, has64bit: 0x2, asyncCommit: 0x4, checksumV2: 0x8, checksumV3: 0x10, fastCommit: 0x20 }
const knownIncompat = Object.values(incompat).reduce((all, bit) => all | bit, 0)
const crc32cType = 4
const superblockSize = 1024
/** Minimum size of a log (JBD2_MIN_JOURNAL_BLOCKS). The area for fast commits must not make the log smaller. */
const minLogBlocks = 1024

/**
 * Parses `journal_superblock_t`, big-endian (Linux Documentation/filesystems/ext4/journal.rst, "Super Block").
 * @throws DiskError if it is damaged, or uses an unknown feature
 */
export function readSuperblock(journal: Source, blockSize: number, warn: Warn): JournalSuperblock {
  const damaged = (what: string) => damage(journal, 'the superblock', what, 'journal')
  const unsupported = (what: string) => new DiskError(`the superblock of ${journal.name}`, what, 'unsupported')
  const raw = bytesAt(journal, 0, superblockSize)
  const type = raw.readUInt32BE(4)
  if (raw.readUInt32BE(0) !== journalMagic || (type !== blockType.superblockV1 && type !== blockType.superblockV2)) {
    throw damaged('its magic number or its type is not the one of a journal')
  }
  const word = (offset: number) => (type === blockType.superblockV2 ? raw.readUInt32BE(offset) : 0)
  const features = word(40)
  if (features & ~knownIncompat)
    throw unsupported(`the journal has features that can't be read: 0x${((features & ~knownIncompat) >>> 0).toString(16)}`)
  if (raw.readUInt32BE(12) !== blockSize) {
    throw damaged(`the journal's blocks have ${raw.readUInt32BE(12)} bytes, but the filesystem's have ${blockSize}`)
  }
  const checksums = checksumKind(word(36), features)
  if (!checksums) throw damaged('it claims to have several kinds of checksums at once')
  if (checksums === 'v2' || checksums === 'v3') {
    if (raw[80] !== crc32cType) throw unsupported(`the journal's checksums are of the unknown type ${raw[80]}`)
    if (!checksumHolds(raw)) throw damaged('its checksum is wrong')
  }
  const total = raw.readUInt32BE(16)
  if (total * blockSize > journal.size) throw damaged(`the journal should have ${total} blocks, but has only ${journal.size} bytes`)
  const fastCommits = features & incompat.fastCommit ? fastCommitArea(total, word(84)) : undefined
  const superblock: JournalSuperblock = {
    blockSize,
    first: raw.readUInt32BE(20),
    end: fastCommits ? fastCommits.first - 1 : total,
    sequence: raw.readUInt32BE(24),
    start: raw.readUInt32BE(28),
    error: raw.readUInt32BE(32) | 0,
    has64bit: (features & incompat.has64bit) !== 0,
    asyncCommit: (features & incompat.asyncCommit) !== 0,
    checksums,
    checksumSeed: crc32c(0xffffffff, raw.subarray(48, 64)),
    ...(fastCommits && { fastCommits }),
  }
  const { first, end, start } = superblock
  if (first === 0 || first >= end) throw damaged(`the log begins at block ${first} of ${end}`)
  if (start !== 0 && (start < first || start >= end)) {
    throw damaged(`the first transaction begins at block ${start}, outside of the log in blocks ${first} to ${end - 1}`)
  }
  if (superblock.error !== 0) warn(`${journal.name}: Linux stopped writing to this filesystem with error ${superblock.error}`)
  return superblock
}

function checksumKind(compat: number, features: number): JournalChecksums | undefined {
  const kinds: JournalChecksums[] = []
  if (compat & compatChecksum) kinds.push('v1')
  if (features & incompat.checksumV2) kinds.push('v2')
  if (features & incompat.checksumV3) kinds.push('v3')
  return kinds.length > 1 ? undefined : (kinds[0] ?? 'none')
}

function checksumHolds(raw: Buffer): boolean {
  const zeroed = Buffer.from(raw)
  zeroed.writeUInt32BE(0, 252)
  return crc32c(0xffffffff, zeroed) === raw.readUInt32BE(252)
}

/** Linux leaves the block between the log and the fast commits unused. A length of 0 means 256 blocks. */
function fastCommitArea(total: number, length: number): { first: number; end: number } {
  const blocks = length || 256
  const logEnd = total - blocks >= minLogBlocks ? total - blocks : total
  return { first: logEnd + 1, end: total }
}
