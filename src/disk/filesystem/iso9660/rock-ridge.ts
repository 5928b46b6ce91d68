import { damage } from '../../../bytes/errors.ts'
import { pathText } from '../../../bytes/text.ts'
import { type DeviceNumber, deviceNumber } from '../file-type.ts'
import type { Time } from '../tree.ts'
import { longDate, shortDate } from './dates.ts'
import type { IsoReader } from './reader.ts'
import type { DirectoryRecord } from './records.ts'
import { systemUseEntries } from './susp.ts'
import { SymlinkText } from './symlink.ts'

/** The POSIX attributes that Rock Ridge records for a file (RRIP 1.12, section 4). Absent ones are undefined. */
export interface RockRidge {
  name?: Buffer
  /** `st_mode`: type and permissions. */
  mode?: number
  nlink?: number
  uid?: number
  gid?: number
  /** The file serial number; names with the same number are hard links. */
  serial?: number
  rdev?: DeviceNumber
  modified?: Time
  target?: Buffer
  /** Block of the directory that belongs here; it was moved because it was too deep (CL). */
  childAt?: number
  /** Whether the directory is here only because it was moved (RE). */
  isRelocated: boolean
  /** Why the extent isn't the plain content. */
  encoding?: string
  /** Size of the content in bytes, if it differs from the extent's. */
  size?: number
}

/** @throws DiskError if the entries form a loop, or are too short for their type */
export function rockRidge(reader: IsoReader, record: DirectoryRecord): RockRidge {
  const found: RockRidge = { isRelocated: false }
  const name: Buffer[] = []
  const link = new SymlinkText()
  for (const { signature, bytes } of systemUseEntries(reader, record)) {
    const read = readers[signature]
    if (read) {
      if (bytes.length < read.minLength)
        throw damage(reader.source, record.at, `a directory record's ${signature} entry has only ${bytes.length} bytes`, 'ISO')
      read.into(found, bytes)
    } else if (signature === 'NM' && bytes.length >= 5) {
      // The flags CURRENT and PARENT stand for `.` and `..`, whose names aren't needed.
      if ((bytes[4]! & 0x06) === 0) name.push(bytes.subarray(5))
    } else if (signature === 'SL' && bytes.length >= 5) {
      const problem = link.add(bytes)
      if (problem) reader.warnOnce(`${reader.source.name}, byte ${record.at}: ${problem}`, 'symlink')
    }
  }
  if (name.length > 0) found.name = Buffer.concat(name)
  if (link.text !== undefined) found.target = link.text
  return found
}

interface EntryReader {
  /** Bytes of the entry that it reads. */
  readonly minLength: number
  into(found: RockRidge, bytes: Buffer): void
}

const readers: Readonly<Record<string, EntryReader>> = {
  PX: {
    minLength: 36,
    into(found, bytes) {
      found.mode = bytes.readUInt32LE(4)
      found.nlink = bytes.readUInt32LE(12)
      found.uid = bytes.readUInt32LE(20)
      found.gid = bytes.readUInt32LE(28)
      // The serial number was added in version 1.12.
      if (bytes.length >= 44) found.serial = bytes.readUInt32LE(36)
    },
  },
  PN: {
    minLength: 20,
    into(found, bytes) {
      found.rdev = halvesOfDevice(bytes.readUInt32LE(4), bytes.readUInt32LE(12))
    },
  },
  TF: {
    minLength: 5,
    into(found, bytes) {
      const modified = modificationTime(bytes)
      if (modified) found.modified = modified
    },
  },
  CL: {
    minLength: 12,
    into(found, bytes) {
      found.childAt = bytes.readUInt32LE(4)
    },
  },
  RE: {
    minLength: 4,
    into(found) {
      found.isRelocated = true
    },
  },
  ZF: {
    minLength: 16,
    into(found, bytes) {
      found.encoding = `compressed by zisofs (${pathText(bytes.subarray(4, 6))})`
      found.size = bytes.readUInt32LE(8)
    },
  },
  SF: {
    minLength: 12,
    into(found) {
      found.encoding = 'stored as a sparse file (SF)'
    },
  },
}

/** The two halves of a device number. Current writers put the whole `st_rdev` of Linux into the lower half. */
function halvesOfDevice(high: number, low: number): DeviceNumber {
  return high !== 0 ? { major: high, minor: low } : deviceNumber(low)
}

/** The modification time of a TF entry, which stores its times in the order of their flags. */
function modificationTime(bytes: Buffer): Time | undefined {
  const flags = bytes.readUInt8(4)
  if ((flags & 0x02) === 0) return undefined
  const isLong = (flags & 0x80) !== 0
  const length = isLong ? 17 : 7
  const hasCreation = (flags & 0x01) !== 0
  const start = 5 + (hasCreation ? length : 0)
  if (start + length > bytes.length) return undefined
  const field = bytes.subarray(start, start + length)
  return isLong ? longDate(field) : shortDate(field)
}
