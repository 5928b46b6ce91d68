import { createHash } from 'node:crypto'
import { constants, copyFileSync, fstatSync, ftruncateSync, readSync, renameSync, rmSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { destinationOf } from '../../host/destination.ts'
import { type NewFile, openPart, partOf } from '../../host/new-file.ts'
import { type Archive, archiveOn, layerHeader } from './archive.ts'
import type { Layer } from './layer.ts'

/** An archive up to the end of its layers, or why the file can't be used. */
export type Resumed = { readonly archive: Archive } | { readonly unusable: string }

/**
 * Turns the file of an earlier archive into a new one. The file must begin with `layers`; anything after them is dropped. It is moved
 * rather than copied if it is on the same filesystem, and removed if it can't be used. Every layer's digest is verified.
 * @param from the file
 * @param path of the new archive, which is called `PATH.RANDOM.part` until it is finished
 * @throws Error if there is no such file, or it can't be moved, read or written
 */
export async function resumeArchive(from: string, path: string, layers: readonly Layer[]): Promise<Resumed> {
  const part = partOf(destinationOf(path))
  move(from, part)
  const out = openPart(path, part)
  try {
    const unusable = await findFault(out, layers)
    if (unusable === undefined) {
      ftruncateSync(out.fd, out.position)
      return { archive: archiveOn(out, [...layers]) }
    }
    out.discard()
    return { unusable }
  } catch (error) {
    out.discard()
    throw error
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    try {
      copyFileSync(from, to, constants.COPYFILE_EXCL)
    } catch (copyError) {
      rmSync(to, { force: true })
      throw copyError
    }
    rmSync(from)
  }
}

/** Checks the layers, and moves the position to their end. */
async function findFault(out: NewFile, layers: readonly Layer[]): Promise<string | undefined> {
  const { size } = fstatSync(out.fd)
  const expected = layers.reduce((sum, layer) => sum + tarBlockSize + layer.size + tarPadding(layer.size), 0)
  if (size < expected) return `it has ${size} bytes, but its layers should have ${expected}`
  for (const layer of layers) {
    const header = Buffer.alloc(tarBlockSize)
    readFully(out, header)
    if (!header.equals(layerHeader(layer))) return `layer ${layer.digest} isn't where it should be`
    const found = await digestOfNext(out, layer.size)
    if (found !== layer.digest) return `a layer should have the digest ${layer.digest}, but has ${found}`
    out.position += tarPadding(layer.size)
  }
  return undefined
}

async function digestOfNext(out: NewFile, length: number): Promise<string> {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(Math.min(length, 4 << 20))
  for (let left = length; left > 0; left -= Math.min(left, piece.length)) {
    const bytes = piece.subarray(0, Math.min(left, piece.length))
    readFully(out, bytes)
    hash.update(bytes)
    await turn()
  }
  return `sha256:${hash.digest('hex')}`
}

function readFully(out: NewFile, into: Buffer): void {
  for (let done = 0; done < into.length; ) {
    const count = readSync(out.fd, into, done, into.length - done, out.position + done)
    if (count === 0) throw new Error(`${out.name}: it became shorter while it was read`)
    done += count
  }
  out.position += into.length
}
