import { UserError } from '../../bytes/errors.ts'
import type { HttpFailure } from '../../http/failure.ts'
import type { Inputs } from '../../inputs.ts'
import type { Phase } from '../../phase/phase.ts'
import { authorizationFor } from '../../registry/authorization.ts'
import { RegistryClient } from '../../registry/client.ts'
import { findLogin } from '../../registry/login-files.ts'

/** The repository that the workflow names. */
export interface RegistryUse {
  readonly client: RegistryClient
  /** Whether a new image is pushed to it. */
  readonly push: boolean
}

/** A failed request as an error for the user. */
export function registryError({ client }: RegistryUse, { message, kind }: HttpFailure): UserError {
  return new UserError(`${client.repository.text} can't be used: ${message}`, kind === 'certificate' ? kind : 'registry')
}

/** Prepares the use of the registry. Nothing is sent, and no login is looked for, before it is needed. */
export function useRegistry({ registry }: Pick<Inputs, 'registry'>, { say, signal }: Phase): RegistryUse | undefined {
  if (!registry) return undefined
  const { repository, credentials, push } = registry
  const authorization = authorizationFor(repository, async (ending) => credentials ?? findLogin(repository, { say, signal: ending }))
  return { client: new RegistryClient(repository, authorization, { say, signal }), push }
}
