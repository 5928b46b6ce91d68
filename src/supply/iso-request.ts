import { findRelease } from '../catalog/find.ts'
import { loadCatalogs } from '../catalog/load.ts'
import type { Release } from '../catalog/release.ts'
import type { Version } from '../catalog/version.ts'
import type { Address } from '../fetch/address.ts'
import type { Inputs } from '../inputs.ts'

/** Which ISO is wanted, before anything of it is here. */
export type IsoRequest =
  | { readonly kind: 'file'; readonly path: string; readonly sha256: string | undefined }
  | { readonly kind: 'address'; readonly address: Address; readonly version: Version | undefined }

/** The input `iso` if there is one, else what the catalog knows of the version. @throws Error if it knows no address */
export function requestIso(inputs: Inputs): IsoRequest {
  const { iso, isoSha256, isoHeaders: headers, mirrors, version, catalog } = inputs
  if (iso?.kind === 'file') return { kind: 'file', path: iso.path, sha256: isoSha256 }
  const release: Pick<Release, 'urls' | 'sha256' | 'size'> = iso ? { urls: [iso.url] } : findRelease(version!, catalog)
  const { urls, size } = release
  const sha256 = isoSha256 ?? release.sha256
  const address: Address = {
    urls: [...urls, ...mirrors],
    headers,
    // The user's secrets are for the user's own servers.
    withoutHeaders: iso ? [] : urls.filter((url) => publicUrls().has(url)),
    ...(sha256 !== undefined && { sha256 }),
    ...(size !== undefined && { size }),
  }
  return { kind: 'address', address, version }
}

function publicUrls(): Set<string> {
  return new Set(loadCatalogs().flatMap(({ urls }) => urls))
}
