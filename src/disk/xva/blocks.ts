import { DiskError } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { type TarMember, tarMembers } from './tar.ts'

/** A block of a disk. */
export interface Block extends TarMember {
  /** Where it belongs in the disk, in bytes. */
  readonly start: number
  /** The file with the checksum of its content, directly after it. */
  readonly checksum?: TarMember & { readonly algorithm: 'SHA-1' | 'XXH64' }
}

/** The blocks of one disk that have been found so far. */
export interface DiskBlocks {
  /** In order, without overlap. Some have no bytes: XenServer sends these to keep a connection alive. */
  readonly blocks: readonly Block[]
  /** Where the last one ends. */
  readonly end: number
}

/** The files of an XVA, found as far as they are needed. */
export interface XvaIndex {
  /** Present once it has been found. */
  readonly ova: TarMember | undefined
  /** By the folder in the archive, e.g. `Ref:4`. */
  disk(ref: string): DiskBlocks | undefined
  /** The folders of blocks that have been found. */
  readonly refs: Iterable<string>
  /** Reads the archive until `isFound` returns true, or to its end. Returns what `isFound` returned last. */
  readUntil(isFound: () => boolean): boolean
}

interface Disk {
  readonly blocks: Block[]
  end: number
  last: number
}

/**
 * Finds the blocks of an XVA by XenServer's own rule (xen-api, stream_vdi.ml): numbers increase; each missing number stands for as many zeros
 * as the archive's first block has bytes; each block stands for its own bytes. So a block of no bytes moves those after it by one.
 */
export function indexOf(source: Source): XvaIndex {
  const members = tarMembers(source)
  const disks = new Map<string, Disk>()
  let ova: TarMember | undefined
  let blockLength: number | undefined
  /** A block that may be followed by its checksum. */
  let pending: { readonly disk: Disk; block: Block } | undefined
  let ended = false
  let failure: unknown

  const settle = () => {
    if (!pending) return
    const { disk, block } = pending
    disk.blocks.push(block)
    disk.end = block.start + block.size
    pending = undefined
  }
  const addBlock = (member: TarMember, ref: string, digits: string) => {
    settle()
    const disk = disks.get(ref) ?? { blocks: [], end: 0, last: -1 }
    disks.set(ref, disk)
    const number = Number(digits)
    const place = `${source.name}, byte ${member.header}`
    if (!Number.isSafeInteger(number)) throw new DiskError(place, `${member.name} has an impossible number; the archive is damaged`)
    if (number === disk.last) throw new DiskError(place, `${member.name} is a block that the archive has twice; it is damaged`)
    if (number < disk.last) {
      throw new DiskError(
        place,
        `${member.name} comes after block ${disk.last}, but the numbers of blocks must increase; the archive is damaged`,
      )
    }
    blockLength ??= member.size
    const start = disk.end + (number - disk.last - 1) * blockLength
    if (!Number.isSafeInteger(start)) throw new DiskError(place, `${member.name} has an impossible number; the archive is damaged`)
    disk.last = number
    pending = { disk, block: { ...member, start } }
  }
  const addChecksum = (member: TarMember, blockName: string, extension: string) => {
    if (pending?.block.name !== blockName || pending.block.checksum) {
      throw new DiskError(
        `${source.name}, byte ${member.header}`,
        `${member.name} doesn't follow ${blockName}, whose checksum it is; the archive is damaged`,
      )
    }
    pending.block = { ...pending.block, checksum: { ...member, algorithm: extension === '.xxhash' ? 'XXH64' : 'SHA-1' } }
  }
  const readNext = () => {
    const { value: member, done } = members.next()
    if (done) {
      ended = true
      settle()
      return
    }
    const [, blockName, ref, digits, extension] = /^((Ref:[^/]+)\/(\d{1,20}))(\.checksum|\.xxhash)?$/.exec(member.name) ?? []
    if (blockName === undefined) {
      settle()
      if (member.name !== 'ova.xml') return
      if (ova)
        throw new DiskError(`${source.name}, byte ${member.header}`, `the archive has a second ova.xml; the first is at byte ${ova.header}`)
      ova = member
    } else if (extension === undefined) addBlock(member, ref!, digits!)
    else addChecksum(member, blockName, extension)
  }
  return {
    get ova() {
      return ova
    },
    get refs() {
      return disks.keys()
    },
    disk: (ref) => disks.get(ref),
    readUntil(isFound) {
      while (!isFound()) {
        if (failure !== undefined) throw failure
        if (ended) return false
        try {
          readNext()
        } catch (error) {
          // The next reader must not take this for the end of the archive.
          failure = error
        }
      }
      return true
    },
  }
}
