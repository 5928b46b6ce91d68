import type { ImageConfig } from '../config/config.ts'
import { parseReference } from '../config/reference.ts'
import type { Layer } from './layer.ts'

/** OCI Content Descriptor: refers to a blob. */
export interface Descriptor<Type extends string = string> {
  readonly mediaType: Type
  /** `sha256:` and hexadecimal. */
  readonly digest: string
  /** In bytes. */
  readonly size: number
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const configType = 'application/vnd.oci.image.config.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'

/** OCI Image Manifest Specification: the config of an image, and its layers, lowest first. */
export interface OciManifest {
  readonly schemaVersion: 2
  readonly mediaType: typeof manifestType
  readonly config: Descriptor<typeof configType>
  readonly layers: readonly Descriptor[]
}

/** OCI Image Index Specification, as the `index.json` of an image layout: the manifests and their names. */
export interface OciIndex {
  readonly schemaVersion: 2
  readonly mediaType: typeof indexType
  readonly manifests: readonly IndexEntry[]
}

export interface IndexEntry extends Descriptor<typeof manifestType> {
  readonly platform: Pick<ImageConfig, 'architecture' | 'os'>
  readonly annotations?: Readonly<Record<string, string>>
}

/** OCI Image Layout Specification, "oci-layout file". */
export interface OciLayout {
  readonly imageLayoutVersion: '1.0.0'
}

/** `manifest.json` of Docker archives (Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format"). */
export type DockerManifest = readonly DockerManifestEntry[]

export interface DockerManifestEntry {
  /** Path of the config in the archive. */
  readonly Config: string
  /** Full references, `name:tag`. */
  readonly RepoTags: readonly string[]
  /** Paths of the layers in the archive, lowest first. */
  readonly Layers: readonly string[]
}

/** Any blob of the archive. */
type Blob = Pick<Descriptor, 'digest' | 'size'>

export const ociLayout: OciLayout = { imageLayoutVersion: '1.0.0' }

export function ociManifest(config: Blob, layers: readonly Descriptor[]): OciManifest {
  return {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: configType, ...config },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  }
}

/** For one manifest: an entry per tag, as `docker save` writes them. */
export function ociIndex({ digest, size }: Blob, { architecture, os }: ImageConfig, tags: readonly string[]): OciIndex {
  const entry: IndexEntry = { mediaType: manifestType, digest, size, platform: { architecture, os } }
  const named = tags.map((tag) => ({ ...entry, annotations: nameAnnotations(tag) }))
  return { schemaVersion: 2, mediaType: indexType, manifests: named.length > 0 ? named : [entry] }
}

export function dockerManifest(config: Blob, layers: readonly Layer[], tags: readonly string[]): DockerManifest {
  return [{ Config: blobPath(config.digest), RepoTags: tags, Layers: layers.map(({ digest }) => blobPath(digest)) }]
}

/** OCI Image Layout Specification, "Blobs". */
export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

/** containerd takes the full name of the image from its own annotation. All others take the tag from OCI's. */
function nameAnnotations(reference: string): Record<string, string> {
  const { canonical, tag } = parseReference(reference)
  return { 'io.containerd.image.name': canonical, 'org.opencontainers.image.ref.name': tag }
}
