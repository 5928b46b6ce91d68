import type { Source } from '../../../bytes/source.ts'

// Reads a file of Berkeley DB, access method hash, as its header dbinc/db_page.h describes it. It consists of pages of equal size. The first one
// is the meta page. Each bucket is a list of hash pages, which hold pairs of a key and a value. A long value is in a list of overflow pages, and
// its pair only has the number of the first one. All numbers are in the byte order of the machine that made the file.

/** The file isn't one that is read here: it is of another format, or damaged. */
export class UnreadableDatabase extends Error {}

/** The value of a pair. */
export interface HashValue {
  /** In bytes. */
  readonly size: number
  /**
   * At least its first `length` bytes. They are valid until the next call, and until the next value.
   * @throws UnreadableDatabase if it has fewer, if more than 64 KiB are wanted, or if it is damaged; DiskError if the file can't be read
   */
  start(length: number): Buffer
}

const hashMagic = 0x061561
const metaSize = 512
const pageHeaderSize = 26
const pageType = { free: 0, unsortedHash: 2, overflow: 7, hashMeta: 8, hash: 13 } as const
const itemType = { inPage: 1, inOverflowPages: 3 } as const
/** Of an item that only says where the value is. */
const referenceSize = 12
/** The number of the meta page, which is in no list. */
const noPage = 0
const maxStart = 64 << 10
/** Pages that are read at most, and pairs. A database of 1,000 packages takes about 1,100 pages. */
const [maxPages, maxPairs] = [65_536, 65_536]

interface Page {
  /** The page; valid until another one is read. */
  readonly bytes: Buffer
  readonly type: number
  /** The next page of its list. */
  readonly next: number
}

/** What the meta page says about the file, and functions that read numbers and pages of it. */
interface HashFile {
  readonly pageSize: number
  /** For each bucket, the number of its first page. */
  readonly buckets: Iterable<number>
  uint16(bytes: Buffer, at: number): number
  uint32(bytes: Buffer, at: number): number
  /** @param previous the number of the page before it in its list; `noPage` for the first one */
  readPage(number: number, previous: number): Page
}

/** Where a value in overflow pages is. */
interface Reference {
  readonly size: number
  readonly firstPage: number
}

/**
 * The values whose keys are wanted. Those in overflow pages come last, in the order of their first pages. Of these, only the pages are read
 * that contain what is asked for.
 * @throws UnreadableDatabase if it isn't a hash file, or is damaged; DiskError if the file can't be read
 */
export function* hashValues(source: Source, isWanted: (key: Buffer) => boolean): Generator<HashValue> {
  const file = openHashFile(source)
  const references: Reference[] = []
  let pairs = 0
  for (const page of hashPages(file)) {
    for (const [key, item] of pairsIn(page, file)) {
      check(++pairs <= maxPairs, 'it has too many pairs')
      if (!isWanted(key)) continue
      if (item[0] === itemType.inPage) yield valueInPage(item.subarray(1))
      else references.push(parseReference(item, file))
    }
  }
  yield* valuesInOverflowPages(file, references)
}

