import { sha256Of } from '../../bytes/digest.ts'
import { append, type NewFile, newFile, writeAt } from '../../host/new-file.ts'
import type { ImageConfig } from '../config/config.ts'
import { blockSize, padding, ustarHeader } from '../tar/header.ts'
import { type Layer, type LayerOptions, type LayerWriter, layerWriter } from './layer.ts'
import {
  blobPath,
  type DockerManifest,
  dockerManifest,
  type OciIndex,
  type OciLayout,
  type OciManifest,
  ociIndex,
  ociLayout,
  ociManifest,
} from './manifest.ts'

export interface ArchiveSummary {
  readonly configDigest: string
  readonly manifestDigest: string
  readonly layers: readonly Layer[]
  /** Of the archive, in bytes. */
  readonly size: number
}

export interface Archive {
  /** Starts the next layer. It must be finished before anything else is done. */
  addLayer(options: LayerOptions): LayerWriter
  /**
   * Writes what makes an image of the layers, and gives the archive its name.
   * @param image.tags full references, e.g. `xenserver-ddk:6.5.0-90233c`; none leaves the image without a name
   */
  finish(image: { config: ImageConfig; tags: readonly string[] }): ArchiveSummary
  /** Removes what was written. */
  abort(): Promise<void>
}

/**
 * An image in one tar that every engine loads: an OCI layout (Image Layout Specification) and Docker's `manifest.json`, both of which point
 * to the same blobs. It is written in one pass: a layer's digest and size are known when its bytes are there, so its header comes after
 * them, in the place that was left for it. Until `finish` it is `PATH.RANDOM.part`.
 * @throws Error with one sentence if it can't be written
 */
export function createArchive(path: string): Archive {
  return archiveOn(newFile(path), [])
}

/** @param layers those that `out` has already, up to its position */
export function archiveOn(out: NewFile, layers: Layer[]): Archive {
  let current: LayerWriter | undefined

  const addFile = (name: string, bytes: Buffer) =>
    append(out, Buffer.concat([memberHeader(name, bytes.length), bytes, Buffer.alloc(padding(bytes.length))]))
  const addBlob = (bytes: Buffer) => {
    const digest = digestOf(bytes)
    addFile(blobPath(digest), bytes)
    return { digest, size: bytes.length }
  }

  return {
    addLayer(options) {
      const header = out.position
      out.position += blockSize
      const writer = layerWriter(out, options)
      current = {
        ...writer,
        async finish() {
          const layer = await writer.finish()
          writeAt(out, layerHeader(layer), header)
          append(out, Buffer.alloc(padding(layer.size)))
          layers.push(layer)
          return layer
        },
      }
      return current
    },
    finish({ config, tags }) {
      const configBlob = addBlob(json(config))
      const manifest = addBlob(json(ociManifest(configBlob, layers)))
      addFile('index.json', json(ociIndex(manifest, config, tags)))
      addFile('oci-layout', json(ociLayout))
      addFile('manifest.json', json(dockerManifest(configBlob, layers, tags)))
      append(out, Buffer.alloc(2 * blockSize))
      out.keep()
      return { configDigest: configBlob.digest, manifestDigest: manifest.digest, layers, size: out.position }
    },
    async abort() {
      // A frame that is still in the making must not be written to a descriptor that is someone else's by then.
      await current?.cancel()
      out.discard()
    },
  }
}

/** The digest that `finish` will say: that of the image's configuration. */
export function configDigest(config: ImageConfig): string {
  return digestOf(json(config))
}

/** The header of a layer's blob: one block, whatever the size, so that its place can be left free. */
export function layerHeader({ digest, size }: Pick<Layer, 'digest' | 'size'>): Buffer {
  return memberHeader(blobPath(digest), size)
}

function digestOf(bytes: Buffer): string {
  return `sha256:${sha256Of(bytes)}`
}

/** What is written as JSON into an archive. */
type Document = ImageConfig | OciManifest | OciIndex | OciLayout | DockerManifest

function json(value: Document): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function memberHeader(name: string, size: number): Buffer {
  return ustarHeader({ path: Buffer.from(name), type: 'file', mode: 0o644, uid: 0, gid: 0, size, mtime: 0 })
}
