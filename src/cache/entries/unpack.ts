import { constants } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress, constants as zlib } from 'node:zlib'
import { ByteStream } from '../../bytes/byte-stream.ts'
import { hasTarChecksum, readTarHeader, tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { checkFreeSpace } from '../../host/free-space.ts'
import { entryFolder } from '../process/task.ts'

/** More than any entry has. */
const maxFiles = 4
/** The limit of a ustar header's size field (POSIX.1-2017, pax, "ustar Interchange Format"), and more than any DDK has. */
const maxSize = 8 ** 11 - 1
/** Limit for an extended header, which contains a few times and numbers. */
const maxExtended = 64 << 10
/** Base-2 logarithm of the largest window that is decompressed, which needs as much memory: 8 MiB is what all decoders are to support. */
const maxWindowLog = 23

const name = 'its archive'

/** A file of an entry. */
export interface EntryFile {
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** The file's bytes; those that aren't read are skipped. */
  readonly content: ByteStream
}

/**
 * Unpacks the archive of an entry: plain files, directly in its folder, each once. Whoever can write to the cache decides what is in an
 * archive, so whatever else there is in it ends this: another path, a link, a device, an extended header that changes a path or a size.
 * @param archive a tar, compressed with zstd (RFC 8878, one frame) or gzip (RFC 1952), as the toolkit's packer made it
 * @param use takes the files; if it doesn't ask for all of them, the rest isn't checked
 * @throws Error that completes the sentence "Restoring the image from the Actions cache failed: …", or what `use` throws
 */
export async function unpack<T>(archive: AsyncIterable<Buffer>, use: (files: AsyncIterable<EntryFile>) => Promise<T>): Promise<T> {
  const compressed = new ByteStream(archive, name)
  const magic = await compressed.take(4)
  const all = async function* () {
    yield magic
    while (!(await compressed.atEnd())) yield await compressed.some(Number.POSITIVE_INFINITY)
  }
  try {
    return await pipeline(all(), decompressor(magic), async (content: AsyncIterable<Buffer>) => {
      const bytes = new ByteStream(content, name)
      const result = await use(filesOf(bytes))
      // The pipeline ends only when everything has gone through it.
      while (!(await bytes.atEnd())) await bytes.some(Number.POSITIVE_INFINITY)
      return result
    })
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw /^(Z_|ZSTD_|ERR_ZLIB)/.test(code) ? new Error(`${name} is damaged (${message})`) : error
  }
}

/** @param folder where the files go; it must not exist */
export async function unpackInto(folder: string, archive: AsyncIterable<Buffer>): Promise<void> {
  await mkdir(folder)
  await unpack(archive, async (files) => {
    for await (const file of files) await writeFile(join(folder, file.name), file)
  })
}

function decompressor(magic: Buffer) {
  if (magic.readUInt32LE() === 0xfd2fb528)
    return createZstdDecompress({ chunkSize: 1 << 20, params: { [zlib.ZSTD_d_windowLogMax]: maxWindowLog } })
  if (magic.readUInt16BE() === 0x1f8b) return createGunzip({ chunkSize: 1 << 20 })
  throw new Error(`${name} is neither of zstd nor of gzip`)
}

async function* filesOf(bytes: ByteStream): AsyncGenerator<EntryFile> {
  const names = new Set<string>()
  for (;;) {
    const header = await bytes.take(tarBlockSize)
    if (header.every((byte) => byte === 0)) return expectZeros(bytes)
    const member = memberOf(header)
    if (member.kind === 'extended') checkExtended(await bytes.take(member.size))
    else if (member.kind === 'file') {
      if (names.has(member.name) || names.size === maxFiles) throw new Error(`${name} has ${shown(member.name)} once too often`)
      names.add(member.name)
      const content = new ByteStream(bytes.pieces(member.size), name)
      yield { name: member.name, size: member.size, content }
      while (!(await content.atEnd())) await content.some(member.size)
    }
    if (member.kind !== 'folder') await bytes.take(tarPadding(member.size))
  }
}

type Member =
  | { readonly kind: 'file'; readonly name: string; readonly size: number }
  | { readonly kind: 'extended'; readonly size: number }
  | { readonly kind: 'folder' }

function memberOf(header: Buffer): Member {
  if (!hasTarChecksum(header)) throw new Error(`${name} is damaged`)
  const { path, size, typeflag } = readTarHeader(header)
  if (typeflag === 'x' && size <= maxExtended) return { kind: 'extended', size }
  if (typeflag === '5' && path.replace(/\/$/, '') === entryFolder) return { kind: 'folder' }
  const file = path.startsWith(`${entryFolder}/`) ? path.slice(entryFolder.length + 1) : ''
  if ((typeflag !== '0' && typeflag !== '\0') || !/^\w[\w.]{0,31}$/.test(file) || !(size <= maxSize)) {
    throw new Error(`${name} has ${shown(path)}, which no entry has; whoever saved it may be an attacker`)
  }
  return { kind: 'file', name: file, size }
}

/** Times and owners are ignored. Anything else would override the header (POSIX.1-2017, pax, "Extended Header"). */
function checkExtended(records: Buffer): void {
  for (const record of records.toString('latin1').split('\n')) {
    if (record === '') continue
    const keyword = /^\d+ ([^=]+)=/.exec(record)?.[1] ?? ''
    if (!['atime', 'ctime', 'mtime', 'uid', 'gid', 'uname', 'gname'].includes(keyword)) {
      throw new Error(`${name} has an extended header of ${shown(keyword)}; whoever saved it may be an attacker`)
    }
  }
}

/** Reads to the end. */
async function expectZeros(bytes: ByteStream): Promise<void> {
  while (!(await bytes.atEnd())) {
    if ((await bytes.some(1 << 20)).some((byte) => byte !== 0)) throw new Error(`${name} goes on after its end`)
  }
}

async function writeFile(path: string, { size, content }: EntryFile): Promise<void> {
  checkFreeSpace(dirname(path), size, 'What the Actions cache has')
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  try {
    for await (const piece of content.pieces(size)) {
      for (let done = 0; done < piece.length; ) done += (await file.write(piece, done)).bytesWritten
    }
  } finally {
    await file.close()
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
