import { parseChallenges } from './challenge.ts'
import { basic, type Credentials } from './credentials.ts'
import type { Repository } from './repository.ts'
import { requestToken, type Token, type TokenServer } from './token.ts'

/** What a request does with the repository. */
export type Access = 'pull' | 'pull,push' | 'delete'

/** Makes the Authorization headers of one repository's requests. */
export interface Authorization {
  /** The header for the next request; undefined as long as the registry hasn't asked for one. */
  header(access: Access, signal: AbortSignal): Promise<string | undefined>
  /**
   * Learns from a 401 answer how to authorize requests.
   * @param wwwAuthenticate the answer's header
   * @param used the header of the refused request
   * @returns whether another attempt makes sense
   */
  refused(wwwAuthenticate: string, access: Access, used: string | undefined): boolean
  /** What to do if the registry refuses, as a clause. */
  readonly ifDenied: string
}

/** @param findCredentials is called once, when the registry asks for the first time */
export function authorizationFor(
  repository: Repository,
  findCredentials: (signal: AbortSignal) => Promise<Credentials | undefined>,
): Authorization {
  const tokens = new Map<Access, Token>()
  let way: 'basic' | TokenServer | undefined
  let credentials: Promise<Credentials | undefined> | undefined
  let hasCredentials = false
  const find = async (signal: AbortSignal) => {
    credentials ??= findCredentials(signal)
    const found = await credentials
    hasCredentials = found !== undefined
    return found
  }

  const authorization: Authorization = {
    async header(access, signal) {
      if (way === undefined) return undefined
      const known = await find(signal)
      if (way === 'basic') return known?.kind === 'password' ? basic(known.username, known.password) : undefined
      let token = tokens.get(access)
      if (!token || token.until < Date.now()) {
        const scope = `repository:${repository.name}:${access}`
        token = await requestToken(way, scope, known, authorization.ifDenied, signal)
        tokens.set(access, token)
      }
      return `Bearer ${token.value}`
    },
    refused(wwwAuthenticate, access, used) {
      tokens.delete(access)
      const challenges = parseChallenges(wwwAuthenticate)
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer')?.parameters
      const realm = bearer?.get('realm')
      if (realm !== undefined) way = { realm, service: bearer!.get('service') }
      else if (challenges.some(({ scheme }) => scheme === 'basic')) way = 'basic'
      else return false
      // A token may have expired; a password that is refused stays wrong.
      return used === undefined || (way !== 'basic' && used.startsWith('Bearer '))
    },
    get ifDenied() {
      const { registry } = repository
      return hasCredentials
        ? `check the login to ${registry}, and whether it may use ${repository.name}`
        : `no login to ${registry} was found; set registry-username and registry-password, or log in to it in an earlier step`
    },
  }
  return authorization
}
