import { damage } from '../../../bytes/errors.ts'
import { bytesAt } from '../../../bytes/source.ts'
import type { IsoReader } from './reader.ts'
import { type DirectoryRecord, isSelf } from './records.ts'

/** A system use entry: one field of an extension, such as Rock Ridge's NM (SUSP, section 4.1). */
export interface SystemUseEntry {
  /** Two letters. */
  readonly signature: string
  /** The whole entry, including its signature. */
  readonly bytes: Buffer
}

/** Limits per record. More continuations are a loop, or an attempt to slow the reader down. */
const limits = { continuations: 32, continuationBytes: 64 * 1024 }

/**
 * Limit for bytes of continuation per byte of directory, over the whole ISO. A long name with a long link takes 5 KiB for a record of 120
 * bytes. Without this limit, every record could refer to the same 64 KiB.
 */
const continuationRatio = 64

/** Bytes to skip in every system use field, from the SP entry of the root's own record (SUSP, section 5.3); undefined if there is none. */
export function systemUseSkip(rootSelf: DirectoryRecord): number | undefined {
  // On a CD-ROM XA disc, the field begins with fourteen bytes of XA data.
  for (const start of [0, 14]) {
    const entry = rootSelf.systemUse.subarray(start, start + 7)
    if (entry.length === 7 && entry.toString('latin1', 0, 2) === 'SP' && entry.readUInt16BE(4) === 0xbeef) return entry.readUInt8(6)
  }
  return undefined
}

/**
 * The system use entries of a record, including those in continuation areas (SUSP, section 5.1: CE). An invalid entry is a warning and ends
 * its area; entries before it are still used.
 * @throws DiskError if the continuations form a loop or go past the end
 */
export function* systemUseEntries(reader: IsoReader, record: DirectoryRecord): Generator<SystemUseEntry> {
  const { source, blockSize } = reader
  const first = firstEntry(reader, record)
  let area = record.systemUse.subarray(first)
  let at = record.systemUseAt + first
  let bytes = 0
  const visited = new Set<number>()
  for (;;) {
    let next: SystemUseEntry | undefined
    for (const entry of areaEntries(reader, area, at)) {
      if (entry.signature === 'ST') break
      if (entry.signature === 'CE' && entry.bytes.length >= 28) next = entry
      else yield entry
    }
    if (!next) return
    at = next.bytes.readUInt32LE(4) * blockSize + next.bytes.readUInt32LE(12)
    const length = next.bytes.readUInt32LE(20)
    bytes += length
    if (visited.has(at) || visited.size >= limits.continuations || bytes > limits.continuationBytes) {
      throw damage(source, record.at, 'the system use entries of a directory record form a loop, or never end', 'ISO')
    }
    visited.add(at)
    if (at + length > source.size) {
      throw damage(source, record.at, `the system use entries of a directory record continue at byte ${at}, past the end of the ISO`, 'ISO')
    }
    spend(reader, record, length)
    area = bytesAt(source, at, length)
  }
}

function firstEntry({ skip = 0 }: IsoReader, record: DirectoryRecord): number {
  // The entry that says how much to skip isn't skipped itself.
  const isRootSelf = isSelf(record) && systemUseSkip(record) !== undefined
  return isRootSelf && record.systemUse.toString('latin1', 0, 2) === 'SP' ? 0 : skip
}

function spend({ source, budget }: IsoReader, record: DirectoryRecord, length: number): void {
  budget.continuationBytes += length
  if (budget.continuationBytes > (1 << 20) + continuationRatio * budget.directoryBytes) {
    throw damage(source, record.at, 'the system use entries of the directory records are far longer than any names need', 'ISO')
  }
}

function* areaEntries({ source, warnOnce }: IsoReader, area: Buffer, at: number): Generator<SystemUseEntry> {
  // Zeros are padding, and so is anything shorter than an empty entry of four bytes.
  for (let start = 0; start + 4 <= area.length && area.readUInt16BE(start) !== 0; ) {
    const length = area.readUInt8(start + 2)
    if (length < 4 || start + length > area.length) {
      warnOnce(
        `${source.name}, byte ${at + start}: a system use entry has an impossible length of ${length}; it and what follows it are ignored, here and elsewhere`,
        'susp',
      )
      return
    }
    yield { signature: area.toString('latin1', start, start + 2), bytes: area.subarray(start, start + length) }
    start += length
  }
}
