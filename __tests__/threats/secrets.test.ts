import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Server, serve } from '../fetch/server.ts'
import { bundle } from '../support/cli.ts'
import { makeRunner, type Runner } from '../support/runner.ts'

// Who receives what the workflow gives in iso-headers. The servers have no ISO: what they are asked is all that matters.

const token = 'a-token-of-a-private-mirror'
const headers = { 'iso-headers': `Authorization: Bearer ${token}` }

let dir = ''
let runner: Runner
let servers: Server[] = []
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-secrets-'))
  bundle(join(dir, 'dist'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(() => {
  runner = makeRunner(dir, join(dir, 'dist/main.cjs'))
})
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  servers = []
})

async function server(location?: string): Promise<Server> {
  const one = await serve((_, response) => response.writeHead(location === undefined ? 404 : 302, location ? { location } : {}).end())
  servers.push(one)
  return one
}

/** What the servers were asked with: each header once. */
const received = ({ requests }: Server) => [...new Set(requests.map(({ headers: { authorization } }) => authorization))]

function catalogOf(...urls: string[]): string {
  const file = join(runner.workspace, 'catalog.json')
  writeFileSync(file, JSON.stringify({ releases: [{ version: '8.2.0', urls }] }))
  return file
}

describe('headers', () => {
  test('go to no address that only a catalog names, which a pull request can change', async () => {
    const planted = await server()
    const catalog = catalogOf(`${planted.origin}/ddk.iso`)
    const { code, stdout } = await runner.main({ catalog, 'xenserver-version': '8.2', engine: 'none', ...headers })
    expect([code, stdout]).toEqual([1, expect.stringContaining('404')])
    expect(received(planted)).toEqual([undefined])
  })

  test('go to an address of a catalog whose origin the workflow names', async () => {
    const [mine, planted] = [await server(), await server()]
    const catalog = catalogOf(`${planted.origin}/ddk.iso`, `${mine.origin}/ddk.iso`)
    await runner.main({ catalog, 'xenserver-version': '8.2', engine: 'none', ...headers, 'iso-headers-for': `${mine.origin}\n` })
    expect([received(mine), received(planted)]).toEqual([[`Bearer ${token}`], [undefined]])
  })

  test('go to the addresses in iso and mirrors, and not where these redirect to', async () => {
    const elsewhere = await server()
    const [iso, mirror] = [await server(), await server(`${elsewhere.origin}/ddk.iso`)]
    await runner.main({ iso: `${iso.origin}/ddk.iso`, mirrors: `${mirror.origin}/ddk.iso`, engine: 'none', ...headers })
    expect([iso, mirror, elsewhere].map(received)).toEqual([[`Bearer ${token}`], [`Bearer ${token}`], [undefined]])
  })

  test.each([
    ['https://host/path', 'it names more than a server'],
    ['host', 'it is not a complete address'],
  ])('for %s are refused', async (origin, sentence) => {
    const { code, stdout } = await runner.main({ iso: '/nowhere', engine: 'none', 'iso-headers-for': origin })
    expect([code, stdout]).toEqual([1, expect.stringContaining(`::error::Input "iso-headers-for": ${sentence}`)])
  })
})

describe('what is masked', () => {
  const masks = async (lines: string) => {
    const { stdout } = await runner.main({ iso: '/nowhere', engine: 'none', 'iso-headers': lines })
    return { stdout, masked: [...stdout.matchAll(/^::add-mask::(.*)$/gm)].map(([, secret]) => secret) }
  }

  test('are whole values and the tokens in them', async () => {
    expect((await masks(`Authorization: Bearer ${token}`)).masked).toEqual([`Bearer ${token}`, token])
  })

  test('is not masked if it is so short that the log would become unreadable, with a line that says so', async () => {
    const { stdout, masked } = await masks(`X-Api-Version: 2\nPrivate-Token: ${token}`)
    expect(masked).toEqual([token])
    expect(stdout).toContain("The value of x-api-version in iso-headers isn't masked in the log, because it has fewer than 8 characters")
    expect(stdout).not.toContain('The value of private-token')
  })
})

test.each(['Bearer', 'Bearer ', 'basic', 'token'])('an empty secret after "%s" is noticed before anything is asked for', async (value) => {
  const { code, stdout } = await runner.main({
    iso: 'http://127.0.0.1:1/ddk.iso',
    engine: 'none',
    'iso-headers': `Authorization: ${value}`,
  })
  const errors = stdout.split('\n').flatMap((line) => /^::error::.*?(?= See docs)/.exec(line)?.[0] ?? [])
  expect([code, errors]).toEqual([
    1,
    ['::error::Input "iso-headers": line 1 ends where the token or password should be; is the secret empty, or not passed on to this job?'],
  ])
  expect(stdout).not.toContain('::add-mask::')
})
