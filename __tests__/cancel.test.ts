import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Server, sendFile, serve } from './fetch/server.ts'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { type CacheService, startCacheService } from './support/cache-service.ts'
import { bundle } from './support/cli.ts'
import { callsOf, fakeDocker } from './support/fake-docker.ts'
import { makeRunner } from './support/runner.ts'
import { sh } from './support/tools.ts'

// The bundle is cancelled, as the runner does it: at each call of an engine, each request, each question to the cache, each line of its log.

let dir = ''
let iso = ''
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-cancel-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Words that the calls of a whole run begin with, in order. */
const wholeRun = [
  ...['info', 'images', 'import', 'image inspect', 'image inspect', 'image inspect', 'load', 'image inspect', 'create', 'rm', 'images'],
  ...['run', 'exec'],
]

async function cancelledAt(call: number, env: NodeJS.ProcessEnv = {}): Promise<{ code: number | null; stdout: string; calls: string[] }> {
  const bin = mkdtempSync(join(dir, 'bin-'))
  fakeDocker(bin, `if [ $(wc -l <calls) = ${call} ]; then touch busy; sleep 0.5; fi`)
  const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '', ...env })
  const stop = new AbortController()
  const timer = setInterval(() => existsSync(join(bin, 'busy')) && stop.abort(), 10)
  const { code, stdout } = await runner.main({ iso, engine: 'docker', cache: 'image' }, stop.signal)
  clearInterval(timer)
  const calls = callsOf(bin)
  expect((await runner.post()).code).toBe(0)
  expect(readdirSync(runner.temp).filter((name) => name !== 'xenserver-ddk-shells')).toEqual([])
  return { code, stdout, calls }
}

test('a run that nobody cancels makes these calls', async () => {
  const { code, calls } = await cancelledAt(0)
  expect([code, calls.map((call) => wholeRun.find((words) => call.startsWith(words)))]).toEqual([0, wholeRun])
})

test.each(wholeRun.map((words, index) => [index + 1, words] as const))(
  'cancelled at call %i (%s): nothing is called after it but what removes a container of its own',
  async (number, words) => {
    const { code, stdout, calls } = await cancelledAt(number)
    expect([code, stdout]).toEqual([1, expect.stringContaining('::error::Cancelled (SIGINT)')])
    const proof = wholeRun.indexOf('create') + 1
    const removal = number === proof ? 'rm --force container' : expect.stringMatching(/^rm --force xenserver-ddk-/)
    const isRemovalDue = ['create', 'run'].includes(words)
    expect(calls.slice(number)).toEqual(isRemovalDue ? [removal] : [])
    expect(stdout).not.toMatch(/archive is made/)
  },
)

test('a job that is cancelled when its image has just been loaded saves nothing for the next run', async () => {
  const service = await startCacheService()
  try {
    const { stdout } = await cancelledAt(wholeRun.lastIndexOf('images') + 1, service.env.v2)
    expect(stdout).toContain('::error::Cancelled (SIGINT)')
    expect(service.requests).toEqual(['POST GetCacheEntryDownloadURL'])
  } finally {
    await service.close()
  }
})

/** A run that is signalled at one of its moments, and what it started after that. */
interface Signalled {
  readonly code: number | null
  readonly stdout: string
  /** Whether it has had so many moments. */
  readonly signalled: boolean
  readonly started: readonly string[]
}

async function signalledAt(moment: number, only: string, inputs: Record<string, string>, env: NodeJS.ProcessEnv = {}): Promise<Signalled> {
  const home = mkdtempSync(join(dir, 'signalled-'))
  const log = join(home, 'log')
  writeFileSync(log, '')
  const preload = fileURLToPath(new URL('./support/signal-at.cjs', import.meta.url))
  const runner = makeRunner(home, join(dir, 'dist/main.cjs'), {
    DOCKER_HOST: '',
    NODE_OPTIONS: `--require ${preload}`,
    SIGNAL_AT: String(moment),
    SIGNAL_ONLY: only,
    SIGNAL_LOG: log,
    ...env,
  })
  const { code, stdout } = await runner.main(inputs)
  const [first, ...started] = readFileSync(log, 'utf8').split('\n').filter(Boolean)
  expect(await runner.post()).toMatchObject({ code: 0 })
  if (code !== 0) expect([moment, readdirSync(runner.temp).filter((name) => name !== 'xenserver-ddk-shells')]).toEqual([moment, []])
  const layout = join(runner.workspace, 'layout')
  const left = readdirSync(runner.workspace).map((name) => [name, ...readdirSync(join(runner.workspace, name)).sort()])
  // A layout has its name when it is complete.
  expect([moment, left]).toEqual([moment, existsSync(layout) ? [['layout', 'blobs', 'index.json', 'oci-layout']] : []])
  rmSync(home, { recursive: true })
  return { code, stdout, signalled: first !== undefined, started }
}

