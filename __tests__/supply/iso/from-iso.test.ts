import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { UserError } from '../../../src/bytes/errors.ts'
import { ArrivalReport, type OnArriving } from '../../../src/fetch/http/arrival-report.ts'
import type { StoredIso } from '../../../src/fetch/store/stored-iso.ts'
import type { Store } from '../../../src/fetch/store/tool-cache.ts'
import { Timeline } from '../../../src/phase/timeline.ts'
import { fromIso } from '../../../src/supply/iso/from-iso.ts'
import type { AddressRequest } from '../../../src/supply/iso/iso-request.ts'
import type { KnownIso } from '../../../src/supply/iso/known-iso.ts'
import type { Order } from '../../../src/supply/order.ts'
import { sha256 as sha256Of } from '../../fetch/server.ts'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { until } from '../../support/tools.ts'

// An image that is made of an ISO, wherever that is. The whole action with a download: from-download.test.ts.

const environment = { ...process.env }
let dir = ''
let path = ''
/** Of an ISO about which there is something to warn. */
let odd = ''
let sha256 = ''
let step = ''
let said: string[] = []
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-from-iso-'))
  path = join(dir, 'ddk.iso')
  await makeDdkIso({ iso: path })
  odd = join(dir, 'odd.iso')
  await makeDdkIso({ iso: odd, version: '6.2.0' })
  sha256 = sha256Of(readFileSync(path))
  delete process.env.RUNNER_TOOL_CACHE
})
afterAll(() => {
  process.env = environment
  rmSync(dir, { recursive: true, force: true })
})
beforeEach(() => {
  step = mkdtempSync(join(dir, 'step-'))
  said = []
})

const url = 'https://one.example/ddk.iso'
const address = { urls: [url], headers: new Map(), headersFor: new Set<string>() }
const request: AddressRequest = { kind: 'address', address, version: { numbers: [6, 5] }, fromCatalog: false }
const wanted = { url, version: undefined }

interface Situation {
  readonly known?: Partial<KnownIso>
  readonly store?: Partial<Store>
  readonly order?: Partial<Order>
  /** What the address gave first. */
  readonly before?: string
}

/** The lines that tell what goes wrong, and nothing else. */
const warnings = () => said.filter((line) => /^warning|stopped|ignored/.test(line))

function make({ known, store, order, before }: Situation = {}) {
  const phase = { say: (line: string) => void said.push(line), warn: (line: string) => void said.push(`warning: ${line}`) }
  const nothing = { image: false, iso: false }
  const asked: Partial<Order> = {
    phase: { ...phase, signal: new AbortController().signal },
    timeline: new Timeline(),
    tempDir: step,
    archive: join(step, 'image.tar'),
    compression: 'none',
    uname: 'ddk',
    useCache: { restore: nothing, save: nothing },
    cacheHealth: { failing: false, waited: 0 },
    name: ({ version }) => `ddk:${version}`,
    ...order,
  }
  const iso = { request: { kind: 'file', path, sha256: undefined }, identity: { sha256 }, sha256, ...known } as KnownIso
  return fromIso(iso, (store ?? {}) as Store, asked as Order, async () => before)
}

describe('a file', () => {
  test('is converted, and the image tells where it came from', async () => {
    const timeline = new Timeline()
    const supply = await make({ order: { timeline } })
    const identity = { product: 'XenServer DDK', version: '6.5.0', build: '90233c' }
    expect(supply).toMatchObject({ origin: 'file', name: 'ddk:6.5.0', identity, isoSha256: sha256, isoPath: path, imported: false })
    expect(supply.archive).toBe(supply.conversion?.archive)
    expect(timeline.tasks.map(({ title }) => title)).toEqual(['Convert the disk'])
  })

  test('whose checksum was only recorded is hashed meanwhile, and refused if the record is wrong', async () => {
    expect(await make({ known: { isRecorded: true } })).toMatchObject({ isoSha256: sha256 })
    const failure = await make({ known: { isRecorded: true, sha256: 'a'.repeat(64) } }).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      kind: 'checksum',
      message: expect.stringContaining(`its SHA-256 was ${'a'.repeat(64)}, and is ${sha256}`),
    })
  })

  test('is refused if its image is not the expected one, with the digest of the one that it is', async () => {
    const { archive } = await make()
    for (const expectDigest of [archive!.configDigest, archive!.manifestDigest]) {
      expect(await make({ order: { expectDigest } })).toMatchObject({ archive })
    }
    const failure = await make({ order: { expectDigest: 'sha256:other' } }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(UserError)
    expect(failure).toMatchObject({
      kind: 'other-image',
      message: expect.stringMatching(new RegExp(`set expect-digest: ${archive!.configDigest}$`)),
    })
  })

  test('is neither hashed nor converted in a job that was cancelled before, which is one error', async () => {
    const phase = { say: (line: string) => void said.push(line), warn() {}, signal: AbortSignal.abort(new Error('Cancelled')) }
    await expect(make({ known: { isRecorded: true }, order: { phase } })).rejects.toThrow('Cancelled')
    await turn()
    expect([said, readdirSync(step)]).toEqual([[], []])
  })
})

