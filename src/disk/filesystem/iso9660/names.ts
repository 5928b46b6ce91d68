import type { DirectoryRecord } from './records.ts'

/**
 * A record's identifier as a name. Case is kept (low levels have only upper case), but the version `;1` and the dot of an empty extension
 * are removed, as they aren't part of the name (ECMA-119, 7.5).
 */
export function plainName({ identifier }: DirectoryRecord): Buffer {
  const text = identifier.toString('latin1')
  return Buffer.from(withoutVersion(text), 'latin1')
}

/** The same for Joliet, whose identifiers are big-endian UCS-2, in practice UTF-16. */
export function jolietName({ identifier }: DirectoryRecord): Buffer {
  // A trailing odd byte is not a character.
  const units = Buffer.from(identifier.subarray(0, identifier.length & ~1)).swap16()
  return Buffer.from(withoutVersion(units.toString('utf16le')))
}

function withoutVersion(name: string): string {
  return name.replace(/;1$/, '').replace(/(?<=.)\.$/s, '')
}
