import { damage, type WarnOnce } from '../../../bytes/errors.ts'
import { peek } from '../../../bytes/peek.ts'
import { bytesAt, type Source } from '../../../bytes/source.ts'
import { pathText } from '../../../bytes/text.ts'
import type { Time } from '../tree.ts'
import { longDate } from './dates.ts'
import { sectorSize } from './reader.ts'
import { type DirectoryRecord, parseRecord } from './records.ts'

/** The volume descriptors at the start of an ISO (ECMA-119, section 8), and what surrounds them. */
export interface Descriptors {
  readonly primary: VolumeDescriptor
  readonly joliet: VolumeDescriptor | undefined
  /** Whether a boot record names a boot catalogue. */
  readonly elTorito: boolean
  /** Whether the same files can be read as UDF. */
  readonly udfBridge: boolean
}

/** A primary or supplementary volume descriptor. */
export interface VolumeDescriptor {
  readonly systemId: string
  readonly volumeId: string
  readonly publisherId: string
  readonly preparerId: string
  readonly applicationId: string
  readonly created: Time | undefined
  readonly modified: Time | undefined
  /** Bytes in a logical block. */
  readonly blockSize: number
  /** Logical blocks in the volume. */
  readonly blocks: number
  readonly root: DirectoryRecord
}

/** The first 16 sectors are the system area. */
const firstDescriptor = 16 * sectorSize

/** Far more than any ISO has. Without a limit, a set without a terminator could go on to the end of the image. */
const maxDescriptors = 64

/** Whether there is a volume descriptor at the fixed position of an ISO's first one. */
export function hasDescriptor(source: Source): boolean {
  return identifierAt(source, firstDescriptor) === 'CD001'
}

/**
 * Reads the descriptors of a session.
 * @param session the sector at which it begins; 0 for the first
 * @throws DiskError if there is no valid primary volume descriptor
 */
export function readDescriptors(source: Source, session: number, warnOnce: WarnOnce): Descriptors {
  const first = firstDescriptor + session * sectorSize
  let primary: VolumeDescriptor | undefined
  let joliet: VolumeDescriptor | undefined
  let elTorito = false
  const types: number[] = []
  let at = first
  for (; types.length < maxDescriptors && identifierAt(source, at) === 'CD001'; at += sectorSize) {
    const bytes = bytesAt(source, at, sectorSize)
    const type = bytes.readUInt8(0)
    types.push(type)
    if (type === 0) elTorito ||= bytes.toString('latin1', 7, 30) === 'EL TORITO SPECIFICATION'
    if (type === 1) primary ??= parseDescriptor(source, bytes, at, warnOnce)
    if (type === 2 && isJoliet(bytes)) joliet ??= parseDescriptor(source, bytes, at, warnOnce)
    if (type === 255) break
  }
  if (!primary) {
    const found = types.length === 0 ? 'there is none' : `there are only descriptors of the types ${types.join(', ')}`
    throw damage(source, first, `a primary volume descriptor should be here, but ${found}`, 'ISO')
  }
  if (types.at(-1) !== 255) warnOnce(`${source.name}, byte ${at}: the volume descriptors end without a terminator`, 'terminator')
  return { primary, joliet, elTorito, udfBridge: isUdfBridge(source, at) }
}

function identifierAt(source: Source, at: number): string | undefined {
  return peek(source, at, sectorSize)?.toString('latin1', 1, 6)
}

function parseDescriptor(source: Source, bytes: Buffer, at: number, warnOnce: WarnOnce): VolumeDescriptor {
  const blockSize = bytes.readUInt16LE(128)
  if (![512, 1024, 2048].includes(blockSize)) {
    throw damage(source, at + 128, `the logical block size is ${blockSize}, but only 512, 1024 and 2048 are possible`, 'ISO')
  }
  const text = (from: number, to: number) => pathText(bytes.subarray(from, to)).replace(/[ \0]+$/, '')
  return {
    systemId: text(8, 40),
    volumeId: text(40, 72),
    publisherId: text(318, 446),
    preparerId: text(446, 574),
    applicationId: text(574, 702),
    created: longDate(bytes.subarray(813, 830)),
    modified: longDate(bytes.subarray(830, 847)),
    blockSize,
    blocks: bytes.readUInt32LE(80),
    root: parseRecord(source, bytes.subarray(156, 190), at + 156, warnOnce),
  }
}

/** Whether a supplementary descriptor has the escape sequence of UCS-2 level 1, 2 or 3 (Joliet, "Identifying a Joliet SVD"). */
function isJoliet(bytes: Buffer): boolean {
  return ['%/@', '%/C', '%/E'].includes(bytes.toString('latin1', 88, 91))
}

/** Looks in the extended area after the volume descriptors for BEA01, then NSR02 or NSR03 (ECMA-167, part 2). */
function isUdfBridge(source: Source, terminator: number): boolean {
  for (let index = 1; index <= 16; index++) {
    const identifier = identifierAt(source, terminator + index * sectorSize)
    if (identifier === 'NSR02' || identifier === 'NSR03') return true
    if (identifier === undefined || !/^(BEA01|BOOT2|CDW02)$/.test(identifier)) return false
  }
  return false
}
