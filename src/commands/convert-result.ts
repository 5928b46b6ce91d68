import { resolve } from 'node:path'
import type { Engine, Image } from '../engine/engine.ts'
import type { Conversion } from '../image/description.ts'
import { jsonText } from './json-text.ts'

/** Where an image went. */
export interface Places {
  /** Path of the archive that the user wants. */
  readonly archive: string | undefined
  /** Path of the OCI layout that the user wants. */
  readonly layout: string | undefined
  readonly loaded: { readonly engine: Engine; readonly image: Image } | undefined
}

/** A line for scripts: the image's name, and the digest of its configuration. */
export function resultLine({ names, archive }: Conversion): string {
  return `${names[0]} ${archive.configDigest}\n`
}

/** The same and more, as one JSON object. Sizes are in bytes. Digests of blobs are only those of an archive or a layout that is kept. */
export function resultJson(
  { names, found, archive, isoSha256, layers, tar }: Conversion,
  { archive: path, layout, loaded }: Places,
): string {
  const result = {
    image: names[0],
    digest: archive.configDigest,
    ...(path !== undefined && { archive: { path: resolve(path), size: archive.size, manifestDigest: archive.manifestDigest } }),
    ...(layout !== undefined && { ociLayout: { path: resolve(layout), manifestDigest: archive.manifestDigest } }),
    ...(loaded && { engine: { name: loaded.engine.name, imageId: loaded.image.id } }),
    ...(isoSha256 !== '' && { inputSha256: isoSha256 }),
    identity: found.identity,
    root: { type: found.type, entries: tar.members, contentSize: tar.contentSize },
    layers: layers.map(({ diffId, uncompressedSize, digest, size }) => ({
      diffId,
      uncompressedSize,
      ...((path ?? layout) !== undefined && { digest, size }),
    })),
  }
  return `${jsonText(result, 2)}\n`
}
