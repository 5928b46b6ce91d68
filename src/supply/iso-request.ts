import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findRelease } from '../catalog/find.ts'
import type { Release } from '../catalog/release.ts'
import type { Version } from '../catalog/version.ts'
import type { Address } from '../fetch/http/address.ts'
import type { Inputs } from '../inputs.ts'

/** The requested ISO, before any of it is fetched. */
export type IsoRequest =
  | { readonly kind: 'file'; readonly path: string; readonly sha256: string | undefined }
  | { readonly kind: 'address'; readonly address: Address; readonly version: Version | undefined }

/**
 * Takes the input `iso` if it is set, else the catalog's release for the version.
 * @throws Error if no address is known
 */
export function requestIso(inputs: Inputs): IsoRequest {
  const { iso, isoSha256, isoHeaders: headers, isoHeadersFor, mirrors, version, catalog } = inputs
  if (iso?.kind === 'file') return { kind: 'file', path: iso.path, sha256: isoSha256 }
  const release: Pick<Release, 'urls' | 'sha256' | 'size'> = iso ? { urls: [iso.url] } : findRelease(version!, catalog)
  const { urls, size } = release
  const sha256 = isoSha256 ?? release.sha256
  const here = urls.filter(isFileUrl).map((url) => fileURLToPath(url))
  const remote = [...urls.filter((url) => !isFileUrl(url)), ...mirrors]
  const path = here.find((candidate) => existsSync(candidate)) ?? (remote.length === 0 ? here[0] : undefined)
  if (path !== undefined) return { kind: 'file', path, sha256 }
  const address: Address = {
    urls: remote,
    headers,
    // A catalog is a file of the repository, which a pull request can change, so it never decides who gets a secret.
    headersFor: new Set([...(iso ? [iso.url] : []), ...mirrors, ...isoHeadersFor].map((url) => new URL(url).origin)),
    ...(sha256 !== undefined && { sha256 }),
    ...(size !== undefined && { size }),
  }
  return { kind: 'address', address, version }
}

/** A catalog may also list files of this machine. */
function isFileUrl(url: string): boolean {
  return url.startsWith('file:')
}
