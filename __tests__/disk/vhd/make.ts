import { memorySource, type Source } from '../../../src/bytes/source.ts'

/** A dynamic VHD made by hand, field by field, so that a test can have any of them wrong. */
export interface VhdOptions {
  readonly size: number
  readonly blockSize?: number
  readonly creator?: string
  readonly creatorVersion?: number
  readonly type?: number
  readonly parentName?: string
  /** Blocks in the order of the file, each with the bits of its sectors as its bitmap has them. */
  readonly blocks?: readonly { readonly index: number; readonly bitmap: Buffer; readonly data: Buffer }[]
  /** The map of full blocks, as tapdisk writes it. */
  readonly batmap?: Buffer
  /** Spoils the file before the checksums are made. */
  readonly change?: (parts: { footer: Buffer; header: Buffer; bat: Buffer }) => void
  /** Spoils the finished file. */
  readonly damage?: (file: Buffer) => void
  readonly endFooterLength?: 0 | 511 | 512
}

export const tableOffset = 1536

export function makeVhd(options: VhdOptions): Source {
  return memorySource(makeVhdBytes(options), 'made.vhd')
}

export function makeVhdBytes(options: VhdOptions): Buffer {
  const blockSize = options.blockSize ?? 4096
  const entries = Math.ceil(options.size / blockSize)
  const footer = Buffer.alloc(512)
  footer.write('conectix')
  footer.writeUInt32BE(2, 8)
  footer.writeUInt32BE(0x10000, 12)
  footer.writeBigUInt64BE(512n, 16)
  footer.write(options.creator ?? 'tap\0', 28)
  footer.writeUInt32BE(options.creatorVersion ?? (options.batmap ? 0x10003 : 0x10001), 32)
  footer.writeBigUInt64BE(BigInt(options.size), 40)
  footer.writeBigUInt64BE(BigInt(options.size), 48)
  footer.writeUInt32BE(options.type ?? 3, 60)
  const header = Buffer.alloc(1024)
  header.write('cxsparse')
  header.fill(0xff, 8, 16)
  header.writeBigUInt64BE(BigInt(tableOffset), 16)
  header.writeUInt32BE(0x10000, 24)
  header.writeUInt32BE(entries, 28)
  header.writeUInt32BE(blockSize, 32)
  header.write(options.parentName ?? '', 64, 'utf16le')
  header.subarray(64, 576).swap16()
  const bat = Buffer.alloc(roundUp(entries * 4), 0xff)
  const batmap = options.batmap ? makeBatmap(options.batmap, tableOffset + bat.length) : Buffer.alloc(0)
  const chunks: Buffer[] = []
  let offset = tableOffset + bat.length + batmap.length
  for (const { index, bitmap, data } of options.blocks ?? []) {
    const block = Buffer.concat([bitmap, Buffer.alloc(roundUp(bitmap.length) - bitmap.length), data])
    bat.writeUInt32BE(offset / 512, index * 4)
    offset += block.length
    chunks.push(block)
  }
  options.change?.({ footer, header, bat })
  footer.writeUInt32BE(checksum(footer), 64)
  header.writeUInt32BE(checksum(header), 36)
  const end = footer.subarray(0, options.endFooterLength ?? 512)
  const file = Buffer.concat([footer, header, bat, batmap, ...chunks, end])
  options.damage?.(file)
  return file
}

function makeBatmap(bits: Buffer, offset: number): Buffer {
  const map = Buffer.alloc(roundUp(bits.length))
  bits.copy(map)
  const header = Buffer.alloc(512)
  header.write('tdbatmap')
  header.writeBigUInt64BE(BigInt(offset + 512), 8)
  header.writeUInt32BE(map.length / 512, 16)
  header.writeUInt32BE(0x10002, 20)
  header.writeUInt32BE(checksum(map), 24)
  return Buffer.concat([header, map])
}

/** While the field is still zero. */
function checksum(bytes: Buffer): number {
  return ~bytes.reduce((sum, byte) => sum + byte, 0) >>> 0
}

function roundUp(length: number): number {
  return Math.ceil(length / 512) * 512
}
