import { existsSync, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../bytes/errors.ts'
import { findRelease } from '../../catalog/find.ts'
import { loadCatalogs } from '../../catalog/load.ts'
import type { Release } from '../../catalog/release.ts'
import type { Version } from '../../catalog/version.ts'
import { type Address, headersFor } from '../../fetch/http/address.ts'
import type { Inputs } from '../../inputs.ts'

/** The requested ISO, before any of it is fetched. */
export type IsoRequest = {
  /** Why not everybody may be able to get it, as a clause; absent if everybody can. */
  readonly confidential?: string
} & (
  | { readonly kind: 'file'; readonly path: string; readonly sha256: string | undefined }
  | {
      readonly kind: 'address'
      readonly address: Address
      readonly version: Version | undefined
      /** Whether a catalog names its first URL. */
      readonly fromCatalog: boolean
    }
)

/** An ISO on this machine, or a folder. */
export type FileRequest = Extract<IsoRequest, { kind: 'file' }>

/** An ISO that may have to be fetched. */
export type AddressRequest = Extract<IsoRequest, { kind: 'address' }>

/**
 * Takes the input `iso` if it is set, else the catalog's release for the version.
 * @throws Error if no address is known, or no checksum although one is required
 */
export function requestIso(inputs: Inputs): IsoRequest {
  const request = isoOf(inputs)
  const sha256 = request.kind === 'file' ? request.sha256 : request.address.sha256
  if (inputs.requireChecksum && sha256 === undefined) {
    throw new UserError(
      'No checksum is known for the ISO, and "require-checksum" is true; set "iso-sha256", or "sha256" in a catalog',
      'checksum',
    )
  }
  return request
}

function isoOf(inputs: Inputs): IsoRequest {
  const { iso, isoSha256, isoHeaders: headers, isoHeadersFor, mirrors, version, catalog } = inputs
  if (iso?.kind === 'file') return fileRequest(iso.path, isoSha256)
  const release: Pick<Release, 'urls' | 'sha256' | 'size'> = iso ? { urls: [iso.url] } : findRelease(version!, catalog)
  const { urls, size } = release
  const sha256 = isoSha256 ?? release.sha256
  const here = urls.filter(isFileUrl).map((url) => fileURLToPath(url))
  const remote = [...urls.filter((url) => !isFileUrl(url)), ...mirrors]
  const path = here.find((candidate) => existsSync(candidate)) ?? (remote.length === 0 ? here[0] : undefined)
  if (path !== undefined) return fileRequest(path, sha256)
  const address: Address = {
    urls: remote,
    headers,
    // A catalog is a file of the repository, which a pull request can change, so it never decides who gets a secret.
    headersFor: new Set([...(iso ? [iso.url] : []), ...mirrors, ...isoHeadersFor].map((url) => new URL(url).origin)),
    ...(sha256 !== undefined && { sha256 }),
    ...(size !== undefined && { size }),
  }
  const confidential = whyConfidential(address, iso ? [] : urls)
  return { kind: 'address', address, version, fromCatalog: !iso, ...(confidential !== undefined && { confidential }) }
}

/** @throws UserError if nothing is there, so that the step fails at once */
function fileRequest(path: string, sha256: string | undefined): IsoRequest {
  if (isMissing(path)) throw new UserError(`${path}: there is no such file; ${whyMissing(path)}`, 'input-output')
  const target = brokenLink(path)
  if (target !== undefined)
    throw new UserError(`${path}: it is a link to ${target}, where nothing is; mount or download that`, 'input-output')
  return { kind: 'file', path, sha256, confidential: 'the ISO is a file on the runner' }
}

/** Anything else that is wrong with the path shows when it is opened. */
function isMissing(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

/** What a link that leads to nothing names. */
function brokenLink(path: string): string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false }) ? undefined : readlinkSync(path)
  } catch {
    return undefined
  }
}

function whyMissing(path: string): string {
  if (path.includes('/~')) return 'only a shell replaces "~" by a folder, so write the whole path'
  if (path.includes('$')) return `only a shell expands patterns and variables, so write the whole path, or \${{ env.NAME }}`
  if (/[*?]/.test(path)) return 'only a shell expands patterns and variables, so write the whole path'
  // As of `${{ vars.MIRROR }}/ddk.iso`; hardly anybody keeps files there.
  if (dirname(path) === '/') return 'is a variable before it empty, or not set for this job?'
  const there = similarIn(dirname(path))
  if (there.length > 0) return `its folder has ${there.join(', ')}`
  const startsWithHost = /^(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?\//i.test(relative('', path))
  const orAddress = startsWithHost ? ', and an address with https://' : ''
  return `check it out or download it in an earlier step; a relative path starts in the workspace${orAddress}`
}

/** Some files of a folder that may be meant instead of another one. */
function similarIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(?:iso|xva|vhd|img|raw|zip|gz|zst)$/i.test(name))
      .sort()
      .slice(0, 3)
  } catch {
    return []
  }
}

/** @param fromCatalog the addresses that a catalog names */
function whyConfidential(address: Address, fromCatalog: readonly string[]): string | undefined {
  if (address.urls.some((url) => headersFor(address, url).size > 0)) return 'the ISO is fetched with iso-headers'
  const shipped = new Set(loadCatalogs().flatMap(({ urls }) => urls))
  if (!fromCatalog.every((url) => shipped.has(url))) return "the ISO's address is from a catalog of your own"
  const holdsSecret = ({ username, password, search }: URL) => username !== '' || password !== '' || search !== ''
  return address.urls.some((url) => holdsSecret(new URL(url))) ? "the ISO's address holds a password or a query" : undefined
}

/** A catalog may also list files of this machine. */
function isFileUrl(url: string): boolean {
  return url.startsWith('file:')
}
