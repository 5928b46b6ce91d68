import { DiskError, onceEach, type Warn, type WarnOnce } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'
import { warnIfCutShort } from '../checks.ts'
import type { FileSystem, FileSystemFormat, FileSystemInfo } from '../format.ts'
import type { Time } from '../tree.ts'
import { type Descriptors, hasDescriptor, readDescriptors, type VolumeDescriptor } from './descriptors.ts'
import { children } from './directory.ts'
import { hybridParts } from './hybrid.ts'
import { type IsoNode, posixOf, rootNode } from './nodes.ts'
import { type IsoReader, type Naming, sectorSize } from './reader.ts'
import { dataStart, selfRecord } from './records.ts'
import { findSessions } from './sessions.ts'
import { systemUseSkip } from './susp.ts'

/** An ISO 9660 image. */
export interface IsoFileSystem extends FileSystem {
  readonly iso: IsoDescription
}

/** What the volume descriptors say, for display. */
export interface IsoDescription {
  readonly volumeId: string
  readonly systemId: string
  readonly publisherId: string
  readonly preparerId: string
  readonly applicationId: string
  /** When the volume was made; undefined if unknown. */
  readonly created: Time | undefined
  readonly modified: Time | undefined
  /** Bytes in a logical block. */
  readonly blockSize: number
  /** Size of all sessions in bytes. A shorter image was cut off. */
  readonly size: number
  readonly extensions: readonly ('rock-ridge' | 'joliet')[]
  /** Which set of names is used. */
  readonly naming: Naming
  readonly elTorito: boolean
  readonly udfBridge: boolean
  /** The partition tables that let it boot from a disk. */
  readonly hybrid: readonly ('mbr' | 'gpt')[]
  /** Number of sessions, as far as an image tells. */
  readonly sessions: number
}

/** ISO 9660 (ECMA-119) with multi-extent files, Rock Ridge (RRIP 1.12) and Joliet. Of several sessions, the last one is read. */
export const iso9660: FileSystemFormat = { name: 'iso9660', detect: hasDescriptor, open: openIso }

/** @throws DiskError if it has no primary volume descriptor, or no root directory */
export function openIso(source: Source, warn: Warn): IsoFileSystem {
  const warnOnce = onceEach(warn)
  const sessions = findSessions(source)
  const session = sessions.at(-1)!
  const descriptors = readDescriptors(source, session, warnOnce)
  const { blocks, blockSize } = descriptors.primary
  const size = session * sectorSize + blocks * blockSize
  warnIfCutShort(source, 'the ISO', size, warn)
  const { reader, root, hasRockRidge } = chooseNames(source, descriptors, warnOnce)
  const iso = { ...describe(source, descriptors, reader.naming, hasRockRidge), size, sessions: sessions.length }
  return { root, entries: (dir) => children(reader, dir as IsoNode, root), info: summary(iso), iso }
}

interface Opened {
  readonly reader: IsoReader
  readonly root: IsoNode
  readonly hasRockRidge: boolean
}

/** Prefers Rock Ridge, which has all POSIX attributes of a file, to Joliet, which only has names. */
function chooseNames(source: Source, { primary, joliet }: Descriptors, warnOnce: WarnOnce): Opened {
  try {
    const rootSelf = selfRecord({ source, warnOnce }, dataStart(primary.root, primary.blockSize))
    const skip = systemUseSkip(rootSelf)
    const rockRidge = makeReader(source, primary, skip === undefined ? 'plain' : 'rock-ridge', skip, warnOnce)
    const root = rootNode(rockRidge, primary.root)
    // Other extensions use the same protocol. Without Rock Ridge's modes, Joliet is better.
    const hasRockRidge = skip !== undefined && posixOf(rockRidge, rootSelf).mode !== undefined
    if (hasRockRidge || !joliet) return { reader: rockRidge, root, hasRockRidge }
  } catch (error) {
    if (!joliet || !(error instanceof DiskError)) throw error
    warnOnce(`${error.message}; the Joliet directories are read instead`, 'primary')
  }
  const reader = makeReader(source, joliet, 'joliet', undefined, warnOnce)
  return { reader, root: rootNode(reader, joliet.root), hasRockRidge: false }
}

function makeReader(
  source: Source,
  { blockSize }: VolumeDescriptor,
  naming: Naming,
  skip: number | undefined,
  warnOnce: WarnOnce,
): IsoReader {
  const budget = { directoryBytes: 0, continuationBytes: 0, owners: new Map() }
  return { source, blockSize, naming, skip, warnOnce, hardLinks: new Map(), budget }
}

function describe(
  source: Source,
  { primary, joliet, elTorito, udfBridge }: Descriptors,
  naming: Naming,
  hasRockRidge: boolean,
): Omit<IsoDescription, 'size' | 'sessions'> {
  const { root, blocks, ...fields } = primary
  return {
    ...fields,
    naming,
    extensions: [...(hasRockRidge ? (['rock-ridge'] as const) : []), ...(joliet ? (['joliet'] as const) : [])],
    elTorito,
    udfBridge,
    hybrid: hybridParts(source),
  }
}

function summary(iso: IsoDescription): FileSystemInfo {
  return {
    type: 'iso9660',
    label: iso.volumeId,
    uuid: uuid(iso.modified ?? iso.created),
    blockSize: iso.blockSize,
    size: iso.size,
    free: 0,
    features: [
      ...iso.extensions,
      ...(iso.elTorito ? ['el-torito'] : []),
      ...(iso.udfBridge ? ['udf'] : []),
      ...iso.hybrid.map((table) => `isohybrid-${table}`),
    ],
    notes: [`read by its ${iso.naming} names`, ...(iso.sessions > 1 ? [`the last of ${iso.sessions} sessions`] : [])],
  }
}

/** An ISO has no UUID. Like blkid, this uses the time of the last change, in UTC and hundredths of a second. */
function uuid(time: Time | undefined): string {
  if (!time) return ''
  const text = new Date(time.seconds * 1000).toISOString().slice(0, 19)
  return `${text.replace(/[T:]/g, '-')}-${String(Math.floor(time.nanoseconds / 10_000_000)).padStart(2, '0')}`
}
