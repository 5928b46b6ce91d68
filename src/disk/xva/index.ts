import { DiskError, type Warn } from '../../bytes/errors.ts'
import { bytesAt, checkRange, type Source } from '../../bytes/source.ts'
import { type Block, indexOf, type XvaIndex } from './blocks.ts'
import { blockVerifier, type VerifyBlock } from './checksum.ts'
import { parseXvaOva, type XvaDescription, type XvaDiskDescription } from './ova.ts'
import { tarMembers } from './tar.ts'

/** An XVA version 2, as XenServer exports a virtual machine: a tar with `ova.xml` and the blocks of its disks. */
export interface Xva {
  readonly description: XvaDescription
  /** The disk that the machine boots from. */
  readonly disk: XvaDisk
  /** The other disks that are attached to it. They may have no blocks. */
  readonly others: readonly OtherXvaDisk[]
}

export interface OtherXvaDisk {
  /** E.g. `b` for the device xvdb. */
  readonly letter: string
  /** @throws DiskError if it has no blocks */
  open(): XvaDisk
}

export interface XvaDisk extends Source {
  readonly ref: string
  /**
   * Reads the archive to its end, and verifies all blocks of this disk that haven't been read.
   * @throws DiskError that names the damaged block
   */
  finish(): void
}

const maxOvaSize = 16 << 20

/** Whether it is a tar whose first file is one of an XVA. Its first 4 KiB are enough. */
export function isXva(source: Source): boolean {
  try {
    const [first] = tarMembers(source)
    return first !== undefined && /^(?:ova\.xml$|Ref:[^/]+\/\d)/.test(first.name)
  } catch {
    return false
  }
}

/**
 * Opens an uncompressed XVA, which may still be growing. The root disk is the one with the lowest `userdevice` that has blocks; `bootable`
 * isn't reliable, because XenServer 7.0 exports 0 and Xen Orchestra always 1.
 * @throws DiskError if the archive is cut short or damaged, or its description is missing or invalid
 */
export async function openXva(source: Source, warn: Warn): Promise<Xva> {
  const index = indexOf(source)
  const description = readDescription(source, index)
  const disk = rootDisk(source, index, description, warn)
  const verify = await blockVerifier()
  const others = description.disks
    .filter(({ ref, userdevice }) => ref !== disk.ref && /^\d$/.test(userdevice ?? ''))
    .map((other) => ({ letter: 'abcdefghij'[Number(other.userdevice)]!, open: () => openOtherDisk(source, index, other, verify) }))
  return { description, disk: openDisk(source, index, disk, verify), others }
}

function openOtherDisk(archive: Source, index: XvaIndex, disk: XvaDiskDescription, verify: VerifyBlock): XvaDisk {
  if (!index.readUntil(() => index.disk(disk.ref) !== undefined)) {
    throw new DiskError(`${disk.ref} of ${archive.name}`, 'the archive has no blocks of this disk', 'not-a-ddk')
  }
  return openDisk(archive, index, disk, verify)
}

function readDescription(source: Source, index: XvaIndex): XvaDescription {
  if (!index.readUntil(() => index.ova !== undefined)) {
    throw new DiskError(
      source.name,
      'the archive has no ova.xml, so it is not an XVA; if the DDK is in it, unpack it first, with tar -xf',
      'not-a-ddk',
    )
  }
  const { offset, size } = index.ova!
  const place = `ova.xml of ${source.name}`
  if (size > maxOvaSize) throw new DiskError(place, `it has ${size} bytes; but the description of a machine has at most ${maxOvaSize}`)
  return parseXvaOva(bytesAt(source, offset, size).toString(), place)
}

function rootDisk(source: Source, index: XvaIndex, { disks }: XvaDescription, warn: Warn): XvaDiskDescription {
  const hasBlocks = ({ ref }: XvaDiskDescription) => index.readUntil(() => index.disk(ref) !== undefined)
  const attached = disks.find((disk) => disk.userdevice !== undefined && hasBlocks(disk))
  if (attached) return attached
  const others = disks.filter(hasBlocks)
  if (others.length === 0) {
    const described = disks.map(({ ref }) => ref).slice(0, 10)
    const found = [...index.refs].slice(0, 10)
    throw new DiskError(
      source.name,
      `the archive has no blocks of any disk that its ova.xml describes: it describes ${described.join(', ') || 'none'}, and there are blocks of ${found.join(', ') || 'none'}`,
      'not-a-ddk',
    )
  }
  const refs = others.map(({ ref }) => ref).join(', ')
  if (others.length > 1)
    throw new DiskError(source.name, `no disk is attached to the machine, and several have blocks: ${refs}`, 'not-a-ddk')
  warn(`${source.name}: no disk is attached to the machine; the only one with blocks is used: ${refs}`)
  return others[0]!
}

function openDisk(archive: Source, index: XvaIndex, { ref, virtualSize }: XvaDiskDescription, verify: VerifyBlock): XvaDisk {
  const found = index.disk(ref)!
  const { blocks } = found
  const verified = new Set<number>()
  let checked = 0
  const readUntil = (isFound: () => boolean) => {
    index.readUntil(isFound)
    for (; checked < blocks.length; checked++) checkPosition(archive, blocks[checked]!, virtualSize)
  }
  const verifyOnce = (number: number) => {
    if (verified.has(number)) return
    verify(archive, blocks[number]!)
    checkPadding(archive, blocks[number]!, virtualSize)
    verified.add(number)
  }
  /** Fills as much as is in one block or in one gap, and returns how much. */
  const readSome = (into: Uint8Array, at: number): number => {
    readUntil(() => found.end > at)
    const number = lastAtOrBefore(blocks, at)
    const block = blocks[number]
    const end = block ? block.start + block.size : 0
    if (block && at < end) {
      verifyOnce(number)
      const length = Math.min(into.length, end - at)
      archive.read(into.subarray(0, length), block.offset + at - block.start)
      return length
    }
    const length = Math.min(into.length, (blocks[number + 1]?.start ?? virtualSize) - at)
    into.fill(0, 0, length)
    return length
  }
  const disk: XvaDisk = {
    name: `${ref} of ${archive.name}`,
    size: virtualSize,
    ref,
    read(into, offset) {
      checkRange(disk, offset, into.length)
      for (let done = 0; done < into.length; ) done += readSome(into.subarray(done), offset + done)
    },
    finish() {
      readUntil(() => false)
      for (const number of blocks.keys()) verifyOnce(number)
    },
  }
  return disk
}

/** The index of the last block that starts at or before `at`; -1 if there is none. */
function lastAtOrBefore(blocks: readonly Block[], at: number): number {
  let low = 0
  let high = blocks.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (blocks[middle]!.start <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}

function checkPosition(archive: Source, { name, header, start, size }: Block, diskSize: number): void {
  if (size === 0 || start < diskSize) return
  throw new DiskError(
    `${name} of ${archive.name}, byte ${header}`,
    `it begins at byte ${start} of the disk, which has ${diskSize} bytes; the archive is damaged`,
  )
}

/** Some makers fill the last block with zeros. */
function checkPadding(archive: Source, { name, header, offset, start, size }: Block, diskSize: number): void {
  const excess = start + size - diskSize
  if (excess <= 0) return
  if (bytesAt(archive, offset + size - excess, excess).some((byte) => byte !== 0)) {
    throw new DiskError(
      `${name} of ${archive.name}, byte ${header}`,
      `it goes ${excess} bytes beyond the end of the disk, which has ${diskSize} bytes; the archive is damaged`,
    )
  }
}
