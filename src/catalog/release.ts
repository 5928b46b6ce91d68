import type { Architecture } from '../disk/root/architecture.ts'

/** One DDK. A version has one for each build of its kernel. */
export interface Release {
  /** Three numbers, e.g. `6.5.0`. */
  readonly version: string
  /** Other names of the version, e.g. `5.6 FP1`. */
  readonly aliases?: readonly string[]
  /** As the DDK reports it, e.g. `90233c`. */
  readonly build?: string
  /** What `uname -r` prints in Dom0, e.g. `3.10.0+2`. */
  readonly kernel?: string
  readonly architecture?: Architecture
  /** URLs of the ISO, tried in turn: `http:`, `https:`, `file:`. Empty if none is known. */
  readonly urls: readonly string[]
  /** SHA-256 of the ISO in lower-case hexadecimal. */
  readonly sha256?: string
  /** Size of the ISO in bytes. */
  readonly size?: number
  /** A sentence that says how to get the ISO. */
  readonly note?: string
}

/** If several releases match, the first one is used. */
export type Catalog = readonly Release[]

/** Converts an entry that is known to satisfy the schema. */
export function releaseOf(entry: unknown): Release {
  const release: Release = { urls: [], ...(entry as Omit<Release, 'urls'>) }
  return release.sha256 === undefined ? release : { ...release, sha256: release.sha256.toLowerCase() }
}

/** E.g. `6.5.0-90233c`. */
export function releaseText({ version, build }: Release): string {
  return build === undefined ? version : `${version}-${build}`
}

/** Aliases are compared without regard to case and white space. */
export function aliasKey(alias: string): string {
  return alias.toLowerCase().split(/\s+/).filter(Boolean).join(' ')
}
