import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { UserError } from '../../bytes/errors.ts'
import { readTarHeader, tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { destinationOf } from '../../host/destination.ts'
import { checkFreeSpace } from '../../host/free-space.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { append, writing } from '../../host/new-file.ts'
import { newFolder } from '../../host/new-folder.ts'
import { dockerManifestName } from './archive.ts'

/** What a folder in OCI's layout may have: what the specification names, and what BuildKit's clients leave in a layout that they read. */
const layoutNames = ['blobs', 'index.json', 'index.json.lock', 'ingest', 'oci-layout']

/**
 * Checks that a layout can be written to a folder, which needn't exist yet.
 * @throws UserError with one sentence if something else is there
 */
export function checkLayoutPlace(path: string): void {
  const place = destinationOf(path, 'folder')
  const here = process.cwd()
  if (`${here}${sep}`.startsWith(place === sep ? sep : `${place}${sep}`)) {
    throw new UserError(`${path}: it is the working directory, or contains it; give the name of a folder of its own`, 'input')
  }
  if (existsSync(place)) checkReplaceable(place)
}

/** Only a layout and an empty folder are replaced, so that a mistyped name costs nobody his files. */
function checkReplaceable(folder: string): void {
  const names = readdirSync(folder)
  const stranger = names.find((name) => !layoutNames.includes(name)) ?? (names.includes('oci-layout') ? undefined : names[0])
  if (stranger === undefined) return
  throw new UserError(
    `${folder}: it isn't replaced, because it is no OCI layout: it contains ${JSON.stringify(stranger)}; give the name of a new folder, or remove this one`,
    'input',
  )
}

/**
 * Writes the image of an archive as a folder in OCI's layout (Image Layout Specification): the same blobs, and an index with one tag. The
 * folder gets its name when it is complete. It may replace an older layout.
 * @param archive path of a finished archive that has all its layers
 * @param path of the folder
 * @throws Error with one sentence if it can't be written; the reason of `signal`; in each case nothing new is there
 */
export async function writeLayout(archive: string, path: string, signal?: AbortSignal): Promise<void> {
  checkLayoutPlace(path)
  const parent = dirname(resolve(path))
  makeFolder(parent)
  const fd = openSync(archive, 'r')
  try {
    const { size } = fstatSync(fd)
    checkFreeSpace(parent, size, 'The OCI layout')
    const folder = newFolder(path, checkReplaceable)
    try {
      for (const { name, start, length } of membersOf(fd, archive)) {
        if (name !== dockerManifestName) await copyOut(fd, start, length, join(folder.part, name), { path, signal })
      }
      signal?.throwIfAborted()
      folder.keep()
    } finally {
      folder.discard()
    }
  } finally {
    closeSync(fd)
  }
}

interface Member {
  readonly name: string
  /** Position of its content. */
  readonly start: number
  readonly length: number
}

/** The files of an archive that this project has written. */
function* membersOf(fd: number, archive: string): Generator<Member> {
  const header = Buffer.alloc(tarBlockSize)
  for (let at = 0; ; ) {
    if (readSync(fd, header, 0, tarBlockSize, at) < tarBlockSize) throw new Error(`${archive}: the archive is cut short`)
    // The end of a tar is blocks of zeros.
    if (header.every((byte) => byte === 0)) return
    const { path: name, size: length } = readTarHeader(header)
    yield { name, start: at + tarBlockSize, length }
    at += tarBlockSize + length + tarPadding(length)
  }
}

async function copyOut(
  fd: number,
  start: number,
  length: number,
  to: string,
  { path, signal }: { path: string; signal: AbortSignal | undefined },
): Promise<void> {
  writing(path, () => makeFolder(dirname(to)))
  const out = { fd: writing(path, () => openSync(to, 'wx')), name: path, position: 0 }
  try {
    const piece = Buffer.allocUnsafe(Math.min(length, 4 << 20))
    while (out.position < length) {
      signal?.throwIfAborted()
      const count = readSync(fd, piece, 0, Math.min(piece.length, length - out.position), start + out.position)
      if (count === 0) throw new Error(`${path}: the archive became shorter while it was read`)
      append(out, piece.subarray(0, count))
      await turn()
    }
  } finally {
    closeSync(out.fd)
  }
}
