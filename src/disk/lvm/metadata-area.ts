import { hasText, peek } from '../../bytes/peek.ts'
import type { Source } from '../../bytes/source.ts'
import { lvmChecksum } from './checksum.ts'
import type { Region } from './label.ts'

const headerSize = 512
const magic = ' LVM2 x[5A%r0N*>'
const version = 1
const ignoredFlag = 1
/** LVM's default area has 1 MiB. A volume group with a thousand logical volumes needs about as much. */
const maxTextSize = 16 << 20

/**
 * Reads the metadata text in an area (mda_header in lib/format_text/layout.h of LVM2). Returns undefined if the area has none, because
 * the physical volume has no volume group, or because the area is marked as ignored, and a sentence if the area is damaged. The text is a
 * ring: it goes on after the header when it reaches the end of the area.
 */
export function readMetadataText(source: Source, area: Region): Buffer | string | undefined {
  const header = peek(source, area.offset, headerSize)
  if (!header) return `it lies past the end`
  if (header.readUInt32LE(0) !== lvmChecksum(header.subarray(4))) return 'the checksum of its header is wrong'
  if (header.toString('latin1', 4, 20) !== magic) return 'its header has no signature'
  if (header.readUInt32LE(20) !== version) return `its version is ${header.readUInt32LE(20)}`
  if (Number(header.readBigUInt64LE(24)) !== area.offset) return `its header belongs to byte ${header.readBigUInt64LE(24)}`
  const areaSize = Number(header.readBigUInt64LE(32))
  // The second of the four locations is metadata that was written but never came into force. The others are unused.
  const offset = Number(header.readBigUInt64LE(40))
  const size = Number(header.readBigUInt64LE(48))
  const flags = header.readUInt32LE(60)
  if (offset === 0 || size === 0 || (flags & ignoredFlag) !== 0) return undefined
  if (!(offset >= headerSize && offset < areaSize && size <= areaSize - headerSize && Number.isSafeInteger(area.offset + areaSize))) {
    return `its text of ${size} bytes at byte ${offset} doesn't fit into its ${areaSize} bytes`
  }
  if (size > maxTextSize) return `its text has ${size} bytes; the limit is ${maxTextSize}`
  const untilEnd = Math.min(size, areaSize - offset)
  const first = peek(source, area.offset + offset, untilEnd)
  const rest = peek(source, area.offset + headerSize, size - untilEnd)
  if (!first || !rest) return 'its text lies past the end'
  const text = Buffer.concat([first, rest])
  return header.readUInt32LE(56) === lvmChecksum(text) ? text : 'the checksum of its text is wrong'
}

/** Whether a volume begins with a label, valid or not. Looks at the first sectors only. */
export function hasLabel(source: Source): boolean {
  return [0, 512, 1024, 1536].some((offset) => hasText(source, offset, 'LABELONE') && hasText(source, offset + 24, 'LVM2 001'))
}
