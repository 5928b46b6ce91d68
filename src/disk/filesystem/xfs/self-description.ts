import { crc32c } from '../../../bytes/crc32c.ts'
import { damageAt } from '../../../bytes/errors.ts'
import type { FsBlock } from '../block-number.ts'
import { u64 } from './bytes.ts'
import type { XfsReader } from './reader.ts'

/** Offsets of the fields by which a structure of version 5 can be verified. */
export interface SelfDescription {
  /** CRC-32C of the structure with zeros here; the only little-endian field. */
  readonly checksum: number
  readonly block?: number
  readonly uuid: number
  /** The inode that the structure belongs to. */
  readonly owner: number
}

const fourZeros = Buffer.alloc(4)

/**
 * Verifies the checksum of a structure, and that it is what should be there, not something that was left from before or written to a wrong
 * place. `place` names the structure for messages.
 * @throws DiskError unless all of it is right
 */
export function verify(
  reader: XfsReader,
  bytes: Buffer,
  fields: SelfDescription,
  expected: { readonly block?: FsBlock; readonly owner: number },
  place: string,
): void {
  const wrong = (what: string) => damageAt(place, what)
  const { superblock } = reader
  const crc = crc32c(crc32c(0xffffffff, bytes.subarray(0, fields.checksum)), fourZeros)
  if (~crc32c(crc, bytes.subarray(fields.checksum + 4)) >>> 0 !== bytes.readUInt32LE(fields.checksum)) throw wrong('its checksum is wrong')
  if (!bytes.subarray(fields.uuid, fields.uuid + 16).equals(superblock.metadataUuid)) throw wrong('it belongs to another filesystem')
  const owner = u64(bytes, fields.owner)
  if (owner !== expected.owner) throw wrong(`it belongs to inode ${owner}`)
  if (fields.block === undefined || expected.block === undefined) return
  // In units of 512 bytes, whatever the size of a sector is.
  const sector = u64(bytes, fields.block)
  if (sector * 512 !== expected.block * superblock.blockSize) throw wrong(`it was written for sector ${sector}`)
}
