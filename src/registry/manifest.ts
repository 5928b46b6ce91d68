import { sha256Of } from '../bytes/digest.ts'
import { HttpFailure } from '../http/failure.ts'
import type { RegistryClient } from './client.ts'
import { received } from './received.ts'

/** A manifest as the registry has it. */
export interface StoredManifest {
  /** `sha256:` and hexadecimal, of the bytes. */
  readonly digest: string
  readonly bytes: Buffer
}

/** OCI Distribution Specification, "Pushing Manifests": what registries take at least. */
const maxSize = 4 << 20

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

/**
 * Fetches the manifest that a tag names; undefined if there is no such tag or repository.
 * @throws HttpFailure; the reason of the client's signal
 */
export function fetchManifest(client: RegistryClient, tag: string): Promise<StoredManifest | undefined> {
  return client.persist(async (signal, moved) => {
    const headers = { accept: manifestTypes, 'accept-encoding': 'identity' }
    const { status, body } = await client.open(
      { method: 'GET', to: `manifests/${tag}`, access: 'pull', headers, expected: [200, 404] },
      signal,
    )
    try {
      if (status === 404) return undefined
      const pieces: Buffer[] = []
      let size = 0
      for await (const bytes of received(body, signal)) {
        moved()
        size += bytes.length
        if (size > maxSize) throw new HttpFailure(`the manifest of ${tag} is larger than ${maxSize} bytes`)
        pieces.push(bytes)
      }
      const bytes = Buffer.concat(pieces)
      return { digest: `sha256:${sha256Of(bytes)}`, bytes }
    } finally {
      body.destroy()
    }
  })
}

/**
 * Stores a manifest under a tag, or under its digest.
 * @throws HttpFailure; the reason of the client's signal
 */
export async function pushManifest(client: RegistryClient, tag: string, mediaType: string, bytes: Buffer): Promise<void> {
  const headers = { 'content-type': mediaType }
  await client.ask({ method: 'PUT', to: `manifests/${tag}`, access: 'pull,push', headers, body: bytes, expected: [201, 202] })
}
