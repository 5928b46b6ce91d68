import { closeSync, openSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { streamOfFile } from '../../bytes/byte-stream.ts'
import { UserError } from '../../bytes/errors.ts'
import { tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { checkFreeSpace } from '../../host/free-space.ts'
import { type Archive, type ArchiveSummary, createArchive } from '../../image/archive/archive.ts'
import { type Compression, compressionOf } from '../../image/archive/frames.ts'
import { type Layer, SinkError } from '../../image/archive/layer.ts'
import { remakeArchive } from '../../image/archive/remake.ts'
import { contentSize } from '../../image/archive/zstd-frames.ts'
import { progressLines } from '../../phase/progress-line.ts'
import { fetchBlob, LostBlob } from '../../registry/blob.ts'
import type { RegistryClient } from '../../registry/client.ts'
import { isExpected } from '../expected.ts'
import type { FirstChecksum } from '../iso/first-checksum.ts'
import type { Order } from '../order.ts'
import type { Supply } from '../supply.ts'
import type { RegistryImage, Stored } from './registry-image.ts'
import type { RegistryUse } from './registry-use.ts'

/**
 * Takes the image from the registry: fetches its layers, verifies every digest, and makes an archive with the requested name. An image that
 * isn't the wanted one, or of which something is lost, is one line in the log.
 * @param sha256 of the ISO, if it is known
 * @throws HttpFailure; Error if the archive can't be written, or the image was made from another ISO than its address gave first
 */
export async function fromRegistry(
  { client }: RegistryUse,
  stored: Stored | undefined,
  sha256: string | undefined,
  order: Order,
  firstChecksum: FirstChecksum,
): Promise<Supply | undefined> {
  const { phase } = order
  const { text } = client.repository
  if (!stored) {
    phase.say(`${text} doesn't have the image`)
    return undefined
  }
  const ignored = 'unusable' in stored ? stored.unusable : whyNotWanted(stored.image, sha256, order)
  if (ignored === undefined && 'image' in stored) {
    const { image } = stored
    await checkFirst(image, text, firstChecksum)
    const name = order.name(image.identity)
    const archive = await pull(client, image, name, order)
    if (typeof archive !== 'string') {
      phase.say(`Fetched the image from ${text} (${image.manifestDigest})`)
      const { identity, isoSha256, manifestDigest } = image
      const imported = order.rootImport?.done ?? false
      return { origin: 'registry', name, identity, isoSha256, archive, manifestDigest, imported }
    }
    phase.say(`The image in ${text} is ignored: ${archive}`)
    return undefined
  }
  phase.say(`The image in ${text} is ignored: ${ignored}`)
  return undefined
}

function whyNotWanted(image: RegistryImage, sha256: string | undefined, order: Order): string | undefined {
  const { isoSha256, manifestDigest, configDigest, layers } = image
  if (sha256 !== undefined && isoSha256 !== sha256) return `it was made from an ISO with the SHA-256 ${isoSha256}`
  if (!isExpected([manifestDigest, configDigest], order)) {
    return `its manifest is ${manifestDigest} and its configuration ${configDigest}, but ${order.expectDigest} is expected`
  }
  const gzip = layers.some(({ mediaType }) => compressionOf(mediaType) === 'gzip')
  if (gzip && order.onlyCompression !== undefined && order.onlyCompression !== 'gzip') {
    return `its layers are compressed with gzip, and "layer-compression" is ${order.onlyCompression}`
  }
  return undefined
}

async function checkFirst({ isoSha256 }: RegistryImage, text: string, firstChecksum: FirstChecksum): Promise<void> {
  const expected = await firstChecksum()
  if (expected === undefined || isoSha256 === expected) return
  throw new UserError(
    `The image in ${text} was made from an ISO with the SHA-256 ${isoSha256}, but its address first gave one with ${expected}. ` +
      'Someone may have forged the image: delete it there, or pin the ISO that you trust with "iso-sha256"',
    'changed',
  )
}

/** Returns why the image can't be used, if something of it is lost. */
async function pull(client: RegistryClient, image: RegistryImage, name: string, order: Order): Promise<ArchiveSummary | string> {
  const { archive: path, tempDir, rootImport } = order
  const other = otherCompression(image, order)
  try {
    if (other === undefined) return await fetchInto(path, client, image, name, order)
    const fetched = join(tempDir, 'fetched-image.tar')
    try {
      const { layers } = await fetchInto(fetched, client, image, name, order)
      return await recompress(fetched, sized(fetched, layers), other, image, name, order)
    } finally {
      rmSync(fetched, { force: true })
    }
  } catch (error) {
    order.phase.signal.throwIfAborted()
    if (error instanceof LostBlob) return error.message
    if (!(error instanceof SinkError)) throw error
    rootImport!.giveUp()
    order.phase.say(`${error.message}; an archive is made instead`)
    return pull(client, image, name, order)
  }
}

/** The compression that the layers must get; undefined if they can stay as they are. */
function otherCompression({ layers }: RegistryImage, { rootImport, onlyCompression, takesZstd }: Order): Compression | undefined {
  const [has] = layers.map(({ mediaType }) => compressionOf(mediaType))
  // How long gzip's content is can't be known before it is unpacked, and every engine can.
  if (has === 'gzip') return undefined
  if (rootImport?.sink || (!takesZstd && has === 'zstd')) return onlyCompression ?? 'none'
  return onlyCompression === undefined || onlyCompression === has ? undefined : onlyCompression
}

async function fetchInto(path: string, client: RegistryClient, image: RegistryImage, name: string, order: Order): Promise<ArchiveSummary> {
  const { phase } = order
  const total = image.layers.reduce((sum, { size }) => sum + size, 0)
  checkFreeSpace(dirname(path), total, 'The image from the registry')
  const show = progressLines(phase.say)
  const archive = createArchive(path)
  try {
    let done = 0
    for (const layer of image.layers) {
      const writer = archive.addCopiedLayer({ ...layer, uncompressedSize: layer.size })
      await fetchBlob(client, layer, async (bytes) => {
        await writer.write(new Uint8Array(bytes))
        done += bytes.length
        show({ doing: 'Fetching the image', done, total })
      })
      await writer.finish()
    }
    phase.signal.throwIfAborted()
    return archive.finish({ config: image.config, tags: [name] })
  } catch (error) {
    await archive.abort()
    throw error
  }
}

/** The layers with the sizes of their contents, as far as those are known. */
function sized(path: string, layers: readonly Layer[]): Layer[] {
  const fd = openSync(path, 'r')
  try {
    let position = 0
    return layers.map((layer) => {
      const start = position + tarBlockSize
      position = start + layer.size + tarPadding(layer.size)
      const isZstd = compressionOf(layer.mediaType) === 'zstd'
      return { ...layer, uncompressedSize: isZstd ? contentSize(fd, start, start + layer.size) : layer.size }
    })
  } finally {
    closeSync(fd)
  }
}

async function recompress(
  from: string,
  layers: readonly Layer[],
  compression: Compression,
  image: RegistryImage,
  name: string,
  { archive: path, rootImport }: Order,
): Promise<ArchiveSummary | string> {
  const made = await remakeArchive(streamOfFile(from, from), path, layers, { compression, rootSink: rootImport?.sink })
  if ('unusable' in made) return made.unusable
  const archive: Archive = made.archive
  try {
    return archive.finish({ config: image.config, tags: [name] })
  } catch (error) {
    await archive.abort()
    throw error
  }
}
