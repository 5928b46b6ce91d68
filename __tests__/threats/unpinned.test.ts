import { createReadStream, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Server, serve } from '../fetch/server.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { type CacheService, startCacheService } from '../support/cache-service.ts'
import { bundle } from '../support/cli.ts'
import { makeRunner, type Runner } from '../support/runner.ts'
import { run, sh } from '../support/tools.ts'

// An address without a known checksum, whose server (or whoever is between) gives another ISO one day.

let dir = ''
let isos: string[] = []
let sums: string[] = []
let given = 0
/** What the server says that it gives. */
let pretended: number | undefined
let server: Server
let service: CacheService
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-unpinned-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  isos = ['first.iso', 'other.iso'].map((name) => join(dir, name))
  for (const [index, iso] of isos.entries()) await makeDdkIso({ iso, label: `XenServer DDK 6.5.0-90233c, ${index}` })
  // As long as each other: what is known of them before they are fetched can be the same.
  const size = Math.max(...isos.map((iso) => statSync(iso).size))
  for (const iso of isos) truncateSync(iso, size)
  sums = isos.map((iso) => run('sha256sum', [iso]).split(' ')[0]!)
  server = await serve((request, response) => {
    const iso = isos[given]!
    response.writeHead(200, { 'content-length': statSync(iso).size, etag: `"${pretended ?? given}"` })
    if (request.method === 'HEAD') response.end()
    else createReadStream(iso).pipe(response)
  })
  service = await startCacheService()
})
afterAll(async () => {
  await Promise.all([server?.close(), service?.close()])
  rmSync(dir, { recursive: true, force: true })
})
beforeEach(() => {
  given = 0
  pretended = undefined
  service.forgetAll()
})

const freshMachine = () => makeRunner(mkdtempSync(join(dir, 'machine-')), join(dir, 'dist/main.cjs'), service.env.v2)
const address = () => `${server.origin}/ddk.iso`

async function job(runner: Runner, inputs: Record<string, string> = {}): Promise<{ code: number | null; stdout: string }> {
  const { code, stdout } = await runner.main({ iso: address(), engine: 'none', ...inputs })
  await runner.post()
  return { code, stdout }
}

const changed = () =>
  expect.stringContaining(
    `::error::${address()} gives another file than before: its SHA-256 is ${sums[1]}, but was ${sums[0]}. If that is intended, confirm the new file with this line below "with:": iso-sha256: ${sums[1]}`,
  )

test('the checksum is shown, with the line to paste', async () => {
  const { code, stdout } = await job(freshMachine())
  expect([code, stdout]).toEqual([0, expect.stringMatching(new RegExp(`::warning::.*this line below "with:": iso-sha256: ${sums[0]}\\n`))])
})

describe('another file than before stops the step', () => {
  test('by the tool cache of this machine', async () => {
    const machine = freshMachine()
    expect((await job(machine, { cache: 'none' })).code).toBe(0)
    given = 1
    expect(await job(machine.nextJob(), { cache: 'none' })).toEqual({ code: 1, stdout: changed() })
    // It isn't forgotten by that, and what was there before is still there.
    expect(await job(machine.nextJob(), { cache: 'none' })).toEqual({ code: 1, stdout: changed() })
    given = 0
    const again = machine.nextJob()
    expect((await job(again, { cache: 'none' })).code).toBe(0)
    expect(again.outputs()).toMatchObject({ source: 'tool-cache', 'iso-sha256': sums[0] })
  })

  test('by the Actions cache, on another machine', async () => {
    expect((await job(freshMachine())).code).toBe(0)
    given = 1
    expect(await job(freshMachine())).toEqual({ code: 1, stdout: changed() })
    expect(await job(freshMachine(), { cache: 'image' })).toEqual({ code: 1, stdout: changed() })
  })

  test('by the tool cache, although its ISO was damaged and is removed', async () => {
    const machine = freshMachine()
    expect((await job(machine, { cache: 'none' })).code).toBe(0)
    truncateSync(machine.outputs()['iso-path']!, 1000)
    given = 1
    pretended = 0
    expect(await job(machine.nextJob(), { cache: 'none' })).toEqual({ code: 1, stdout: changed() })
    given = 0
    expect((await job(machine.nextJob(), { cache: 'none' })).code).toBe(0)
  })

  test('unless it is confirmed', async () => {
    const machine = freshMachine()
    await job(machine)
    given = 1
    const next = machine.nextJob()
    expect((await job(next, { 'iso-sha256': sums[1]! })).code).toBe(0)
    expect(next.outputs()).toMatchObject({ source: 'download', 'iso-sha256': sums[1] })
  })
})

describe('an entry of the Actions cache that was made from another file than the first', () => {
  /** What an attacker saves who can write to the cache: an image and an ISO that fit the address, but not its first checksum. */
  async function forge(prefix: string): Promise<string> {
    expect((await job(freshMachine())).code).toBe(0)
    const key = service.keys().find((one) => one.startsWith(prefix))!
    const attackers = await startCacheService()
    given = 1
    pretended = 0
    const machine = makeRunner(mkdtempSync(join(dir, 'machine-')), join(dir, 'dist/main.cjs'), attackers.env.v2)
    expect((await job(machine)).code).toBe(0)
    service.replace(key, attackers.archive(key))
    await attackers.close()
    return key
  }

  test('an image stops the step, and nothing of it is left', async () => {
    const key = await forge('xenserver-ddk-image-')
    const machine = freshMachine()
    const { code, stdout } = await job(machine)
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining(
        `::error::The image in the Actions cache was made from an ISO with the SHA-256 ${sums[1]}, but its address first gave one with ${sums[0]}. Someone may have forged the entry ${key}: `,
      ),
    ])
    expect(readdirSync(machine.temp)).toEqual([])
  })

  test('so does an ISO', async () => {
    await forge('xenserver-ddk-iso-')
    expect(await job(freshMachine(), { cache: 'iso' })).toEqual({ code: 1, stdout: changed() })
  })

  test('an image is compared with what this machine fetched before, if the cache has no record', async () => {
    await forge('xenserver-ddk-image-')
    const machine = freshMachine()
    given = 0
    expect((await job(machine, { cache: 'none' })).code).toBe(0)
    rmSync(machine.outputs()['iso-path']!)
    service.forget((key) => key.startsWith('xenserver-ddk-checksum-'))
    const { code, stdout } = await job(machine.nextJob())
    expect([code, stdout]).toEqual([1, expect.stringContaining(`was made from an ISO with the SHA-256 ${sums[1]}`)])
  })
})

describe('require-checksum', () => {
  test.each<[string, () => Record<string, string>]>([
    ['an address', () => ({})],
    ['a path', () => ({ iso: isos[0]! })],
    ['the built-in catalog', () => ({ iso: '', 'xenserver-version': '6.5' })],
  ])('refuses %s that is not pinned before anything is asked for', async (_, inputs) => {
    const asked = server.requests.length
    const { code, stdout } = await job(freshMachine(), { 'require-checksum': 'true', ...inputs() })
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('::error::No checksum is known for the ISO, and "require-checksum" is true'),
    ])
    expect(server.requests.length).toBe(asked)
  })

  test('takes what is pinned', async () => {
    expect((await job(freshMachine(), { 'require-checksum': 'true', 'iso-sha256': sums[0]! })).code).toBe(0)
  })

  test('is true or false', async () => {
    const { stdout } = await job(freshMachine(), { 'require-checksum': 'yes' })
    expect(stdout).toContain('::error::Input "require-checksum": it is "yes"; it must be true or false')
  })
})