/** Two at a time, as there are processors. Returns how many moments there are. */
async function signalAtEachMoment(signalled: (moment: number) => Promise<Signalled>): Promise<number> {
  for (let moment = 1; ; moment += 2) {
    const runs = await Promise.all([moment, moment + 1].map(signalled))
    for (const [index, { code, stdout, started, ...run }] of runs.entries()) {
      expect([moment + index, started]).toEqual([moment + index, []])
      if (run.signalled) expect([moment + index, code]).toEqual([moment + index, stdout.includes('::error::Cancelled') ? 1 : 0])
      // Two lines are written before there is anybody to signal.
      else if (moment + index > 2) return moment + index - 1
    }
  }
}

test('after a signal at any line of its log, or at the start or end of any program, it starts nothing more', async () => {
  const moments = await signalAtEachMoment(async (moment) => {
    const bin = mkdtempSync(join(dir, 'bin-'))
    fakeDocker(bin)
    const run = await signalledAt(moment, 'line program', { iso, engine: 'docker', cache: 'none' }, { PATH: `${bin}:${process.env.PATH}` })
    const started = run.started.filter((line) => !/ docker rm --force (container|xenserver-ddk-\S+)$/.test(line))
    return { ...run, started }
  })
  expect(moments).toBeGreaterThan(40)
}, 900_000)

test('after a signal at any line of its log, an OCI layout is complete, or not there at all', async () => {
  const inputs = { iso, engine: 'none', cache: 'none', 'oci-layout': 'layout' }
  expect(await signalAtEachMoment((moment) => signalledAt(moment, 'line', inputs))).toBeGreaterThan(15)
}, 900_000)

describe('with a download and a cache', () => {
  /** A mirror that fails, and the server that has the ISO. */
  let servers: Server[] = []
  let service: CacheService
  beforeAll(async () => {
    const bytes = readFileSync(iso)
    servers = [
      await serve((_request, response) => response.writeHead(404).end()),
      await serve((request, response) => sendFile(request, response, bytes, { etag: '"1"' })),
    ]
    service = await startCacheService()
  })
  afterAll(async () => {
    await Promise.all([...servers, service].map((one) => one?.close()))
  })
  const inputs = () => ({ iso: `${servers[0]!.origin}/ddk.iso`, mirrors: `${servers[1]!.origin}/ddk.iso`, engine: 'none' })

  test('after a signal at any event of a request or its answer, or at the start or end of any question to the cache, it starts nothing more', async () => {
    let whole = 0
    const moments = await signalAtEachMoment(async (moment) => {
      const own = await startCacheService()
      try {
        const run = await signalledAt(moment, 'http program', inputs(), own.env.v2)
        if (!run.signalled) whole = own.keys().length
        return run
      } finally {
        await own.close()
      }
    })
    // Of the query and of the download, at both servers; and of four questions to the cache.
    expect(moments).toBeGreaterThan(25)
    expect(whole).toBe(3)
  }, 900_000)

  /** Cancels a run while the cache is at one of its requests. Neither that nor a later one is answered then. */
  async function cancelledAtRequest(number: number): Promise<Signalled & { readonly requests: readonly string[] }> {
    const runner = makeRunner(mkdtempSync(join(dir, 'machine-')), join(dir, 'dist/main.cjs'), service.env.v2)
    const stop = new AbortController()
    service.requests.length = 0
    service.atRequest((count) => {
      if (number === 0 || count < number) return true
      stop.abort()
      return false
    })
    const { code, stdout } = await runner.main(inputs(), stop.signal)
    const requests = [...service.requests]
    expect((await runner.post()).code).toBe(0)
    service.atRequest(undefined)
    if (code !== 0) expect(readdirSync(runner.temp)).toEqual([])
    return { code, stdout, signalled: stop.signal.aborted, started: [], requests }
  }

  test('cancelled at any request of its cache process, it ends that process', async () => {
    // Cold: it asks for the image, the first checksum and the ISO. Then with an image to restore.
    for (const warm of [false, true]) {
      if (warm) expect((await cancelledAtRequest(0)).code).toBe(0)
      let number = 1
      for (; ; number++) {
        const { signalled, code, stdout, requests } = await cancelledAtRequest(number)
        if (!signalled || code === 0) break
        expect([code, stdout]).toEqual([1, expect.stringContaining('::error::Cancelled (SIGINT)')])
        // The image and the first checksum are asked for at the same time, by two processes, each of which waits for its answer.
        expect(requests.length).toBeLessThanOrEqual(number + 1)
        service.forget(() => !warm)
      }
      // The last one had no such request. Warm, these are a lookup and a download for both the image and the checksum.
      expect([warm, number - 1]).toEqual([warm, warm ? 4 : 3])
    }
  }, 900_000)
})
