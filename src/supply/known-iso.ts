import { sha256OfFile } from '../bytes/digest.ts'
import { identityOf, queryServer, type RemoteIso } from '../fetch/http/remote-iso.ts'
import type { StoredIso } from '../fetch/store/stored-iso.ts'
import type { Store } from '../fetch/store/tool-cache.ts'
import type { IsoIdentity } from '../image/config/key.ts'
import type { Phase } from '../phase/phase.ts'
import type { IsoRequest } from './iso-request.ts'

/** What is known of the wanted ISO without fetching it. */
export interface KnownIso {
  readonly request: IsoRequest
  /** What its image is known by; nothing, if it is a folder, or its server says too little. */
  readonly identity: IsoIdentity | undefined
  /** In hexadecimal, if it is known by now. */
  readonly sha256: string | undefined
  /** If it was fetched before. */
  readonly stored: StoredIso | undefined
}

/**
 * Finds out what is known: of a file its checksum; of an address the checksum that is given, else what its server says, and whether it was
 * fetched before.
 * @throws Error if a file isn't what it should be, or no server answers and it wasn't fetched before
 */
export async function recognize(request: IsoRequest, store: Store, phase: Phase): Promise<KnownIso> {
  if (request.kind === 'file') {
    const sha256 = await sha256OfFile(request.path, request.sha256, phase.signal)
    return { request, identity: sha256 === undefined ? undefined : { sha256 }, sha256, stored: undefined }
  }
  const { address, version } = request
  if (address.sha256 !== undefined) {
    // Where it lies is looked up when it is needed: to look is to read all of it.
    return { request, identity: { sha256: address.sha256 }, sha256: address.sha256, stored: undefined }
  }
  const remote = await queryOrStored(request, store, phase)
  if (!('url' in remote)) return { request, identity: { sha256: remote.stored.sha256 }, ...remote, sha256: remote.stored.sha256 }
  const { etag, lastModified, size } = remote
  const facts = { ...(etag && { etag }), ...(lastModified && { lastModified }), ...(size !== undefined && { size }) }
  const stored = await store.find({ url: address.urls[0]!, version, ...facts }, phase.signal)
  return { request, identity: identityOf({ ...remote, url: address.urls[0]! }), sha256: stored?.sha256, stored }
}

/** Servers vanish; what was fetched before is as good as it was then. */
async function queryOrStored(
  { address, version }: Extract<IsoRequest, { kind: 'address' }>,
  store: Store,
  { say, signal }: Phase,
): Promise<RemoteIso | { stored: StoredIso }> {
  try {
    return await queryServer(address, { say, signal })
  } catch (error) {
    signal.throwIfAborted()
    const stored = await store.find({ url: address.urls[0]!, version }, signal)
    if (!stored) throw error
    say(`${(error as Error).message}; the ISO that was fetched from there before is used`)
    return { stored }
  }
}