/** A tool cache that has nothing, and downloads the ISO as `arrive` does. */
function downloading(arrive: (onArriving: OnArriving) => void | Promise<void> = () => {}, fetched = path) {
  const asked: unknown[] = []
  const store: Partial<Store> = {
    recorded: () => undefined,
    async find() {
      return undefined
    },
    async fetch(what, version, { onArriving }) {
      asked.push(what, version)
      // An answer takes a while.
      await turn()
      await arrive(onArriving!)
      return { path: fetched, sha256 } as StoredIso
    },
  }
  return { asked, store }
}

const unfetched: Partial<KnownIso> = { request, identity: undefined, sha256: undefined, wanted }

describe('an address', () => {
  test('whose ISO the tool cache has is not asked', async () => {
    const found: unknown[] = []
    const find: Store['find'] = async (facts) => {
      found.push(facts)
      return { path, sha256 } as StoredIso
    }
    const supply = await make({ known: unfetched, store: { recorded: () => sha256, find } })
    expect(supply).toMatchObject({ origin: 'tool-cache', isoPath: path, isoSha256: sha256 })
    expect(found).toEqual([{ sha256, version: request.version }])
    expect(said).toContain(`Found the ISO in the tool cache: ${path}`)
  })

  test('is downloaded, and must give what it gave first', async () => {
    const { asked, store } = downloading()
    const timeline = new Timeline()
    expect(await make({ known: unfetched, store, order: { timeline } })).toMatchObject({
      origin: 'download',
      isoPath: path,
      isoSha256: sha256,
    })
    expect(asked).toEqual([address, request.version])
    expect(timeline.tasks.map(({ title }) => title).sort()).toEqual(['Convert the disk', 'Download the ISO'])
    asked.length = 0
    await make({ known: unfetched, store, before: sha256 })
    expect(asked).toEqual([{ ...address, sha256Before: sha256 }, request.version])
  })

  test('is converted while it arrives, once', async () => {
    const { store } = downloading((onArriving) => {
      const { size } = statSync(path)
      for (let n = 0; n < 2; n++) new ArrivalReport(path, size, size, onArriving).complete()
    })
    const timeline = new Timeline()
    const supply = await make({ known: unfetched, store, order: { timeline } })
    expect(supply).toMatchObject({ origin: 'download', isoPath: path, isoSha256: sha256 })
    expect(timeline.tasks.map(({ title }) => title).sort()).toEqual(['Convert the disk', 'Download the ISO'])
    expect(warnings()).toEqual([])
  })

  test.each([true, false])('is warned about only once its bytes are known to be the ISO: %j', async (isSound) => {
    const size = statSync(odd).size
    let isFound = false
    const { store } = downloading(async (onArriving) => {
      const report = new ArrivalReport(odd, size, size, onArriving)
      // What there is to warn about is found before the image gets its name.
      await until(() => isFound)
      expect(warnings()).toEqual([])
      if (isSound) return report.complete()
      report.lose('it is another file')
      throw new Error('it is another file')
    }, odd)
    const name: Order['name'] = () => {
      isFound = true
      return 'ddk:6.2.0'
    }
    const making = make({ known: unfetched, store, order: { name } })
    if (isSound) await making
    else await expect(making).rejects.toThrow('it is another file')
    expect(warnings()).toEqual(isSound ? [expect.stringMatching(/^warning: the root filesystem is 32-bit/)] : [])
  })

  test('is converted when it is complete if that fails while it arrives, and that is said', async () => {
    const damaged = join(step, 'damaged.iso')
    writeFileSync(damaged, readFileSync(path))
    truncateSync(damaged, 300_000)
    const { store } = downloading((onArriving) => new ArrivalReport(damaged, 300_000, 300_000, onArriving).complete())
    const supply = await make({ known: unfetched, store })
    expect(supply).toMatchObject({ origin: 'download', isoPath: path, isoSha256: sha256 })
    expect(warnings()).toEqual([
      expect.stringMatching(/^The conversion has stopped, and starts again when the ISO is complete: .*damaged\.iso/),
    ])
  })

  test('whose download starts over is converted anew, and nothing is said about the bytes that were none', async () => {
    const { store } = downloading((onArriving) => new ArrivalReport(path, statSync(path).size, 100_000, onArriving).lose('it starts over'))
    expect(await make({ known: unfetched, store })).toMatchObject({ origin: 'download', isoSha256: sha256 })
    expect(warnings()).toEqual([])
  })

  test('whose download fails is an error, once the conversion that had begun is over', async () => {
    let ended = false
    const { store } = downloading((onArriving) => {
      // Of the second one, nothing is converted, so nobody waits for its checksum.
      for (let n = 0; n < 2; n++) new ArrivalReport(path, statSync(path).size, 100_000, onArriving).lose('it is gone')
      throw new Error('the server is gone')
    })
    const timeline = new Timeline()
    const measure: Timeline['measure'] = async (title, use) => {
      try {
        return await timeline.measure(title, use)
      } finally {
        if (title === 'Convert the disk') ended = true
      }
    }
    const order = { timeline: { measure, tasks: [] } as unknown as Timeline }
    await expect(make({ known: unfetched, store, order })).rejects.toThrow('the server is gone')
    expect(ended).toBe(true)
    await turn()
  })
})
