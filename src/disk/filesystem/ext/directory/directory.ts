import { DiskError, damage } from '../../../../bytes/errors.ts'
import { checkNotEncrypted } from '../content.ts'
import { inlineData } from '../inline-data.ts'
import { type Inode, inodePlace } from '../inode/inode.ts'
import { inodeFlags } from '../inode/layout.ts'
import { fileRuns } from '../mapping/file-runs.ts'
import type { ExtReader } from '../reader.ts'
import { directoryBlockHolds } from './checksum.ts'
import type { DirectoryRecord } from './record.ts'

const header = 8
/** Bytes that are read at once; a multiple of every block size. */
const piece = 64 * 1024
/** Limit for one directory. The reader has a limit for all directories together. */
const maxBytes = 2 ** 30

/**
 * The entries of a directory except `.` and `..`, in the order of its blocks. Nodes of a hash tree look like empty entries, so a tree can
 * be read like a linear directory (Linux, Documentation/filesystems/ext4/directory.rst).
 */
export function directoryRecords(reader: ExtReader, inode: Inode): Iterable<DirectoryRecord> {
  const onDevice = recordsOnDevice(reader, inode)
  return reader.fastCommits?.names(inode.number, onDevice) ?? onDevice
}

function* recordsOnDevice(reader: ExtReader, inode: Inode): Generator<DirectoryRecord> {
  checkNotEncrypted(reader, inode)
  if (inode.flags & inodeFlags.inlineData) yield* inlineRecords(reader, inode)
  else yield* blockRecords(reader, inode)
}

/** The first four bytes name the parent; there is no `.` or `..`. */
function* inlineRecords(reader: ExtReader, inode: Inode): Generator<DirectoryRecord> {
  const [first, rest] = inlineData(reader, inode)
  yield* records(reader, inode, first.subarray(4), 'the inline data')
  yield* records(reader, inode, rest, 'the inline data in attributes')
}

function* blockRecords(reader: ExtReader, inode: Inode): Generator<DirectoryRecord> {
  const { device, superblock } = reader
  const { blockSize } = superblock
  const place = inodePlace(reader, inode.number)
  if (inode.size > maxBytes) throw new DiskError(place, `it is a directory of ${inode.size} bytes; the limit is ${maxBytes}`, 'unsupported')
  const runs = fileRuns(reader, inode)
  if (runs.fileBlocks[0] !== 0) throw damage(reader, `inode ${inode.number}`, 'the first block of the directory is missing')
  const blocks = Math.ceil(inode.size / blockSize)
  const buffer = Buffer.allocUnsafeSlow(Math.max(blockSize, Math.min(piece, blocks * blockSize)))
  const perPiece = buffer.length / blockSize
  const holes = { first: 0, count: 0 }
  let expected = 0
  const skipTo = (fileBlock: number) => {
    if (fileBlock > expected && holes.count === 0) holes.first = expected
    holes.count += fileBlock - expected
  }
  for (const [index, count] of runs.counts.entries()) {
    const fileBlock = runs.fileBlocks[index]!
    const fsBlock = runs.fsBlocks[index]!
    skipTo(fileBlock)
    for (let done = 0; done < count; done += perPiece) {
      const read = buffer.subarray(0, Math.min(perPiece, count - done) * blockSize)
      reader.directoryBytesLeft -= read.length
      if (reader.directoryBytesLeft < 0)
        throw damage(reader, `inode ${inode.number}`, 'the directories have more bytes than any valid filesystem')
      device.read(read, (fsBlock + done) * blockSize)
      for (let at = 0; at < read.length; at += blockSize) {
        const block = read.subarray(at, at + blockSize)
        const number = fileBlock + done + at / blockSize
        const what = `block ${number} of the directory (block ${fsBlock + done + at / blockSize} of the filesystem)`
        if (superblock.hasChecksums && !directoryBlockHolds(block, inode, number === 0)) {
          throw damage(reader, `${what}, inode ${inode.number}`, 'its checksum is missing or wrong')
        }
        yield* records(reader, inode, block, what, number === 0)
      }
    }
    expected = fileBlock + count
  }
  skipTo(blocks)
  if (holes.count > 0) {
    reader.warn(
      `${place}: ${holes.count} blocks of the directory are missing, starting with block ${holes.first}; the names in them are lost`,
    )
  }
}

/** `.` and `..` are the first two entries of a directory's first block. */
function* records(reader: ExtReader, inode: Inode, area: Buffer, what: string, isFirstBlock = false): Generator<DirectoryRecord> {
  const damaged = (at: number, problem: string) => damage(reader, `inode ${inode.number}`, `the entry at byte ${at} of ${what} ${problem}`)
  let length: number
  for (let at = 0, index = 0; at < area.length; at += length, index++) {
    if (at + header > area.length) throw damaged(at, 'is cut short')
    length = recordLength(area.readUInt16LE(at + 4), area.length)
    // The next byte is the type. Without the file type feature it is 0, as the upper half of the length, but not in the checksum's entry.
    const nameLength = area.readUInt8(at + 6)
    if (length % 4 !== 0 || length < header + nameLength || length < header + 4 || at + length > area.length) {
      throw damaged(at, `has the impossible length ${length}`)
    }
    const number = area.readUInt32LE(at)
    if (number === 0) continue
    const name = area.subarray(at + header, at + header + nameLength)
    if (isFirstBlock && index < 2 && name.equals(index === 0 ? dot : dotDot)) continue
    yield { name: Buffer.from(name), inode: number }
  }
}

const dot = Buffer.from('.')
const dotDot = Buffer.from('..')

/** Sixteen bits can't represent 65536, so in blocks of that size both 65535 and 0 stand for it. */
function recordLength(stored: number, areaLength: number): number {
  return areaLength === 65536 && (stored === 65535 || stored === 0) ? 65536 : stored
}
