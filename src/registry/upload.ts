import { HttpFailure, statusFailure } from '../http/failure.ts'
import { drop } from '../http/request.ts'
import { hasBlob } from './blob.ts'
import { type BlobSource, bodyOf } from './blob-source.ts'
import { type Answer, blobPace, type RegistryClient } from './client.ts'
import { locationOf, offsetIn, type Session } from './upload-session.ts'

export interface UploadOptions {
  /** Bytes in a request. Default: 90 MiB. */
  readonly chunk?: number
  /** Called with the number of bytes that the registry has so far. */
  readonly onProgress?: (sent: number) => void
}

/** How a blob came to be in the repository. */
export type Uploaded = 'there before' | 'mounted' | 'sent'

/** Below 100 MB, which is as much as some proxies take. */
const usualChunk = 90 << 20

/** What proxies let through without settings, e.g. nginx (client_max_body_size). */
const smallestChunk = 1 << 20

/** Milliseconds to clear up an upload that failed. */
const clearingPatience = 5000

/**
 * Uploads a blob unless the repository has it (OCI Distribution Specification, "Pushing a blob in chunks"): the registry is asked to mount it
 * from a repository where it knows it, else it is sent in chunks. After a lost connection, the registry says how much it has. If it has
 * lost the upload, the blob is sent from the beginning.
 * @throws HttpFailure; the reason of the client's signal; the upload is given up then
 */
export async function uploadBlob(client: RegistryClient, blob: BlobSource, options: UploadOptions = {}): Promise<Uploaded> {
  if (await hasBlob(client, blob)) return 'there before'
  const upload = new Upload(client, blob, options)
  try {
    return await client.persist((signal, moved) => upload.continue(signal, moved), { gained: upload.gained, pace: blobPace })
  } catch (error) {
    await upload.giveUp()
    throw error
  }
}

class Upload {
  readonly #client: RegistryClient
  readonly #blob: BlobSource
  readonly #options: UploadOptions
  #session: Session | undefined
  #attempts = 0
  /**
   * Bytes in a request. Some registries take a blob in one request only: Google's refuses chunks (Artifact Registry, "Docker API"), and
   * Amazon's drops all but the first (aws/containers-roadmap#2831).
   */
  #chunk: number
  #furthest = 0

  constructor(client: RegistryClient, blob: BlobSource, options: UploadOptions) {
    this.#client = client
    this.#blob = blob
    this.#options = options
    this.#chunk = options.chunk ?? usualChunk
  }

  /** Whether the last attempt brought the registry bytes that it didn't have before. */
  readonly gained = (): boolean => {
    const offset = this.#session?.offset ?? 0
    const more = offset > this.#furthest
    this.#furthest = Math.max(this.#furthest, offset)
    return more
  }

  async continue(signal: AbortSignal, moved: () => void): Promise<Uploaded> {
    const { size } = this.#blob
    if (this.#attempts++ > 0 && this.#session) {
      // The last request failed, so it is unknown what the registry has.
      if (await this.#isDone(this.#session, signal)) return 'sent'
      this.#session = await this.#status(this.#session, signal)
    }
    const session = this.#session ?? (await this.#begin(signal))
    if (session === 'mounted') return session
    this.#session = session
    while (this.#session.offset < size) {
      moved()
      this.#session = await this.#sendChunk(this.#session, signal, moved)
      this.#options.onProgress?.(this.#session.offset)
    }
    moved()
    await this.#complete(this.#session, signal)
    return 'sent'
  }

  /** Tells the registry that the rest won't come. It would remove the upload later anyway. */
  async giveUp(): Promise<void> {
    const { location } = this.#session ?? {}
    this.#session = undefined
    if (!location) return
    const signal = AbortSignal.timeout(clearingPatience)
    // Its answer makes no difference: this user may not delete anything, or the registry is away.
    await this.#client.open({ method: 'DELETE', to: location, access: 'delete', expected: [] }, signal).catch(() => {})
  }

  /** The answer to the last request may have been lost. */
  async #isDone({ offset }: Session, signal: AbortSignal): Promise<boolean> {
    if (offset < this.#blob.size) return false
    return (await this.#ask('HEAD', `blobs/${this.#blob.digest}`, [200, 404], signal)).status === 200
  }

  /** Without a `from`, a registry may mount the blob from any repository that this user may read ("Mounting a blob"). */
  async #begin(signal: AbortSignal): Promise<Session | 'mounted'> {
    const asked = await this.#ask('POST', `blobs/uploads/?mount=${this.#blob.digest}`, [201, 202, 400, 404, 405], signal)
    if (asked.status === 201) return 'mounted'
    const begun = asked.status === 202 ? asked : await this.#ask('POST', 'blobs/uploads/', [202], signal)
    this.#chunk = Math.max(this.#chunk, Number(begun.headers['oci-chunk-min-length']) || 0)
    return { location: locationOf(begun), offset: 0 }
  }

  /** What the registry has of the upload; undefined if it has given the upload up. */
  async #status(session: Session, signal: AbortSignal): Promise<Session | undefined> {
    const answer = await this.#ask('GET', session.location, [200, 202, 204, 400, 404, 416], signal)
    if (answer.status >= 400) return undefined
    const offset = offsetIn(answer)
    return offset === undefined ? undefined : { location: locationOf(answer, session.location), offset }
  }

