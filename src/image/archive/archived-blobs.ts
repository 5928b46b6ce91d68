import { closeSync, openSync } from 'node:fs'
import { hasTarChecksum, readTarHeader, tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { blobPath } from './manifest.ts'
import { bytesAt } from './zstd-frames.ts'

/** Where a blob is in an archive. */
export interface ArchivedBlob {
  /** Position of its first byte. */
  readonly position: number
  /** In bytes. */
  readonly size: number
}

/**
 * Finds blobs in a finished archive of this project's.
 * @param digests `sha256:` and hexadecimal
 * @throws Error with one sentence if the archive can't be read, or lacks one of them
 */
export function findBlobs(path: string, digests: readonly string[]): ReadonlyMap<string, ArchivedBlob> {
  const wanted = new Map(digests.map((digest) => [blobPath(digest), digest]))
  const found = new Map<string, ArchivedBlob>()
  const fd = openSync(path, 'r')
  try {
    for (let at = 0; found.size < wanted.size; ) {
      const header = bytesAt(fd, at, tarBlockSize)
      if (header.length < tarBlockSize || !hasTarChecksum(header)) break
      const { path: name, size } = readTarHeader(header)
      const digest = wanted.get(name)
      if (digest !== undefined) found.set(digest, { position: at + tarBlockSize, size })
      at += tarBlockSize + size + tarPadding(size)
    }
  } finally {
    closeSync(fd)
  }
  for (const digest of digests) if (!found.has(digest)) throw new Error(`${path} lacks ${digest}; something has changed it`)
  return found
}
