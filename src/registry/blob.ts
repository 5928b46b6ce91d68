import { createHash } from 'node:crypto'
import { HttpFailure } from '../http/failure.ts'
import { blobPace, type RegistryClient } from './client.ts'
import { received } from './received.ts'

/** OCI Content Descriptor, as far as a blob is fetched by it. */
export interface Blob {
  /** `sha256:` and hexadecimal. */
  readonly digest: string
  /** In bytes. */
  readonly size: number
}

/** The registry doesn't have what its manifest refers to, or has something else there. */
export class LostBlob extends Error {
  override readonly name = 'LostBlob'
}

/** Whether the repository has the blob. */
export async function hasBlob(client: RegistryClient, { digest, size }: Blob): Promise<boolean> {
  const { status, headers } = await client.ask({ method: 'HEAD', to: `blobs/${digest}`, access: 'pull', expected: [200, 404] })
  // Some storage servers, to which the registry redirects, send no length.
  return status === 200 && Number(headers['content-length'] ?? size) === size
}

/**
 * Fetches a blob. After a lost connection, only the rest is requested.
 * @param take gets the bytes in order; they aren't verified until this returns
 * @throws LostBlob if the registry doesn't have it, or it has another size or digest; HttpFailure; the reason of the client's signal
 */
export async function fetchBlob(
  client: RegistryClient,
  { digest, size }: Blob,
  take: (bytes: Buffer) => void | Promise<void>,
): Promise<void> {
  const hash = createHash('sha256')
  let done = 0
  let before = 0
  const gained = () => {
    const more = done > before
    before = done
    return more
  }
  await client.persist(
    async (signal, moved) => {
      const headers = { 'accept-encoding': 'identity', ...(done > 0 && { range: `bytes=${done}-` }) }
      const { status, body } = await client.open(
        { method: 'GET', to: `blobs/${digest}`, access: 'pull', headers, expected: [200, 206, 404, 416] },
        signal,
      )
      try {
        if (status === 404) throw new LostBlob(`the registry has lost ${digest}`)
        if (status === 416) throw new LostBlob(`${digest} is shorter in the registry than its manifest says`)
        // A registry that knows no ranges sends all of it again.
        let skip = status === 200 ? done : 0
        for await (const bytes of received(body, signal)) {
          moved()
          const fresh = bytes.subarray(Math.min(skip, bytes.length))
          skip -= bytes.length - fresh.length
          if (done + fresh.length > size) throw new LostBlob(`${digest} is longer in the registry than its manifest says`)
          hash.update(fresh)
          done += fresh.length
          await take(fresh)
        }
      } finally {
        body.destroy()
      }
      if (done < size) throw new HttpFailure(`the registry stopped after ${done} of ${size} bytes`, { retryable: true })
    },
    { gained, pace: blobPace },
  )
  const found = `sha256:${hash.digest('hex')}`
  if (found !== digest) throw new LostBlob(`the registry gives ${found} for ${digest}`)
}

/**
 * Fetches a small blob into memory.
 * @throws as `fetchBlob`
 */
export async function fetchSmallBlob(client: RegistryClient, blob: Blob): Promise<Buffer> {
  const pieces: Buffer[] = []
  await fetchBlob(client, blob, (bytes) => void pieces.push(bytes))
  return Buffer.concat(pieces)
}
