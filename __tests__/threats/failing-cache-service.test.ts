import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { type CacheService, type Faults, startCacheService } from '../support/cache-service.ts'
import { bundle } from '../support/cli.ts'
import { makeRunner } from '../support/runner.ts'
import { sh } from '../support/tools.ts'

// A cache service that answers nothing of use delays the main step and the post step by at most 10 s each.

let dir = ''
let iso = ''
let service: CacheService
let usual = 0
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-failing-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  service = await startCacheService()
  usual = (await timed({ cache: 'none' })).main
})
afterAll(async () => {
  await service?.close()
  rmSync(dir, { recursive: true, force: true })
})
beforeEach(() => service.forgetAll())

/** Milliseconds of both steps. */
async function timed(inputs: Record<string, string>, between?: Faults): Promise<{ main: number; post: number; log: string }> {
  const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), service.env.v2)
  const start = Date.now()
  const main = await runner.main({ iso, engine: 'none', cache: 'all', ...inputs })
  const middle = Date.now()
  expect([main.code, main.stderr]).toEqual([0, ''])
  Object.assign(service.faults, between)
  const post = await runner.post()
  expect([post.code, post.stderr]).toEqual([0, ''])
  expect(readdirSync(runner.temp)).toHaveLength(1)
  return { main: middle - start, post: Date.now() - middle, log: main.stdout + post.stdout }
}

test.each([500, 503, 0])(
  'if every lookup is answered by %d',
  async (status) => {
    service.faults.lookup = { status, times: -1 }
    const { main, post, log } = await timed({})
    expect(main - usual).toBeLessThan(10_000)
    expect(post).toBeLessThan(2000)
    expect(log).toContain('Restoring the image from the Actions cache failed: it gave nothing for 8.0 s')
    expect(log).toContain("Nothing is saved to the Actions cache, because it didn't answer before")
  },
  60_000,
)

test('if an upload is never taken', async () => {
  service.faults.upload = 'stalled'
  const { post, log } = await timed({})
  expect(post).toBeLessThan(10_000)
  expect(log).toContain('Saving the image to the Actions cache failed: it took nothing for 8.0 s')
}, 60_000)

test('if a download stops in the middle', async () => {
  await timed({})
  service.faults.download = 'stalled'
  const { main, log } = await timed({})
  expect(main - usual).toBeLessThan(10_000)
  expect(log).toContain('Restoring the image from the Actions cache failed: ')
}, 60_000)
