import { DiskError, damage } from '../../../bytes/errors.ts'
import { concat, type Source, slice } from '../../../bytes/source.ts'
import { pathText } from '../../../bytes/text.ts'
import { checkedTarget } from '../checks.ts'
import { type FileType, fileTypeOf } from '../file-type.ts'
import type { FileNode } from '../tree.ts'
import type { IsoReader } from './reader.ts'
import { type DirectoryRecord, dataStart, selfRecord } from './records.ts'
import { type RockRidge, rockRidge } from './rock-ridge.ts'

/** A file or directory, with the position of its bytes. */
export interface IsoNode extends FileNode {
  /** The records of its extents, in order; a directory has one. */
  readonly records: readonly [DirectoryRecord, ...DirectoryRecord[]]
}

/** A file as listed in its directory. */
export interface NamedRecords {
  readonly name: Buffer
  readonly records: IsoNode['records']
  readonly posix: RockRidge
}

const noPosix: RockRidge = { isRelocated: false }

/** The record's POSIX attributes; none if the ISO isn't read with Rock Ridge. */
export function posixOf(reader: IsoReader, record: DirectoryRecord): RockRidge {
  return reader.naming === 'rock-ridge' ? rockRidge(reader, record) : noPosix
}

/** The root directory; `record` is its record in a volume descriptor. */
export function rootNode(reader: IsoReader, record: DirectoryRecord): IsoNode {
  const self = selfRecord(reader, dataStart(record, reader.blockSize))
  return makeNode(reader, { name: Buffer.from('/'), records: [self], posix: posixOf(reader, self) })
}

/** @throws DiskError if it is a relocated directory that isn't where it should be */
export function makeNode(reader: IsoReader, named: NamedRecords): IsoNode {
  if (named.posix.childAt === undefined) return describe(reader, named)
  const self = selfRecord(reader, named.posix.childAt * reader.blockSize)
  return describe(reader, { name: named.name, records: [self], posix: rockRidge(reader, self) })
}

function describe(reader: IsoReader, { name, records, posix }: NamedRecords): IsoNode {
  const [first] = records
  const type = nodeType(reader, first, posix)
  const isDir = type === 'dir'
  const at = `${pathText(name)} (directory record at byte ${first.at})`
  return {
    type,
    ino: inodeNumber(reader, type, first, posix),
    mode: posix.mode === undefined ? (isDir ? 0o555 : 0o444) : posix.mode & 0o7777,
    uid: posix.uid ?? 0,
    gid: posix.gid ?? 0,
    nlink: posix.nlink ?? 1,
    mtime: posix.modified ?? first.recorded ?? { seconds: 0, nanoseconds: 0 },
    size: type === 'symlink' ? (posix.target?.length ?? 0) : (posix.size ?? records.reduce((sum, record) => sum + record.dataLength, 0)),
    ...((type === 'char' || type === 'block') && { rdev: posix.rdev ?? { major: 0, minor: 0 } }),
    records,
    content() {
      if (posix.encoding) {
        const what = `the file is ${posix.encoding}, which can't be read; make the ISO without it`
        throw new DiskError(`${at} of ${reader.source.name}`, what, 'unsupported')
      }
      return content(reader, at, records)
    },
    target() {
      return checkedTarget(posix.target ?? Buffer.alloc(0), reader.source, at, 'ISO')
    },
    xattrs: () => new Map(),
  }
}

function nodeType({ source, warnOnce }: IsoReader, record: DirectoryRecord, { mode }: RockRidge): FileType {
  const plain = record.isDirectory ? 'dir' : 'file'
  if (mode === undefined) return plain
  const type = fileTypeOf(mode)
  if (type && (type === 'dir') === record.isDirectory) return type
  warnOnce(
    `${source.name}, byte ${record.at}: a ${plain} has the mode 0${mode.toString(8)}, which isn't the mode of a ${plain}; it is treated as a ${plain}`,
    'type',
  )
  return plain
}

/**
 * The inode number of a directory is the position of its data; that of anything else is the position of its record. The two never collide,
 * because a directory's data begins with its own record. Serial numbers alone can't be trusted, because writers cut them to 32 bits. So two
 * names are hard links if they have the same serial number **and** the same data, and all of them get the position of the record that was
 * read first.
 */
function inodeNumber(
  { blockSize, hardLinks }: IsoReader,
  type: FileType,
  record: DirectoryRecord,
  { serial, nlink, rdev }: RockRidge,
): number {
  if (type === 'dir') return record.dataLength > 0 ? dataStart(record, blockSize) : record.at
  if (serial === undefined || (nlink ?? 1) < 2) return record.at
  const identity = [serial, type, record.location, record.dataLength, rdev?.major, rdev?.minor].join()
  const known = hardLinks.get(identity) ?? record.at
  hardLinks.set(identity, known)
  return known
}

/** @param at the file's place, as for `damage` */
function content({ source, blockSize }: IsoReader, at: string, records: IsoNode['records']): Source {
  const name = `${at} of ${source.name}`
  const extents = records.map((record) => {
    if (record.isInterleaved) throw new DiskError(name, "the file is interleaved with others, which can't be read", 'unsupported')
    if (record.dataLength === 0) return slice(source, 0, 0, name)
    const start = dataStart(record, blockSize)
    const end = start + record.dataLength
    if (end > source.size) {
      throw damage(source, at, `its content should be at bytes ${start} to ${end}, but the ISO ends at byte ${source.size}`, 'ISO')
    }
    return slice(source, start, record.dataLength, name)
  })
  return extents.length === 1 ? extents[0]! : concat(extents, name)
}