  async #sendChunk({ location, offset }: Session, signal: AbortSignal, moved: () => void): Promise<Session> {
    const { size } = this.#blob
    const end = Math.min(offset + this.#chunk, size)
    const isWhole = offset === 0 && end === size
    const headers = {
      'content-type': 'application/octet-stream',
      // Docker sends a blob that is in one request without its range, so every registry knows that.
      ...(!isWhole && { 'content-range': `${offset}-${end - 1}` }),
    }
    const body = bodyOf(this.#blob, offset, end - offset)
    const expected = [201, 202, 204, 400, 404, 405, 411, 413, 416, 501]
    const {
      status,
      headers: answered,
      url,
      body: rest,
    } = await this.#client.open({ method: 'PATCH', to: location, access: 'pull,push', headers, body, expected }, signal, moved)
    rest.destroy()
    const answer = { status, headers: answered, url }
    if (status < 400) {
      // Only the digest counts then, which the registry verifies at the end.
      if (isWhole) return { location: locationOf(answer, location), offset: end }
      const next = { location: locationOf(answer, location), offset: offsetIn(answer) ?? end }
      if (next.offset > offset && next.offset <= end) return next
      this.#session = next
    }
    // With 416 it has another offset than we thought, and will say which. With 404 it has lost the upload.
    if (status !== 416) await this.giveUp()
    if (status !== 404 && status !== 416) this.#chunk = this.#otherChunk(status, isWhole) ?? fail(statusFailure(status, answered, ''))
    throw new HttpFailure(`the registry answered ${status} to a part of a blob`, { retryable: true, status })
  }

  /** Some registries find out only now that they take no chunks. */
  async #complete({ location }: Session, signal: AbortSignal): Promise<void> {
    const target = new URL(location)
    target.searchParams.set('digest', this.#blob.digest)
    const { status, headers } = await this.#ask('PUT', target, [201, 204, 400, 404, 416], signal)
    if (status < 400) {
      this.#session = undefined
      return
    }
    await this.giveUp()
    if (this.#chunk >= this.#blob.size) throw statusFailure(status, headers, '')
    this.#chunk = this.#blob.size
    throw new HttpFailure(`the registry answered ${status} to the end of a blob`, { retryable: true, status })
  }

  /** The size of chunks to try after one was refused: a proxy may limit it, or the registry may want all of a blob at once. */
  #otherChunk(status: number, isWhole: boolean): number | undefined {
    if (status === 413)
      return this.#chunk > smallestChunk ? Math.max(smallestChunk, Math.floor(Math.min(this.#chunk, this.#blob.size) / 4)) : undefined
    return isWhole ? undefined : this.#blob.size
  }

  async #ask(method: 'GET' | 'HEAD' | 'POST' | 'PUT', to: string | URL, expected: number[], signal: AbortSignal): Promise<Answer> {
    const { status, headers, url, body } = await this.#client.open({ method, to, access: 'pull,push', expected }, signal)
    await drop(body, method)
    return { status, headers, url }
  }
}

function fail(error: Error): never {
  throw error
}