function openHashFile(source: Source): HashFile {
  check(source.size >= metaSize, 'it is too short')
  const meta = Buffer.alloc(metaSize)
  source.read(meta, 0)
  const isLittle = meta.readUInt32LE(12) === hashMagic
  check(isLittle || meta.readUInt32BE(12) === hashMagic, "it isn't a hash")
  const uint16 = (bytes: Buffer, at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const uint32 = (bytes: Buffer, at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const [version, pageSize, lastPage, lastBucket] = [16, 20, 32, 72].map((at) => uint32(meta, at)) as [number, number, number, number]
  check(meta[25] === pageType.hashMeta && uint32(meta, 8) === 0, "its first page isn't the meta page of a hash")
  // CentOS 5 has version 8, CentOS 6 and 7 have version 9. What is read here is the same in the versions beside them.
  check(version >= 7 && version <= 10, 'its version is another one')
  check(pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0, 'its page size is impossible')
  // Byte 24 is the algorithm of its encryption. With flags, its pages have checksums, or are in several files.
  check(meta[24] === 0 && meta[26] === 0, 'it is encrypted, or has checksums or partitions')
  check((lastPage + 1) * pageSize <= source.size, 'it is cut short')
  check(lastBucket < lastPage, 'it has fewer pages than buckets')

  const buffer = Buffer.allocUnsafeSlow(pageSize)
  let pagesLeft = Math.min(lastPage, maxPages)
  const readPage = (number: number, previous: number): Page => {
    check(number !== noPage && number <= lastPage, 'a list leads to a page that it lacks')
    check(pagesLeft-- > 0, 'its lists have more pages than there are, or too many')
    source.read(buffer, number * pageSize)
    const type = buffer[25]!
    check(type === pageType.free || uint32(buffer, 8) === number, 'a page has the number of another one')
    check(uint32(buffer, 12) === previous, 'a page is in another list')
    return { bytes: buffer, type, next: uint32(buffer, 16) }
  }
  return { pageSize, buckets: firstPages(meta, lastBucket, uint32), uint16, uint32, readPage }
}

/** The first pages of all buckets. The meta page has an offset for all buckets whose numbers have equally many bits. */
function* firstPages(meta: Buffer, lastBucket: number, uint32: HashFile['uint32']): Generator<number> {
  for (let bucket = 0; bucket <= lastBucket; bucket++) {
    const bits = 32 - Math.clz32(bucket)
    yield bucket + uint32(meta, 96 + 4 * bits)
  }
}

/** The pages that hold pairs. */
function* hashPages({ buckets, readPage }: HashFile): Generator<Buffer> {
  for (const first of buckets) {
    let [number, previous] = [first, noPage]
    do {
      const { bytes, type, next } = readPage(number, previous)
      // The page of a bucket that has never been used is all zeros.
      if (type === pageType.free) break
      check(type === pageType.hash || type === pageType.unsortedHash, 'a bucket has a page of another type')
      yield bytes
      previous = number
      number = next
    } while (number !== noPage)
  }
}

/** The pairs of a hash page, each a key and an item that holds the value or says where it is. */
function* pairsIn(page: Buffer, { uint16 }: HashFile): Generator<readonly [key: Buffer, item: Buffer]> {
  const count = uint16(page, 20)
  const offsetsEnd = pageHeaderSize + 2 * count
  check(count % 2 === 0 && offsetsEnd <= page.length, 'a page has an impossible number of items')
  // The items fill the page from its end on, in order. Their offsets are behind the page's header.
  let end = page.length
  const itemAt = (index: number) => {
    const start = uint16(page, pageHeaderSize + 2 * index)
    check(start >= offsetsEnd && start < end, "an item isn't where it can be")
    const item = page.subarray(start, end)
    end = start
    return item
  }
  for (let index = 0; index < count; index += 2) {
    const key = itemAt(index)
    check(key[0] === itemType.inPage, 'a key has another form')
    yield [key.subarray(1), itemAt(index + 1)]
  }
}

function valueInPage(bytes: Buffer): HashValue {
  return {
    size: bytes.length,
    start(length) {
      check(length <= bytes.length, 'a value is too short')
      return bytes
    },
  }
}

function parseReference(item: Buffer, { uint32 }: HashFile): Reference {
  check(item[0] === itemType.inOverflowPages && item.length === referenceSize, 'a value has another form')
  return { firstPage: uint32(item, 4), size: uint32(item, 8) }
}

function* valuesInOverflowPages({ pageSize, uint16, readPage }: HashFile, references: Reference[]): Generator<HashValue> {
  const bytes = Buffer.allocUnsafeSlow(maxStart + pageSize)
  references.sort((a, b) => a.firstPage - b.firstPage)
  let last = noPage
  for (const { size, firstPage } of references) {
    check(firstPage !== last, 'two values begin in the same page')
    last = firstPage
    let read = 0
    let [number, previous] = [firstPage, noPage]
    yield {
      size,
      start(length) {
        check(length <= Math.min(size, maxStart), 'a value is too short, or too much of it is wanted')
        while (read < length) {
          const page = readPage(number, previous)
          const contentSize = uint16(page.bytes, 22)
          check(page.type === pageType.overflow, 'a value has a page of another type')
          check(contentSize > 0 && contentSize <= pageSize - pageHeaderSize, 'an overflow page has an impossible length')
          page.bytes.copy(bytes, read, pageHeaderSize, pageHeaderSize + contentSize)
          read += contentSize
          previous = number
          number = page.next
        }
        check(read <= size, 'a value is longer than its pair says')
        return bytes.subarray(0, read)
      },
    }
  }
}

function check(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new UnreadableDatabase(what)
}
