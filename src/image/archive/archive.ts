import { sha256Of } from '../../bytes/digest.ts'
import { tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { append, type NewFile, newFile, writeAt } from '../../host/new-file.ts'
import type { ImageConfig } from '../config/config.ts'
import { ustarHeader } from '../tar/header.ts'
import {
  absentLayerWriter,
  copiedLayerWriter,
  type Layer,
  type LayerOptions,
  type LayerSink,
  type LayerWriter,
  layerWriter,
} from './layer.ts'
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

/** The only file of an archive that isn't a part of its OCI layout. */
export const dockerManifestName = 'manifest.json'

export interface ArchiveSummary {
  readonly configDigest: string
  readonly manifestDigest: string
  readonly layers: readonly Layer[]
  /** Size of the archive in bytes. */
  readonly size: number
}

export interface Archive {
  /** Starts the next layer. Finish it before doing anything else. */
  addLayer(options: LayerOptions): LayerWriter
  /**
   * Starts the next layer, whose bytes go to `sink`. Its file in the archive is empty, so only an engine that has the layer already can load
   * the archive.
   */
  addAbsentLayer(sink: LayerSink, release?: LayerOptions['release']): LayerWriter
  /** Starts the next layer, whose blob comes from elsewhere as it is. */
  addCopiedLayer(layer: Layer): LayerWriter
  /**
   * Turns the layers into an image, and gives the archive its final name.
   * @param image.tags full references, e.g. `xenserver-ddk:6.5.0-90233c`; without any, the image has no name
   */
  finish(image: { config: ImageConfig; tags: readonly string[] }): ArchiveSummary
  /** Removes the unfinished archive. */
  abort(): Promise<void>
}

/**
 * Writes an image as a tar that every engine can load: an OCI layout (Image Layout Specification) and Docker's `manifest.json` refer to the
 * same blobs. It takes one pass. A layer's digest and size are known only after its bytes, so space is left for its header, which is
 * written last. Until `finish`, the file is called `PATH.RANDOM.part`.
 * @throws Error with one sentence if it can't be written
 */
export function createArchive(path: string): Archive {
  return archiveOn(newFile(path), [])
}

/** @param layers that `out` already has, up to its position */
export function archiveOn(out: NewFile, layers: Layer[]): Archive {
  let current: LayerWriter | undefined

  const addFile = (name: string, bytes: Buffer) =>
    append(out, Buffer.concat([memberHeader(name, bytes.length), bytes, Buffer.alloc(tarPadding(bytes.length))]))
  const addBlob = (bytes: Buffer) => {
    const digest = digestOf(bytes)
    addFile(blobPath(digest), bytes)
    return { digest, size: bytes.length }
  }

  const add = (writer: LayerWriter, close: (layer: Layer) => void): LayerWriter => {
    current = {
      ...writer,
      async finish() {
        const layer = await writer.finish()
        close(layer)
        layers.push(layer)
        return layer
      },
    }
    return current
  }

  return {
    addLayer(options) {
      const header = out.position
      out.position += tarBlockSize
      return add(layerWriter(out, options), (layer) => {
        writeAt(out, layerHeader(layer), header)
        append(out, Buffer.alloc(tarPadding(layer.size)))
      })
    },
    addCopiedLayer(layer) {
      append(out, layerHeader(layer))
      return add(copiedLayerWriter(out, layer), () => append(out, Buffer.alloc(tarPadding(layer.size))))
    },
    addAbsentLayer: (sink, release) => add(absentLayerWriter(sink, release), ({ digest }) => append(out, layerHeader({ digest, size: 0 }))),
    finish({ config, tags }) {
      const configBlob = addBlob(json(config))
      const manifest = addBlob(json(ociManifest(configBlob, layers)))
      addFile('index.json', json(ociIndex(manifest, config, tags)))
      addFile('oci-layout', json(ociLayout))
      addFile(dockerManifestName, json(dockerManifest(configBlob, layers, tags)))
      append(out, Buffer.alloc(2 * tarBlockSize))
      out.keep()
      return { configDigest: configBlob.digest, manifestDigest: manifest.digest, layers, size: out.position }
    },
    async abort() {
      // A frame that is still being compressed must not be written to a descriptor that has been reused.
      await current?.cancel()
      out.discard()
    },
  }
}

/** The digest that `finish` will return: that of the image's configuration. */
export function configDigest(config: ImageConfig): string {
  return digestOf(json(config))
}

/** The header of a layer's blob. It is always one block, so space can be left for it. */
export function layerHeader({ digest, size }: Pick<Layer, 'digest' | 'size'>): Buffer {
  return memberHeader(blobPath(digest), size)
}

function digestOf(bytes: Buffer): string {
  return `sha256:${sha256Of(bytes)}`
}

/** A JSON document in an archive. */
type Document = ImageConfig | OciManifest | OciIndex | OciLayout | DockerManifest

function json(value: Document): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function memberHeader(name: string, size: number): Buffer {
  return ustarHeader({ path: Buffer.from(name), type: 'file', mode: 0o644, uid: 0, gid: 0, size, mtime: 0 })
}
