import type { ImageConfig } from '../config.ts'
import type { Layer } from './layer.ts'

/** Content Descriptors, the part that is the same for all. */
interface Blob {
  /** `sha256:` and hexadecimal. */
  readonly digest: string
  /** In bytes. */
  readonly size: number
}

const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json'

/** OCI Image Manifest Specification. */
export function ociManifest(config: Blob, layers: readonly Layer[]): object {
  return {
    schemaVersion: 2,
    mediaType: manifestMediaType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  }
}

/** OCI Image Index Specification, of one manifest: a descriptor for each of its tags, as `docker save` writes them. */
export function ociIndex({ digest, size }: Blob, { architecture, os }: ImageConfig, tags: readonly string[]): object {
  const descriptor = { mediaType: manifestMediaType, digest, size, platform: { architecture, os } }
  const named = tags.map((tag) => ({ ...descriptor, annotations: nameAnnotations(tag) }))
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: named.length > 0 ? named : [descriptor],
  }
}

/** `manifest.json` of Docker's archives (Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format"). */
export function dockerManifest(config: Blob, layers: readonly Layer[], tags: readonly string[]): object {
  return [{ Config: blobPath(config.digest), RepoTags: tags, Layers: layers.map(({ digest }) => blobPath(digest)) }]
}

/** OCI Image Layout Specification, "Blobs". */
export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

/** Containerd takes the image's name from its own annotation, in full; everyone else the tag from OCI's. */
function nameAnnotations(reference: string): Record<string, string> {
  const slash = reference.lastIndexOf('/')
  const colon = reference.indexOf(':', slash + 1)
  const tag = colon === -1 ? 'latest' : reference.slice(colon + 1)
  const name = colon === -1 ? reference : reference.slice(0, colon)
  return { 'io.containerd.image.name': `${withRegistry(name)}:${tag}`, 'org.opencontainers.image.ref.name': tag }
}

/** What Docker makes of a short name: a first component without a dot or a port is no registry's host, unless it is `localhost`. */
function withRegistry(name: string): string {
  const [first, ...rest] = name.split('/')
  if (rest.length === 0) return `docker.io/library/${name}`
  return /[.:]/.test(first!) || first === 'localhost' ? name : `docker.io/${name}`
}
