import { damage } from '../../../bytes/errors.ts'
import { pathText } from '../../../bytes/text.ts'
import type { DirectoryEntry } from '../tree.ts'
import { jolietName, plainName } from './names.ts'
import { type IsoNode, makeNode, type NamedRecords, posixOf } from './nodes.ts'
import type { IsoReader } from './reader.ts'
import { type DirectoryRecord, directoryRecords, isParent, isSelf } from './records.ts'
import type { RockRidge } from './rock-ridge.ts'

/** The entries of a directory as its author made it, without directories that Rock Ridge had to move there. */
export function* children(reader: IsoReader, dir: IsoNode, root: IsoNode): Generator<DirectoryEntry> {
  for (const file of files(reader, dir)) {
    if (file.posix.isRelocated) continue
    if (dir === root && isRelocationDirectory(reader, file)) continue
    yield { name: file.name, node: () => makeNode(reader, file) }
  }
}

/**
 * Rock Ridge moves directories deeper than eight levels into a special directory (RRIP 1.12, section 4.1.5). A directory with its name that
 * contains nothing else is that directory.
 */
function isRelocationDirectory(reader: IsoReader, file: NamedRecords): boolean {
  if (!/^\.?rr_moved$/i.test(file.name.toString('latin1')) || !file.records[0].isDirectory) return false
  const inside = [...files(reader, makeNode(reader, file))]
  return inside.length > 0 && inside.every(({ posix }) => posix.isRelocated)
}

/** Files with all their records: a file larger than 4 GiB has several consecutive ones. */
function* files(reader: IsoReader, dir: IsoNode): Generator<NamedRecords> {
  let records: DirectoryRecord[] = []
  for (const record of directoryRecords(reader, dir.records[0])) {
    if (isSelf(record) || isParent(record)) continue
    if (record.isAssociated) {
      reader.warnOnce(
        `${reader.source.name}, byte ${record.at}: associated files, such as resource forks, are left out, here and elsewhere`,
        'associated',
      )
      continue
    }
    const previous = records.at(-1)
    if (previous && !previous.identifier.equals(record.identifier)) throw unfinished(reader, previous)
    records.push(record)
    if (record.continues) continue
    const [first, ...more] = records as [DirectoryRecord, ...DirectoryRecord[]]
    records = []
    const posix = posixOf(reader, first)
    yield { name: nameOf(reader, first, posix), records: [first, ...more], posix }
  }
  const last = records.at(-1)
  if (last) throw unfinished(reader, last)
}

function unfinished({ source }: IsoReader, record: DirectoryRecord): Error {
  return damage(
    source,
    record.at,
    `the file ${pathText(record.identifier)} should continue in the next directory record, but that is missing`,
    'ISO',
  )
}

function nameOf({ naming }: IsoReader, record: DirectoryRecord, { name }: RockRidge): Buffer {
  if (naming === 'joliet') return jolietName(record)
  return name?.length ? name : plainName(record)
}
