import { createHash } from 'node:crypto'
import xxhash, { type XXHashAPI } from 'xxhash-wasm'
import { DiskError } from '../../bytes/errors.ts'
import { window } from '../../bytes/peek.ts'
import { bytesAt, pieces, type Source } from '../../bytes/source.ts'
import type { Block } from './blocks.ts'

/** Verifies a block against its checksum, if it has one. */
export type VerifyBlock = (archive: Source, block: Block) => void

let loaded: Promise<XXHashAPI> | undefined

/**
 * @returns a function that compares a block's checksum, hexadecimal digits of either case, with that of its content:
 *   SHA-1, or XXH64 with the seed 0. It throws a DiskError if they differ.
 */
export async function blockVerifier(): Promise<VerifyBlock> {
  loaded ??= xxhash()
  const { create64 } = await loaded
  return (archive, { name, header, offset, size, checksum }) => {
    if (!checksum) return
    const { algorithm } = checksum
    const place = `${name} of ${archive.name}, byte ${header}`
    const digits = algorithm === 'SHA-1' ? 40 : 16
    // Some makers end the line.
    if (checksum.size < digits || checksum.size > digits + 2)
      throw new DiskError(place, `its checksum has ${checksum.size} bytes; ${algorithm} has ${digits}; the archive is damaged`)
    const expected = bytesAt(archive, checksum.offset, checksum.size).toString('latin1').trim().toLowerCase()
    const content = window(archive, offset, size, name)
    const found = algorithm === 'SHA-1' ? sha1(content) : xxh64(content, create64)
    if (found !== expected) throw new DiskError(place, `its ${algorithm} is ${found}, but should be ${expected}; the archive is damaged`)
  }
}

function sha1(content: Source): string {
  const hash = createHash('sha1')
  for (const piece of pieces(content)) hash.update(piece)
  return hash.digest('hex')
}

function xxh64(content: Source, create64: XXHashAPI['create64']): string {
  const hash = create64()
  for (const piece of pieces(content)) hash.update(piece)
  return hash.digest().toString(16).padStart(16, '0')
}
