import type { Pace } from '../../src/http/retry.ts'
import { authorizationFor } from '../../src/registry/authorization.ts'
import type { BlobSource } from '../../src/registry/blob-source.ts'
import { RegistryClient } from '../../src/registry/client.ts'
import type { Credentials } from '../../src/registry/credentials.ts'
import { parseRepository } from '../../src/registry/repository.ts'
import { noise, sha256 } from '../fetch/server.ts'

/** A client that tries again at once, and what it says. */
export function clientOf(image: string, credentials?: Credentials, signal = new AbortController().signal, pace: Partial<Pace> = {}) {
  const repository = parseRepository(image)
  const said: string[] = []
  const authorization = authorizationFor(repository, async () => credentials)
  const options = { say: (line: string) => void said.push(line), signal, pace: { stall: 60_000, attempts: 4, delay: 5, ...pace } }
  return { client: new RegistryClient(repository, authorization, options), said, options }
}

/** A blob that is the same for the same seed, and whose reads are counted. */
export function blobOf(size: number, seed = 'blob'): BlobSource & { readonly bytes: Buffer; reads: number } {
  const bytes = noise(size, seed)
  const blob = {
    bytes,
    digest: `sha256:${sha256(bytes)}`,
    size,
    reads: 0,
    async read(offset: number, length: number) {
      blob.reads += length
      return bytes.subarray(offset, offset + length)
    },
  }
  return blob
}
