import { beforeEach, describe, expect, test } from '@jest/globals'
import { authorizationFor } from '../../src/registry/authorization.ts'
import type { Credentials } from '../../src/registry/credentials.ts'
import { parseRepository } from '../../src/registry/repository.ts'
import { type Handler, withServer } from '../fetch/server.ts'

const login: Credentials = { kind: 'password', username: 'builder', password: 'correct horse' }
const basic = `Basic ${Buffer.from('builder:correct horse').toString('base64')}`
const never = new AbortController().signal
const repository = parseRepository('registry.example/acme/ddk')

let searches = 0
beforeEach(() => {
  searches = 0
})
const of = (credentials?: Credentials) =>
  authorizationFor(repository, async () => {
    searches++
    return credentials
  })

test('a login is not looked for before the registry asks for it, and only once', async () => {
  const authorization = of(login)
  expect([await authorization.header('pull', never), searches]).toEqual([undefined, 0])
  expect(authorization.refused('Basic realm="x"', 'pull', undefined)).toBe(true)
  expect(await Promise.all([authorization.header('pull', never), authorization.header('pull,push', never)])).toEqual([basic, basic])
  expect([await authorization.header('pull', never), searches]).toEqual([basic, 1])
})

test.each<[string, Credentials | undefined]>([
  ['nobody', undefined],
  ['a refresh token, which only token servers take', { kind: 'refresh-token', token: 'x' }],
])('a registry that wants passwords gets no header of %s', async (_title, credentials) => {
  const authorization = of(credentials)
  authorization.refused('Basic realm="x"', 'pull', undefined)
  expect(await authorization.header('pull', never)).toBeUndefined()
})

test.each([
  ['', undefined],
  ['Negotiate', undefined],
  ['Bearer service="x"', undefined],
  ['Basic realm="x"', basic],
])('after a refusal with %j of a request with %j, another one makes no sense', async (challenge, used) => {
  expect(of(login).refused(challenge, 'pull', used)).toBe(false)
})

describe('a registry with a token server', () => {
  /** Calls it with a challenge that names it, and counts its tokens, which say what they are for. */
  async function withTokens(use: (challenge: string, scopes: readonly (string | null)[]) => Promise<void>): Promise<void> {
    const scopes: (string | null)[] = []
    const give: Handler = ({ url }, response) => {
      scopes.push(new URL(url!, 'http://x').searchParams.get('scope'))
      response.end(JSON.stringify({ token: `token-${scopes.length}`, expires_in: 3600 }))
    }
    await withServer(give, ({ origin }) => use(`Bearer realm="${origin}/token",service="x"`, scopes))
  }

  test('gets a token for each kind of access, and keeps it until it is refused', async () => {
    await withTokens(async (challenge, scopes) => {
      const authorization = of(login)
      const header = () => authorization.header('pull', never)
      expect(authorization.refused(challenge, 'pull', undefined)).toBe(true)
      expect([await header(), await header(), await authorization.header('delete', never)]).toEqual([
        'Bearer token-1',
        'Bearer token-1',
        'Bearer token-2',
      ])
      expect(scopes).toEqual(['repository:acme/ddk:pull', 'repository:acme/ddk:delete'])
      expect(authorization.refused(challenge, 'pull', 'Bearer token-1')).toBe(true)
      expect([await header(), await authorization.header('delete', never)]).toEqual(['Bearer token-3', 'Bearer token-2'])
    })
  })

  test('that also takes passwords gets none, whatever it names first', async () => {
    await withTokens(async (bearer) => {
      for (const challenge of [`Basic realm="x", ${bearer}`, `${bearer}, Basic realm="x"`]) {
        const authorization = of(login)
        authorization.refused(challenge, 'pull', undefined)
        expect(await authorization.header('pull', never)).toMatch(/^Bearer token-/)
      }
    })
  })

  test('that does not say where it is gets a password, if it takes that', async () => {
    const authorization = of(login)
    expect(authorization.refused('Bearer service="x", Basic realm="x"', 'pull', undefined)).toBe(true)
    expect(await authorization.header('pull', never)).toBe(basic)
  })
})

test('what to do depends on whether there is a login', async () => {
  const without = of()
  const withLogin = of(login)
  for (const authorization of [without, withLogin]) {
    authorization.refused('Basic realm="x"', 'pull', undefined)
    await authorization.header('pull', never)
  }
  expect(without.ifDenied).toBe(
    'no login to registry.example was found; set registry-username and registry-password, or log in to it in an earlier step',
  )
  expect(withLogin.ifDenied).toBe('check the login to registry.example, and whether it may use acme/ddk')
})
