import type { Identity } from '../../disk/root/identity.ts'
import type { LayerDescriptor } from '../../image/archive/read-manifest.ts'
import { readManifest } from '../../image/archive/read-manifest.ts'
import type { ImageConfig } from '../../image/config/config.ts'
import { readConfig } from '../../image/config/read-config.ts'
import type { UnameChoice } from '../../image/config/uname-choice.ts'
import { imageKey } from '../../image/key/key.ts'
import { fetchSmallBlob, hasBlob, LostBlob } from '../../registry/blob.ts'
import type { RegistryClient } from '../../registry/client.ts'
import { fetchManifest, type StoredManifest } from '../../registry/manifest.ts'

/** An image in the registry whose manifest and configuration are of the form that this action writes. */
export interface RegistryImage {
  readonly manifestDigest: string
  readonly configDigest: string
  readonly config: ImageConfig
  readonly identity: Identity
  /** In hexadecimal. */
  readonly isoSha256: string
  /** Lowest first. */
  readonly layers: readonly (LayerDescriptor & { readonly diffId: string })[]
}

/** An image, or why what a tag names isn't one of ours. */
export type Stored = { readonly image: RegistryImage } | { readonly unusable: string; readonly digest: string }

/**
 * Looks for the image with a key, which is also its tag.
 * @param uname of the wanted image
 * @returns undefined if there is no such tag
 * @throws HttpFailure; the reason of the client's signal
 */
export async function findStored(client: RegistryClient, key: string, uname: UnameChoice): Promise<Stored | undefined> {
  const stored = await fetchManifest(client, key)
  if (!stored) return undefined
  const image = await read(client, stored, uname)
  return typeof image === 'string' ? { unusable: image, digest: stored.digest } : { image }
}

/** Whether the registry has all of the image's layers. */
export async function isComplete(client: RegistryClient, { layers }: RegistryImage): Promise<boolean> {
  for (const layer of layers) if (!(await hasBlob(client, layer))) return false
  return true
}

async function read(client: RegistryClient, { digest, bytes }: StoredManifest, uname: UnameChoice): Promise<RegistryImage | string> {
  const manifest = readManifest(bytes)
  if (!manifest) return "its manifest isn't one that this action writes"
  const config = await configOf(client, manifest.config)
  if (typeof config === 'string') return config
  const { diffIds, isoSha256, key } = config
  if (diffIds.length !== manifest.layers.length)
    return `its configuration has ${diffIds.length} layers, but its manifest ${manifest.layers.length}`
  if (isoSha256 === '' || key !== imageKey({ sha256: isoSha256 }, { uname })) return "its label has another key than its ISO's"
  return {
    ...config,
    manifestDigest: digest,
    configDigest: manifest.config.digest,
    layers: manifest.layers.map((layer, index) => ({ ...layer, diffId: diffIds[index]! })),
  }
}

async function configOf(client: RegistryClient, blob: { readonly digest: string; readonly size: number }) {
  try {
    return readConfig(await fetchSmallBlob(client, blob)) ?? "its configuration isn't one that this action writes"
  } catch (error) {
    if (error instanceof LostBlob) return error.message
    throw error
  }
}
