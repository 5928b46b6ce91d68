import type { DirectoryRecord } from './records.ts'

/**
 * A record's identifier as a name: as it stands, in the upper case of the levels that know no other, but without what isn't part of the
 * name: the version `;1`, and the dot of an empty extension (ECMA-119, 7.5).
 */
export function plainName({ identifier }: DirectoryRecord): Buffer {
  const text = identifier.toString('latin1')
  return Buffer.from(withoutVersion(text), 'latin1')
}

/** The same for Joliet, whose identifiers are UCS-2 in big-endian order; in practice UTF-16. */
export function jolietName({ identifier }: DirectoryRecord): Buffer {
  // An odd byte at the end is no character.
  const units = Buffer.from(identifier.subarray(0, identifier.length & ~1)).swap16()
  return Buffer.from(withoutVersion(units.toString('utf16le')))
}

function withoutVersion(name: string): string {
  return name.replace(/;1$/, '').replace(/(?<=.)\.$/s, '')
}
