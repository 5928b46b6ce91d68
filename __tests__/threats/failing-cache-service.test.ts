import { createReadStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { serve } from '../fetch/server.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { type CacheService, startCacheService } from '../support/cache-service.ts'
import { bundle } from '../support/cli.ts'
import { makeRunner } from '../support/runner.ts'
import { sh } from '../support/tools.ts'

// A cache service that answers nothing of use makes a job wait once, for 8 s without a byte, so it delays no step by more than 10 s.

let dir = ''
let iso = ''
let service: CacheService
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-failing-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  service = await startCacheService()
})
afterAll(async () => {
  await service?.close()
  rmSync(dir, { recursive: true, force: true })
})
beforeEach(() => service.forgetAll())

/** What both steps say. */
async function logs(inputs: Record<string, string> = {}): Promise<{ main: string; post: string }> {
  const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), service.env.v2)
  const main = await runner.main({ iso, engine: 'none', cache: 'all', ...inputs })
  expect([main.code, main.stderr]).toEqual([0, ''])
  const post = await runner.post()
  expect([post.code, post.stderr]).toEqual([0, ''])
  expect(readdirSync(runner.temp)).toHaveLength(1)
  return { main: main.stdout, post: post.stdout }
}

/** How often a step has waited for the service in vain. */
const waits = (log: string) => log.match(/for 8\.0 s/g)?.length ?? 0

test.each([500, 503, 0])(
  'if every lookup is answered by %d',
  async (status) => {
    service.faults.lookup = { status, times: -1 }
    const { main, post } = await logs()
    expect(main).toContain('Restoring the image from the Actions cache failed: it gave nothing for 8.0 s')
    expect(main).toContain('The Actions cache is too slow, so this step goes on without it')
    expect(main).toContain('Nothing is saved to the Actions cache, because it was too slow before')
    expect([waits(main), waits(post)]).toEqual([1, 0])
  },
  60_000,
)

test('if an upload is never taken', async () => {
  service.faults.upload = 'stalled'
  const { main, post } = await logs()
  expect([waits(main), waits(post)]).toEqual([0, 1])
  expect(post).toContain('Saving the image to the Actions cache failed: it took nothing for 8.0 s')
}, 60_000)

test.each(['stalled', 'trickling'] as const)(
  'if a download is %s in the middle',
  async (fault) => {
    await logs()
    service.faults.download = fault
    const { main, post } = await logs()
    expect(main).toContain('Restoring the image from the Actions cache failed: ')
    // The toolkit may notice it itself, and sooner.
    expect(waits(main) + waits(post)).toBeLessThanOrEqual(1)
  },
  60_000,
)

test('if it answers each question after a while: no more of them is asked than that takes eight seconds', async () => {
  service.faults.delay = 5000
  const unpinned = await serve((request, response) => {
    response.writeHead(200, { 'content-length': statSync(iso).size, etag: '"1"' })
    if (request.method === 'HEAD') response.end()
    else createReadStream(iso).pipe(response)
  })
  const { main, post } = await logs({ iso: `${unpinned.origin}/ddk.iso` })
  await unpinned.close()
  // For the image and for the first checksum, at the same time, and for the ISO at most if it was asked for before both had been answered.
  // In all there are six questions.
  expect(service.requests.every((request) => request === 'POST GetCacheEntryDownloadURL')).toBe(true)
  expect([2, 3]).toContain(service.requests.length)
  expect(main).toContain("The Actions cache doesn't have the image")
  expect(main).toContain('The Actions cache is too slow, so this step goes on without it')
  expect([waits(main), waits(post)]).toEqual([0, 0])
}, 60_000)
