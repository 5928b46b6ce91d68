import type { Source } from '../../bytes/source.ts'
import type { Footer } from './footer.ts'

/** The disk inside a VHD. */
export interface Vhd extends Source {
  readonly info: VhdInfo
  /**
   * Checks that need the whole file, and may have to wait for it: all blocks lie within it, and the footer at its end equals the one at its
   * start.
   * @throws DiskError if a block lies past the end of the file
   */
  check(): void
}

/** What `inspect` reports about a VHD. */
export interface VhdInfo {
  readonly type: 'fixed' | 'dynamic'
  /** Program and version, e.g. `tap 1.3`. */
  readonly creator: string
  readonly uuid: string
  /** In bytes. Like XenServer, this reader uses the current size; some programs use the geometry's. */
  readonly originalSize: number
  readonly currentSize: number
  readonly geometrySize: number
  /** Only for a dynamic VHD: block size in bytes, number of blocks, and number of allocated blocks. */
  readonly blockSize?: number
  readonly blocks?: number
  readonly allocatedBlocks?: number
  readonly batmap?: boolean
}

export function describeFooter({ creator, creatorVersion, uuid, originalSize, currentSize, geometrySize }: Footer): Omit<VhdInfo, 'type'> {
  return { creator: `${creator} ${creatorVersion.major}.${creatorVersion.minor}`, uuid, originalSize, currentSize, geometrySize }
}
