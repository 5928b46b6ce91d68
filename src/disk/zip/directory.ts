import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl'
import { DiskError } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import type { Compression, Expected } from '../spool/packed-file.ts'

/** A file or directory of a zip, with the position of its bytes. */
export interface ZipEntry {
  /** Relative, with slashes, and without `..`. */
  readonly path: string
  readonly isDirectory: boolean
  /** Position of the stored bytes in the zip. */
  readonly start: number
  /** In bytes. */
  readonly storedSize: number
  readonly compression: Compression
  readonly expected: Expected
}

/** A DDK's has a few hundred. */
const maxEntries = 100_000

/** APPNOTE.TXT, 4.4.5. */
const methods: Readonly<Record<number, string>> = {
  1: 'Shrink',
  6: 'Implode',
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'zstd',
  95: 'xz',
  98: 'PPMd',
}

/**
 * Reads the directory of a zip, zip64 included.
 * @throws DiskError if it is damaged, or an entry is encrypted or compressed otherwise than by deflate
 */
export async function readDirectory(source: Source): Promise<ZipEntry[]> {
  const entries: ZipEntry[] = []
  try {
    const zip = await fromRandomAccessReaderPromise(new SourceReader(source), source.size, { autoClose: false, lazyEntries: true })
    if (zip.entryCount > maxEntries) throw new DiskError(source.name, `the zip has ${zip.entryCount} entries; the limit is ${maxEntries}`)
    for await (const entry of zip.eachEntry()) {
      checkReadable(entry, source)
      const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry, { minimal: true })
      if (start + entry.compressedSize > source.size) throw new Error(`${entry.fileName} goes beyond the end of the file`)
      entries.push({
        path: entry.fileName,
        isDirectory: entry.fileName.endsWith('/'),
        start,
        storedSize: entry.compressedSize,
        compression: entry.compressionMethod === 0 ? 'none' : 'deflate',
        expected: { size: entry.uncompressedSize, crc32: entry.crc32 >>> 0 },
      })
    }
  } catch (error) {
    if (error instanceof DiskError) throw error
    const what = (error as Error).message.replace(/[.\s]+$/, '')
    throw new DiskError(source.name, `its zip directory can't be read: ${what}; it is damaged or incomplete; download it again`)
  }
  return entries
}

function checkReadable(entry: Entry, { name }: Source): void {
  const place = `${entry.fileName} of ${name}`
  if (entry.isEncrypted())
    throw new DiskError(place, 'it is encrypted; unpack the zip with its password, and give the file itself', 'encrypted')
  if (entry.compressionMethod === 0 || entry.compressionMethod === 8) return
  const method = methods[entry.compressionMethod] ?? `method ${entry.compressionMethod}`
  throw new DiskError(place, `it is compressed with ${method}, which isn't supported; unpack it first: 7z x ${name}`, 'unsupported')
}

/** Lets yauzl read from a source. It asks only for the directory and for local headers. */
class SourceReader extends RandomAccessReader {
  readonly #source: Source

  constructor(source: Source) {
    super()
    this.#source = source
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    let failure: Error | null = null
    try {
      this.#source.read(buffer.subarray(offset, offset + length), position)
    } catch (error) {
      failure = error as Error
    }
    setImmediate(callback, failure)
  }
}
