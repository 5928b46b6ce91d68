import { damage, type WarnOnce } from '../../../bytes/errors.ts'
import { bytesAt, type Source } from '../../../bytes/source.ts'
import type { Time } from '../tree.ts'
import { shortDate } from './dates.ts'
import { type IsoReader, sectorSize } from './reader.ts'

/** A directory record (ECMA-119, 9.1): a name, and one extent of a file or directory. */
export interface DirectoryRecord {
  /** Position of the record in the ISO, in bytes. */
  readonly at: number
  /** First logical block of its extent. */
  readonly location: number
  /** Number of blocks of extended attribute record before the data. */
  readonly earBlocks: number
  /** Bytes of data in the extent. */
  readonly dataLength: number
  readonly recorded: Time | undefined
  readonly isDirectory: boolean
  /** Belongs to the file of the same name, e.g. a Macintosh resource fork. */
  readonly isAssociated: boolean
  /** The file continues in the extent of the next record. */
  readonly continues: boolean
  readonly isInterleaved: boolean
  readonly identifier: Buffer
  /** The system use field, which holds the extensions' data. */
  readonly systemUse: Buffer
  /** Position of that field in the ISO, in bytes. */
  readonly systemUseAt: number
}

/** Bytes before the identifier. */
const fixedLength = 33

/** @throws DiskError unless `bytes`, which are at byte `at` of the ISO, begin with a complete record */
export function parseRecord(source: Source, bytes: Buffer, at: number, warnOnce: WarnOnce): DirectoryRecord {
  const length = bytes.readUInt8(0)
  if (length <= fixedLength)
    throw damage(source, at, `a directory record has a length of ${length}, but the minimum is ${fixedLength + 1}`, 'ISO')
  if (length > bytes.length) {
    throw damage(source, at, `a directory record of ${length} bytes doesn't end in the sector, or the directory, in which it begins`, 'ISO')
  }
  const nameLength = bytes.readUInt8(32)
  const nameEnd = fixedLength + nameLength
  if (nameLength === 0 || nameEnd > length) {
    throw damage(source, at, `a directory record of ${length} bytes has a name of ${nameLength} bytes`, 'ISO')
  }
  if (bytes.readUInt32LE(2) !== bytes.readUInt32BE(6) || bytes.readUInt32LE(10) !== bytes.readUInt32BE(14)) {
    warnOnce(
      `${source.name}, byte ${at}: a directory record has different little-endian and big-endian values; the little-endian one is used, here and elsewhere`,
      'endian',
    )
  }
  const flags = bytes.readUInt8(25)
  // A name of even length is followed by a padding byte.
  const systemUseStart = Math.min(length, nameEnd + (nameLength % 2 === 0 ? 1 : 0))
  return {
    at,
    location: bytes.readUInt32LE(2),
    earBlocks: bytes.readUInt8(1),
    dataLength: bytes.readUInt32LE(10),
    recorded: shortDate(bytes.subarray(18, 25)),
    isDirectory: (flags & 0x02) !== 0,
    isAssociated: (flags & 0x04) !== 0,
    continues: (flags & 0x80) !== 0,
    isInterleaved: bytes.readUInt16LE(26) !== 0,
    identifier: bytes.subarray(fixedLength, nameEnd),
    systemUse: bytes.subarray(systemUseStart, length),
    systemUseAt: at + systemUseStart,
  }
}

/** Position in the ISO where the record's data begins, in bytes. */
export function dataStart(record: DirectoryRecord, blockSize: number): number {
  return (record.location + record.earBlocks) * blockSize
}

/** The identifiers of `.` and `..` are 0 and 1. */
export function isSelf(record: DirectoryRecord): boolean {
  return record.identifier.length === 1 && record.identifier[0] === 0
}

export function isParent(record: DirectoryRecord): boolean {
  return record.identifier.length === 1 && record.identifier[0] === 1
}

/** The record of `.`, which is the first in the directory at `start`. */
export function selfRecord(reader: Pick<IsoReader, 'source' | 'warnOnce'>, start: number): DirectoryRecord {
  const { source, warnOnce } = reader
  if (start >= source.size) throw damage(source, start, `a directory should begin here, but the ISO ends at byte ${source.size}`, 'ISO')
  const record = parseRecord(source, bytesAt(source, start, Math.min(sectorSize, source.size - start)), start, warnOnce)
  if (!isSelf(record)) throw damage(source, start, 'a directory should begin here, but there is no record of the directory itself', 'ISO')
  return record
}

/**
 * The records of a directory, including `.` and `..`.
 * @throws DiskError if they are invalid, or lie past the end of the ISO or in another directory
 */
export function* directoryRecords(reader: IsoReader, directory: DirectoryRecord): Generator<DirectoryRecord> {
  const { source, blockSize, warnOnce } = reader
  if (directory.dataLength === 0) return
  if (directory.isInterleaved) throw damage(source, directory.at, 'a directory is interleaved', 'ISO')
  const start = dataStart(directory, blockSize)
  const end = start + directory.dataLength
  if (end > source.size) {
    throw damage(source, directory.at, `a directory should lie at bytes ${start} to ${end}, but the ISO ends at byte ${source.size}`, 'ISO')
  }
  selfRecord(reader, start)
  for (let sectorStart = start; sectorStart < end; ) {
    const sectorEnd = Math.min(end, sectorStart - (sectorStart % sectorSize) + sectorSize)
    checkNoOverlap(reader, start, sectorStart, sectorEnd)
    const sector = bytesAt(source, sectorStart, sectorEnd - sectorStart)
    // A length of 0 means that the rest of the sector is empty.
    for (let at = 0; at < sector.length && sector[at] !== 0; at += sector[at]!) {
      yield parseRecord(source, sector.subarray(at), sectorStart + at, warnOnce)
    }
    sectorStart = sectorEnd
  }
}

/** Directories must not overlap: otherwise each sector could be read for each of a million directories. */
function checkNoOverlap({ source, blockSize, budget }: IsoReader, start: number, from: number, to: number): void {
  budget.directoryBytes += to - from
  for (let block = from; block < to; block += blockSize) {
    const owner = budget.owners.get(block) ?? start
    if (owner !== start) throw damage(source, block, `the directories that begin at bytes ${owner} and ${start} overlap`, 'ISO')
    budget.owners.set(block, start)
  }
}
