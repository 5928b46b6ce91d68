import { UserError } from '../../bytes/errors.ts'
import { identifyingUrl } from '../../fetch/http/address.ts'
import { preferHttps } from '../../fetch/http/prefer-https.ts'
import { identityOf, queryServer, type RemoteIso } from '../../fetch/http/remote-iso.ts'
import type { StoredIso } from '../../fetch/store/stored-iso.ts'
import type { Store, WantedIso } from '../../fetch/store/tool-cache.ts'
import type { IsoIdentity } from '../../image/key/key.ts'
import type { Phase } from '../../phase/phase.ts'
import { progressLines } from '../../phase/progress-line.ts'
import { digestAndRecord, recordedDigest } from './file-digest.ts'
import type { AddressRequest, FileRequest, IsoRequest } from './iso-request.ts'

/** What is known about the requested ISO without fetching it. */
export interface KnownIso {
  readonly request: IsoRequest
  /** Identifies its image. Undefined for a folder, or if the server says too little. */
  readonly identity: IsoIdentity | undefined
  /** In hexadecimal, if it is already known. */
  readonly sha256: string | undefined
  /** Set if `sha256` is from a record, and the file hasn't been read. */
  readonly isRecorded?: boolean
  /** What the tool cache is asked for, if it may tell the checksum. */
  readonly wanted?: WantedIso
}

/**
 * Finds out what can be known about the ISO: for a file, its checksum, which is computed only if it is pinned or the file is new here; for an
 * address, the given checksum, else what the server says and whether the ISO was fetched before.
 * @throws Error if a file isn't the expected one, or if no server answers and the ISO wasn't fetched before
 */
export async function recognize(request: IsoRequest, store: Store, phase: Phase): Promise<KnownIso> {
  if (request.kind === 'file') return recognizeFile(request, phase)
  if (request.address.sha256 !== undefined) {
    const { sha256 } = request.address
    // The tool cache is searched only when the ISO is needed, because verifying a hit reads the whole file.
    return { request, identity: { sha256 }, sha256 }
  }
  return recognizeUnpinned(request.fromCatalog ? { ...request, address: await preferHttps(request.address, phase) } : request, store, phase)
}

async function recognizeFile(request: FileRequest, { say, signal }: Phase): Promise<KnownIso> {
  const { path, sha256: expected } = request
  const recorded = expected === undefined ? recordedDigest(path) : undefined
  if (recorded !== undefined) {
    say(`SHA-256: ${recorded}, as computed before: the file hasn't changed since`)
    return { request, identity: { sha256: recorded }, sha256: recorded, isRecorded: true }
  }
  const show = progressLines(say)
  const onProgress = (done: number, total: number) => show({ doing: 'Computing the SHA-256', done, total })
  const sha256 = await digestAndRecord(path, { expected, signal, onProgress })
  if (sha256 !== undefined) say(`SHA-256: ${sha256}`)
  return { request, identity: sha256 === undefined ? undefined : { sha256 }, sha256 }
}

/** The recognition of an ISO that has begun. Disposing it stops it. */
export interface Recognition extends Disposable {
  /**
   * From now on, its lines go to the log; those that it has written so far go there first.
   * @throws as `recognize` does
   */
  result(): Promise<KnownIso>
}

/** Begins to recognize the ISO while the step does something else, whose lines in the log must not be mixed with those about the ISO. */
export function beginRecognition(request: IsoRequest, store: Store, phase: Phase): Recognition {
  const stop = new AbortController()
  let held: string[] | undefined = []
  const say = (line: string) => (held ? void held.push(line) : phase.say(line))
  const known = recognize(request, store, { ...phase, say, signal: AbortSignal.any([phase.signal, stop.signal]) })
  // Whoever asks for the result gets the error; the step may fail before that.
  known.catch(() => {})
  return {
    result() {
      const lines = held ?? []
      held = undefined
      for (const line of lines) phase.say(line)
      return known
    },
    [Symbol.dispose]: () => stop.abort(),
  }
}

async function recognizeUnpinned(request: AddressRequest, store: Store, phase: Phase): Promise<KnownIso> {
  const { address, version } = request
  const url = identifyingUrl(address)
  const remote = await queryOrStored(request, store, phase)
  if (!('url' in remote)) return { request, identity: { sha256: remote.sha256 }, sha256: remote.sha256 }
  const { etag, lastModified, size } = remote
  const facts = { ...(etag && { etag }), ...(lastModified && { lastModified }), ...(size !== undefined && { size }) }
  return knownByNow({ request, identity: identityOf({ ...remote, url }), sha256: undefined, wanted: { url, version, ...facts } }, store)
}

/** The same, and the ISO's checksum if another job on this machine has fetched it meanwhile. */
export function knownByNow(known: KnownIso, store: Store): KnownIso {
  const { sha256, wanted } = known
  return sha256 === undefined && wanted ? { ...known, sha256: store.recorded(wanted) } : known
}

/** If the server is gone, an ISO that was fetched from it before is still good. */
async function queryOrStored(
  { address, version, fromCatalog }: AddressRequest,
  store: Store,
  { say, signal }: Phase,
): Promise<RemoteIso | StoredIso> {
  try {
    return await queryServer(address, { say, signal })
  } catch (error) {
    signal.throwIfAborted()
    const stored = await store.find({ url: identifyingUrl(address), version }, signal)
    if (!stored) throw fromCatalog ? withOtherWay(error) : error
    say(`${(error as Error).message}; using the ISO that was fetched from there before`)
    return stored
  }
}

/** The catalog's servers aren't ours, and may stop answering for good. */
function withOtherWay(error: unknown): unknown {
  if (!(error instanceof UserError)) return error
  return new UserError(`${error.message}. The address is the catalog's: if you have the ISO elsewhere, set the input "iso"`, error.kind)
}
