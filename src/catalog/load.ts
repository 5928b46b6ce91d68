import shipped from '../../catalog.json' with { type: 'json' }
import { openFile } from '../bytes/source.ts'
import { readCatalog } from './read.ts'
import { type Catalog, type Release, releaseOf } from './release.ts'

/** Larger than any catalog, and quick to read if someone gives an ISO by mistake. */
const maxSize = 1 << 20

/**
 * The user's releases, then the built-in ones that they don't replace.
 * @throws Error that says what is wrong with the user's file, and in which line
 */
export function loadCatalogs(userPath?: string): Catalog {
  const ours = shipped.releases.map(releaseOf)
  if (userPath === undefined) return ours
  const theirs = readCatalog(textOfFile(userPath), userPath)
  return [...theirs, ...ours.filter((release) => !theirs.some((other) => replaces(other, release)))]
}

/** A release without a build stands for all builds. */
function replaces(newer: Release, older: Release): boolean {
  if (newer.version !== older.version) return false
  return newer.build === older.build || newer.build === undefined || older.build === undefined
}

function textOfFile(path: string): string {
  const bytes = bytesOfFile(path)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error(`${path} is not a catalog: it is not text in UTF-8`)
  }
}

/** A pull request may have made the file a link to a device that never ends, or to a pipe. */
function bytesOfFile(path: string): Buffer {
  const file = openFile(path)
  try {
    if (file.size > maxSize) throw new Error(`${path} is not a catalog: it is larger than 1 MiB`)
    const bytes = Buffer.alloc(file.size)
    file.read(bytes, 0)
    return bytes
  } finally {
    file.close()
  }
}
