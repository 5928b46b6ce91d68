import { HttpFailure } from '../http/failure.ts'
import { authorizationFor } from './authorization.ts'
import { type ClientOptions, RegistryClient } from './client.ts'
import type { Repository } from './repository.ts'

/**
 * Whether somebody without a login can read a part of the repository, as far as the registry tells.
 * @param what below `/v2/NAME/`: `tags/list`, or something that is known to be there
 * @throws the reason of the signal; HttpFailure if the registry doesn't answer
 */
export async function canAnybodyRead(repository: Repository, what: string, options: ClientOptions): Promise<boolean> {
  const client = new RegistryClient(
    repository,
    authorizationFor(repository, async () => undefined),
    options,
  )
  try {
    return (await client.ask({ method: 'GET', to: what, access: 'pull', expected: [200, 404] })).status === 200
  } catch (error) {
    // The registry, or its token server, wants to know who asks. Some answer 400 or 404 to whoever isn't known.
    if (error instanceof HttpFailure && !error.retryable && error.status !== undefined && error.status < 500) return false
    throw error
  }
}
