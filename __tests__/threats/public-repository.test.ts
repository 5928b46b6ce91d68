import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Server, serve } from '../fetch/server.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { type CacheService, startCacheService } from '../support/cache-service.ts'
import { bundle } from '../support/cli.ts'
import { makeRunner } from '../support/runner.ts'
import { sh } from '../support/tools.ts'

// What pull requests from forks could read: whatever is in the Actions cache of a public repository.

let dir = ''
let iso = ''
let server: Server
let service: CacheService
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-public-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  server = await serve((request, response) => {
    response.writeHead(200, { 'content-length': statSync(iso).size, etag: '"one"' })
    if (request.method === 'HEAD') response.end()
    else createReadStream(iso).pipe(response)
  })
  service = await startCacheService()
})
afterAll(async () => {
  await Promise.all([server?.close(), service?.close()])
  rmSync(dir, { recursive: true, force: true })
})
beforeEach(() => service.forgetAll())

const payloads = {
  public: { repository: { private: false, visibility: 'public' } },
  'of an old server, public': { repository: { private: false } },
  private: { repository: { private: true, visibility: 'private' } },
  internal: { repository: { private: true, visibility: 'internal' } },
  'of a schedule': { schedule: '0 0 * * *' },
}

/** Runs a job, and says what is in the cache afterwards, and which notice there was. */
async function kept(
  payload: keyof typeof payloads | 'missing',
  inputs: Record<string, string>,
): Promise<{ kinds: string[]; notices: string[] }> {
  const event = join(dir, 'event.json')
  rmSync(event, { force: true })
  if (payload !== 'missing') writeFileSync(event, JSON.stringify(payloads[payload]))
  const runner = makeRunner(
    dir,
    join(dir, 'dist/main.cjs'),
    { ...service.env.v2, GITHUB_EVENT_PATH: event },
    mkdtempSync(join(dir, 'tools-')),
  )
  const main = await runner.main({ engine: 'none', ...inputs })
  expect([main.code, main.stdout]).toEqual([0, expect.anything()])
  await runner.post()
  const kinds = service.keys().map((key) => /^xenserver-ddk-(\w+)-/.exec(key)![1]!)
  return { kinds: kinds.sort(), notices: main.stdout.split('\n').filter((line) => line.startsWith('::notice::')) }
}

const address = () => `${server.origin}/ddk.iso`
const catalogOf = (url: string) => {
  const file = join(dir, 'catalog.json')
  writeFileSync(file, JSON.stringify({ releases: [{ version: '6.5.0', urls: [url] }] }))
  return { catalog: file, 'xenserver-version': '6.5' }
}
const confidential: [string, () => Record<string, string>, string][] = [
  ['with headers', () => ({ iso: address(), 'iso-headers': 'X-Token: of-a-private-mirror' }), 'the ISO is fetched with iso-headers'],
  ['from a path', () => ({ iso }), 'the ISO is a file on the runner'],
  ['from a catalog of the user', () => catalogOf(address()), "the ISO's address is from a catalog of your own"],
  ['from a path in a catalog', () => catalogOf(`file://${iso}`), 'the ISO is a file on the runner'],
  ['from a signed address', () => ({ iso: `${address()}?signature=1` }), "the ISO's address holds a password or a query"],
]

describe.each(confidential)('a DDK %s', (_, inputs, reason) => {
  test('stays out of the cache of a public repository, which is said', async () => {
    const { kinds, notices } = await kept('public', inputs())
    expect(kinds).toEqual([])
    expect(notices).toEqual([
      expect.stringMatching(
        `^::notice::Neither the ISO nor the image is kept in the Actions cache, because ${reason}, and this repository is public`,
      ),
    ])
  })
})

test.each(['of an old server, public', 'of a schedule', 'missing'] as const)(
  'one is kept out of it if the event is %s',
  async (payload) => {
    const { kinds, notices } = await kept(payload, { iso })
    expect([kinds, notices]).toEqual([[], [expect.stringContaining(payload.includes('public') ? 'is public' : 'does not say whether')]])
  },
)

test.each(['private', 'internal'] as const)('one is cached if the repository is %s', async (payload) => {
  expect(await kept(payload, confidential[0]![1]())).toEqual({ kinds: expect.arrayContaining(['image', 'iso']), notices: [] })
})

test('an ISO that everybody can download is cached everywhere', async () => {
  expect(await kept('public', { iso: address() })).toEqual({ kinds: expect.arrayContaining(['image', 'iso']), notices: [] })
})

test('it is cached if the user asks for it', async () => {
  expect(await kept('public', { iso, cache: 'all' })).toEqual({ kinds: ['image'], notices: [] })
})

test('restoring and saving are chosen one by one', async () => {
  expect((await kept('private', { iso, 'save-cache': 'false' })).kinds).toEqual([])
  expect((await kept('private', { iso })).kinds).toEqual(['image'])
  const lookups = () => service.requests.filter((line) => line.endsWith('GetCacheEntryDownloadURL')).length
  const before = lookups()
  await kept('private', { iso, 'restore-cache': 'false', 'save-cache': 'false' })
  expect(lookups()).toBe(before)
})
