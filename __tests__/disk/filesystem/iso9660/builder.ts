/** Makes ISO images of single records, sound or not, for what no program would write. */

const sector = 2048
const bothEndian16 = (value: number) => Buffer.from([value & 255, value >> 8, value >> 8, value & 255])

export function bothEndian32(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(value, 0)
  bytes.writeUInt32BE(value, 4)
  return bytes
}

export interface RecordFields {
  location: number
  length: number
  flags?: number
  earBlocks?: number
  interleave?: number
  systemUse?: Buffer
}

export function record(identifier: string, fields: RecordFields): Buffer {
  const { location, length, flags = 0, earBlocks = 0, interleave = 0, systemUse = Buffer.alloc(0) } = fields
  const name = Buffer.from(identifier, 'latin1')
  const padding = Buffer.alloc(name.length % 2 === 0 ? 1 : 0)
  const bytes = Buffer.concat([
    Buffer.from([0, earBlocks]),
    bothEndian32(location),
    bothEndian32(length),
    Buffer.from([115, 1, 2, 3, 4, 5, 0, flags, interleave, interleave]),
    bothEndian16(1),
    Buffer.from([name.length]),
    name,
    padding,
    systemUse,
  ])
  bytes[0] = bytes.length
  return bytes
}

export const entry = (signature: string, ...bytes: (number | Buffer)[]): Buffer => {
  const data = Buffer.concat(bytes.map((part) => (typeof part === 'number' ? Buffer.from([part]) : part)))
  return Buffer.concat([Buffer.from(signature), Buffer.from([4 + data.length, 1]), data])
}

export const rockRidgeRoot = Buffer.concat([entry('SP', 0xbe, 0xef, 0), posix(0o40755)])

export function posix(mode: number): Buffer {
  return entry('PX', bothEndian32(mode), bothEndian32(1), bothEndian32(0), bothEndian32(0))
}

export function continuation(block: number, offset: number, length: number): Buffer {
  return entry('CE', bothEndian32(block), bothEndian32(offset), bothEndian32(length))
}

/** Sectors by number, e.g. a directory's records; sector 18 is the root directory. */
export function image(sectors: Record<number, Buffer[]>, blockSize = sector): Buffer {
  const bytes = Buffer.alloc(sector * (Math.max(19, ...Object.keys(sectors).map(Number)) + 1))
  const at = 16 * sector
  bytes.write('\x01CD001\x01', at, 'latin1')
  bytes.fill(' ', at + 8, at + 72)
  bothEndian32(bytes.length / blockSize).copy(bytes, at + 80)
  bothEndian16(blockSize).copy(bytes, at + 128)
  record('\0', { location: (18 * sector) / blockSize, length: sector, flags: 2 }).copy(bytes, at + 156)
  bytes.write('\xffCD001\x01', 17 * sector, 'latin1')
  for (const [number, parts] of Object.entries(sectors)) Buffer.concat(parts).copy(bytes, Number(number) * sector)
  return bytes
}

/** The first two records of a directory at `location`. */
export function dots(location: number, systemUse = Buffer.alloc(0), length = sector): Buffer {
  return Buffer.concat([record('\0', { location, length, flags: 2, systemUse }), record('\x01', { location, length, flags: 2 })])
}
