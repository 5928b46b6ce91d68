import { type HashValue, UnreadableDatabase } from './hash-file.ts'

// The header of a package, as rpm keeps it (rpm's manual, "RPM V4 Package format", header structure): the number of its tags, the number of its
// bytes of data, an entry of four numbers for each tag (tag, type, offset, count), and the data. All numbers have 32 bits, most significant
// byte first.

const introSize = 8
const entrySize = 16
const nameTag = 1000
const stringType = 6

/**
 * Whether a package has this name.
 * @throws UnreadableDatabase if the value isn't the header of a package; DiskError if it can't be read
 */
export function hasName(header: HashValue, name: string): boolean {
  const intro = header.start(introSize)
  const [entries, dataSize] = [intro.readUInt32BE(0), intro.readUInt32BE(4)]
  const dataStart = introSize + entries * entrySize
  const end = dataStart + dataSize
  if (end > header.size) throw new UnreadableDatabase('a header is longer than its value')
  const nameStart = dataStart + nameOffset(header.start(dataStart), dataStart)
  const nameEnd = nameStart + name.length + 1
  if (nameStart >= end) throw new UnreadableDatabase('a name lies outside its header')
  return nameEnd <= end && header.start(nameEnd).toString('latin1', nameStart, nameEnd) === `${name}\0`
}

/** The offset of the package's name in the data. */
function nameOffset(index: Buffer, end: number): number {
  for (let at = introSize; at < end; at += entrySize) {
    if (index.readUInt32BE(at) === nameTag && index.readUInt32BE(at + 4) === stringType) return index.readUInt32BE(at + 8)
  }
  throw new UnreadableDatabase('a header has no name')
}
