import { constants, createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress, constants as zlib } from 'node:zlib'
import { hasTarChecksum, readTarHeader, tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { checkFreeSpace } from '../../host/free-space.ts'
import { entryFolder } from '../process/task.ts'

/** More than any entry has. */
const maxFiles = 4
/** The limit of a ustar header's size field (POSIX.1-2017, pax, "ustar Interchange Format"), and more than any DDK has. */
const maxSize = 8 ** 11 - 1
/** Limit for an extended header, which contains a few times and numbers. */
const maxExtended = 64 << 10

/**
 * Unpacks the archive of an entry: plain files, directly in its folder, each once. Whoever can write to the cache decides what is in an
 * archive, so whatever else there is in it ends this: another path, a link, a device, an extended header that changes a path or a size.
 * @param archive path of a tar, compressed with zstd (RFC 8878, one frame) or gzip (RFC 1952), as the toolkit's packer made it
 * @param folder where the files go; it must not exist
 * @throws Error that completes the sentence "Restoring the image from the Actions cache failed: …"
 */
export async function unpackEntry(archive: string, folder: string): Promise<void> {
  await mkdir(folder)
  const decompress = await decompressor(archive)
  try {
    await pipeline(createReadStream(archive, { highWaterMark: 1 << 20 }), decompress, (bytes: AsyncIterable<Buffer>) =>
      unpackTar(new Bytes(bytes), folder),
    )
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw /^(Z_|ZSTD_|ERR_ZLIB)/.test(code) ? new Error(`its archive is damaged (${message})`) : error
  }
}

async function decompressor(archive: string) {
  const file = await open(archive)
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    // The toolkit compresses with zstd's longest window.
    if (buffer.readUInt32LE() === 0xfd2fb528)
      return createZstdDecompress({ chunkSize: 1 << 20, params: { [zlib.ZSTD_d_windowLogMax]: 31 } })
    if (buffer.readUInt16BE() === 0x1f8b) return createGunzip({ chunkSize: 1 << 20 })
    throw new Error('its archive is neither of zstd nor of gzip')
  } finally {
    await file.close()
  }
}

async function unpackTar(bytes: Bytes, folder: string): Promise<void> {
  const names = new Set<string>()
  for (;;) {
    const header = await bytes.take(tarBlockSize)
    if (header.every((byte) => byte === 0)) return bytes.expectZeros()
    const member = memberOf(header)
    if (member.kind === 'extended') checkExtended(await bytes.take(member.size))
    else if (member.kind === 'file') {
      if (names.has(member.name) || names.size === maxFiles) throw new Error(`its archive has ${shown(member.name)} once too often`)
      names.add(member.name)
      await writeFile(join(folder, member.name), member.size, bytes)
    }
    if (member.kind !== 'folder') await bytes.take(tarPadding(member.size))
  }
}

type Member =
  | { readonly kind: 'file'; readonly name: string; readonly size: number }
  | { readonly kind: 'extended'; readonly size: number }
  | { readonly kind: 'folder' }

function memberOf(header: Buffer): Member {
  if (!hasTarChecksum(header)) throw new Error('its archive is damaged')
  const { path, size, typeflag } = readTarHeader(header)
  if (typeflag === 'x' && size <= maxExtended) return { kind: 'extended', size }
  if (typeflag === '5' && path.replace(/\/$/, '') === entryFolder) return { kind: 'folder' }
  const name = path.startsWith(`${entryFolder}/`) ? path.slice(entryFolder.length + 1) : ''
  if ((typeflag !== '0' && typeflag !== '\0') || !/^\w[\w.]{0,31}$/.test(name) || !(size <= maxSize)) {
    throw new Error(`its archive has ${shown(path)}, which no entry has; whoever saved it may be an attacker`)
  }
  return { kind: 'file', name, size }
}

/** Times and owners are ignored. Anything else would override the header (POSIX.1-2017, pax, "Extended Header"). */
function checkExtended(records: Buffer): void {
  for (const record of records.toString('latin1').split('\n')) {
    if (record === '') continue
    const keyword = /^\d+ ([^=]+)=/.exec(record)?.[1] ?? ''
    if (!['atime', 'ctime', 'mtime', 'uid', 'gid', 'uname', 'gname'].includes(keyword)) {
      throw new Error(`its archive has an extended header of ${shown(keyword)}; whoever saved it may be an attacker`)
    }
  }
}

async function writeFile(path: string, size: number, bytes: Bytes): Promise<void> {
  checkFreeSpace(dirname(path), size, 'What the Actions cache has')
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  try {
    for (let left = size; left > 0; ) {
      const piece = await bytes.some(left)
      left -= piece.length
      for (let done = 0; done < piece.length; ) done += (await file.write(piece, done)).bytesWritten
    }
  } finally {
    await file.close()
  }
}

/** Bytes that arrive in pieces, read as they are needed. */
class Bytes {
  readonly #pieces: AsyncIterator<Buffer>
  #piece: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** At least one byte, at most `count`. */
  async some(count: number): Promise<Buffer> {
    if (!(await this.#fill())) throw new Error('its archive is cut short')
    const part = this.#piece.subarray(0, count)
    this.#piece = this.#piece.subarray(part.length)
    return part
  }

  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = count; left > 0; left -= parts.at(-1)!.length) parts.push(await this.some(left))
    return Buffer.concat(parts)
  }

  /** Reads to the end, where damage of the compressed bytes is detected. */
  async expectZeros(): Promise<void> {
    while (await this.#fill()) {
      if (this.#piece.some((byte) => byte !== 0)) throw new Error('its archive goes on after its end')
      this.#piece = Buffer.alloc(0)
    }
  }

  /** Whether there are bytes left. */
  async #fill(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#pieces.next()
      if (done) return false
      this.#piece = value
    }
    return true
  }
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 100))
}
