import { createHash } from 'node:crypto'
import { DiskError, type Warn } from '../../bytes/errors.ts'
import { bytesAt, checkRange, type Source } from '../../bytes/source.ts'
import { parseXvaOva, type XvaDescription, type XvaDiskDescription } from './ova.ts'
import { isTar, type TarMember, tarMembers } from './tar.ts'

/** An XVA version 2, as XenServer exports a virtual machine: a tar with `ova.xml` and the blocks of its disks. */
export interface Xva {
  readonly ovaXml: string
  readonly description: XvaDescription
  /** The disks that have blocks, in the order in which they are attached. */
  readonly disks: readonly XvaDisk[]
}

export interface XvaDisk extends XvaDiskDescription {
  /** The disk's bytes. Unless given, `size` is the size in the description, in bytes. */
  source(size?: number): Source
}

/** Size of every block except the last one of a disk. */
const blockSize = 1 << 20

const maxOvaSize = 16 << 20

/** Whether it is a tar that begins with `ova.xml`. */
export function isXva(source: Source): boolean {
  if (!isTar(source)) return false
  const [first] = tarMembers(source)
  return first?.name === 'ova.xml'
}

/** @throws DiskError if it is compressed or cut short, or its description is missing or invalid */
export function openXva(source: Source, warn: Warn): Xva {
  refuseCompressed(source)
  const blocks = new Map<string, DiskBlocks>()
  let ova: TarMember | undefined
  for (const member of tarMembers(source)) {
    if (member.name === 'ova.xml') ova = member
    else addBlock(blocks, member, source)
  }
  if (!ova) throw new DiskError(source.name, 'the archive has no ova.xml, so it is not an XVA', 'not-a-ddk')
  const place = `ova.xml of ${source.name}`
  if (ova.size > maxOvaSize)
    throw new DiskError(place, `it has ${ova.size} bytes; but the description of a machine has at most ${maxOvaSize}`)
  const ovaXml = bytesAt(source, ova.offset, ova.size).toString()
  const description = parseXvaOva(ovaXml, place)
  return { ovaXml, description, disks: matchDisks(source, description, blocks, warn) }
}

function refuseCompressed(source: Source): void {
  if (source.size >= 2 && bytesAt(source, 0, 2).readUInt16BE(0) === 0x1f8b) {
    throw new DiskError(
      source.name,
      'the XVA is compressed; unpack it with gunzip first (it may have to be renamed to end in .gz)',
      'unsupported',
    )
  }
}

/** A disk's blocks by number: block 3 begins at byte 3 MiB. Missing blocks are zeros. */
type DiskBlocks = Map<number, Block>

interface Block {
  content?: TarMember
  /** The file with the SHA-1 of the content, in hexadecimal. */
  sha1?: TarMember
  hasXxhash?: boolean
}

function addBlock(blocks: Map<string, DiskBlocks>, member: TarMember, source: Source): void {
  const [, ref, digits, suffix] = /^(?:\.\/)?(Ref:\d+)\/(\d{8,12})(\.checksum|\.xxhash)?$/.exec(member.name) ?? []
  if (!ref) return
  const disk = blocks.get(ref) ?? new Map<number, Block>()
  blocks.set(ref, disk)
  const number = Number(digits)
  const block = disk.get(number) ?? {}
  disk.set(number, block)
  if (suffix === '.checksum') block.sha1 = member
  else if (suffix === '.xxhash') block.hasXxhash = true
  else if (block.content) throw new DiskError(source.name, `the archive has ${member.name} twice`)
  else block.content = member
}

function matchDisks(source: Source, description: XvaDescription, blocks: Map<string, DiskBlocks>, warn: Warn): XvaDisk[] {
  const disks: XvaDisk[] = []
  for (const disk of description.disks) {
    const found = blocks.get(disk.ref)
    // An empty drive, or the suspended memory of the machine, has a description but no blocks.
    if (found) disks.push({ ...disk, source: (size = disk.virtualSize) => diskSource(source, disk.ref, found, size) })
  }
  if (disks.length === 0) throw new DiskError(source.name, 'the archive has no blocks of any disk that its ova.xml describes', 'not-a-ddk')
  if ([...blocks.values()].some((disk) => [...disk.values()].some(({ sha1, hasXxhash }) => hasXxhash && !sha1))) {
    warn(`${source.name}: blocks have only xxHash checksums, which are not verified`)
  }
  return disks
}

/** @throws DiskError if a block lies outside the disk, or has the wrong size */
function diskSource(archive: Source, ref: string, blocks: DiskBlocks, size: number): Source {
  const name = `${ref} of ${archive.name}`
  const last = highest(blocks)
  for (const [number, { content }] of blocks) checkBlock(name, number, content, number === last, size)
  const verified = new Set<number>()
  const disk: Source = {
    name,
    size,
    read(into, offset) {
      checkRange(disk, offset, into.length)
      for (let done = 0; done < into.length; ) {
        const number = Math.floor((offset + done) / blockSize)
        const within = offset + done - number * blockSize
        const piece = into.subarray(done, done + Math.min(into.length - done, blockSize - within))
        const block = blocks.get(number)
        if (block && !verified.has(number)) {
          verify(archive, name, number, block)
          verified.add(number)
        }
        readBlock(archive, block?.content, piece, within)
        done += piece.length
      }
    },
  }
  return disk
}

function highest(blocks: DiskBlocks): number {
  let last = 0
  for (const number of blocks.keys()) last = Math.max(last, number)
  return last
}

function checkBlock(name: string, number: number, content: TarMember | undefined, isLast: boolean, size: number): void {
  const place = `block ${number} of ${name}`
  if (!content) throw new DiskError(place, 'its checksum is there, but the block itself is missing; the archive is damaged')
  // An empty block stands for zeros. It was sent to keep a slow connection open.
  const isWhole = content.size === blockSize || content.size === 0
  if (content.size > blockSize || (!isWhole && !isLast)) throw new DiskError(place, `it has ${content.size} bytes instead of ${blockSize}`)
  if (number * blockSize >= size) throw new DiskError(place, `it lies past the end of the disk, which has ${size} bytes`)
}

/** Reads from one block. Past the end of a short block there are zeros. */
function readBlock(archive: Source, content: TarMember | undefined, into: Uint8Array, within: number): void {
  const length = Math.max(0, Math.min(into.length, (content?.size ?? 0) - within))
  if (content && length > 0) archive.read(into.subarray(0, length), content.offset + within)
  into.fill(0, length)
}

/** @throws DiskError if the block's SHA-1 differs from the one in the archive */
function verify(archive: Source, name: string, number: number, { content, sha1 }: Block): void {
  if (!content || !sha1) return
  const place = `block ${number} of ${name}`
  if (sha1.size < 40 || sha1.size > 80) throw new DiskError(place, `its checksum has ${sha1.size} bytes; a SHA-1 has 40`)
  const expected = bytesAt(archive, sha1.offset, sha1.size).toString('latin1').trim().toLowerCase()
  const found = createHash('sha1')
    .update(bytesAt(archive, content.offset, content.size))
    .digest('hex')
  if (found !== expected) throw new DiskError(place, `its SHA-1 is ${found}, but should be ${expected}; the archive is damaged`)
}
