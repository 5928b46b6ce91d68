import type { Source } from '../../bytes/source.ts'
import type { Footer } from './footer.ts'

/** The disk inside a VHD. */
export interface Vhd extends Source {
  readonly info: VhdInfo
  /**
   * What takes the whole file, and so may have to wait for it: blocks within it, and the footer at its end as at its start.
   * @throws DiskError if a block lies past the end of the file
   */
  check(): void
}

/** What `inspect` says of a VHD. */
export interface VhdInfo {
  readonly type: 'fixed' | 'dynamic'
  /** Program and version, e.g. `tap 1.3`. */
  readonly creator: string
  readonly uuid: string
  /** In bytes. The disk's size is the current one, as for XenServer; some programs take that of the geometry. */
  readonly originalSize: number
  readonly currentSize: number
  readonly geometrySize: number
  /** Of a dynamic one: bytes in a block, blocks in all, and those that are in the file. */
  readonly blockSize?: number
  readonly blocks?: number
  readonly allocatedBlocks?: number
  readonly batmap?: boolean
}

export function describeFooter({ creator, creatorVersion, uuid, originalSize, currentSize, geometrySize }: Footer): Omit<VhdInfo, 'type'> {
  return { creator: `${creator} ${creatorVersion.major}.${creatorVersion.minor}`, uuid, originalSize, currentSize, geometrySize }
}
