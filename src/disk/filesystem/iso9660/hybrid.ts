import { bytesAt, type Source } from '../../../bytes/source.ts'

/**
 * The partition tables in the system area, which ISO 9660 leaves to other uses (ECMA-119, 6.2.1). With one, the image also boots from a
 * disk ("isohybrid").
 */
export function hybridParts(source: Source): ('mbr' | 'gpt')[] {
  const area = bytesAt(source, 0, 1024)
  const hasPartition = [446, 462, 478, 494].some((entry) => area.readUInt8(entry + 4) !== 0)
  return [
    ...(area.readUInt16BE(510) === 0x55aa && hasPartition ? (['mbr'] as const) : []),
    ...(area.toString('latin1', 512, 520) === 'EFI PART' ? (['gpt'] as const) : []),
  ]
}
