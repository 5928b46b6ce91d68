import { DiskError, type Warn } from '../../bytes/errors.ts'
import { peek } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'
import { checksumWithout } from './checksum.ts'

/** The footer of a VHD (Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format"). */
export interface Footer {
  readonly type: DiskType
  /** The program that wrote it: `tap`, `qemu`, `win`, `vpc`, `d2v`. */
  readonly creator: string
  readonly creatorVersion: { readonly major: number; readonly minor: number }
  /** Position of the dynamic disk header. */
  readonly dataOffset: number
  /** Size at creation and current size, in bytes. */
  readonly originalSize: number
  readonly currentSize: number
  /** In bytes: cylinders × heads × sectors. Some programs use this as the size. */
  readonly geometrySize: number
  readonly uuid: string
}

export type DiskType = 'fixed' | 'dynamic' | 'differencing'

export const footerSize = 512
const footerCookie = 'conectix'

/** 2040 GiB: what 32-bit sector numbers can address, minus a margin. Every program that writes VHDs respects it. */
const maxDiskSize = 0xff000000 * 512
const diskTypes: Readonly<Record<number, DiskType>> = { 2: 'fixed', 3: 'dynamic', 4: 'differencing' }

export function hasFooterCookie(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, footerCookie.length) === footerCookie
}

/**
 * Parses 512 bytes that begin with the cookie. A wrong checksum is only a warning, because some programs set a flag without updating it.
 * @throws DiskError if a field has an impossible value
 */
export function parseFooter(bytes: Buffer, place: string, warn: Warn): Footer {
  if (bytes.readUInt32BE(64) !== checksumWithout(bytes, 64))
    warn(`${place}: the checksum of the VHD footer is wrong; its fields are used anyway`)
  const typeCode = bytes.readUInt32BE(60)
  const type = diskTypes[typeCode]
  if (!type)
    throw new DiskError(
      place,
      `the VHD footer has the disk type ${typeCode}; 2 (fixed), 3 (dynamic) and 4 (differencing) are known`,
      'unsupported',
    )
  const currentSize = Number(bytes.readBigUInt64BE(48))
  if (currentSize > maxDiskSize)
    throw new DiskError(place, `the VHD footer says that the disk has ${currentSize} bytes; the limit is ${maxDiskSize}`, 'unsupported')
  return {
    type,
    creator: bytes.toString('latin1', 28, 32).replace(/[\0 ]+$/, ''),
    creatorVersion: { major: bytes.readUInt16BE(32), minor: bytes.readUInt16BE(34) },
    dataOffset: Number(bytes.readBigUInt64BE(16)),
    originalSize: Number(bytes.readBigUInt64BE(40)),
    currentSize,
    geometrySize: bytes.readUInt16BE(56) * bytes.readUInt8(58) * bytes.readUInt8(59) * 512,
    uuid: bytes.toString('hex', 68, 84).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  }
}

/** The footer in the last 512 bytes, or in the last 511 (padded to 512), as Virtual PC before 2004 wrote it. */
export function endFooter(source: Source): { bytes: Buffer; offset: number } | undefined {
  for (const length of [512, 511]) {
    const offset = source.size - length
    const bytes = offset >= 0 ? peek(source, offset, length) : undefined
    if (bytes && hasFooterCookie(bytes)) return { bytes: Buffer.concat([bytes], footerSize), offset }
  }
  return undefined
}

/** Whether the bytes are a disk followed by the valid footer of a fixed VHD. */
export function endsAsFixedVhd(source: Source): boolean {
  const bytes = endFooter(source)?.bytes
  return bytes !== undefined && diskTypes[bytes.readUInt32BE(60)] === 'fixed' && bytes.readUInt32BE(64) === checksumWithout(bytes, 64)
}
