import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { bundle } from './support/cli.ts'
import { callsOf, fakeDocker } from './support/fake-docker.ts'
import { makeRunner } from './support/runner.ts'
import { sh } from './support/tools.ts'

// The bundle is cancelled, as the runner does it, while it waits for an engine: at each of the calls that a whole run makes.

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
  ...['info', 'images', 'import', 'image inspect', 'image inspect', 'load', 'image inspect', 'image inspect', 'create', 'rm'],
  ...['images', 'info', 'create', 'container inspect', 'start', 'exec'],
]

async function cancelledAt(call: number): Promise<{ code: number | null; stdout: string; calls: string[] }> {
  const bin = mkdtempSync(join(dir, 'bin-'))
  fakeDocker(bin, `if [ $(wc -l <calls) = ${call} ]; then touch busy; sleep 0.5; fi`)
  const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '' })
  const stop = new AbortController()
  const timer = setInterval(() => existsSync(join(bin, 'busy')) && stop.abort(), 10)
  const { code, stdout } = await runner.main({ iso, engine: 'docker', cache: 'none' }, stop.signal)
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
    const isRemovalDue = ['create', 'container inspect', 'start'].includes(words)
    expect(calls.slice(number)).toEqual(isRemovalDue ? [removal] : [])
  },
)

test('after a signal at any point, it starts nothing more', async () => {
  const preload = fileURLToPath(new URL('./support/signal-at.cjs', import.meta.url))
  let moment = 0
  for (let signalled = true; signalled; ) {
    const bin = mkdtempSync(join(dir, 'bin-'))
    const log = join(bin, 'log')
    writeFileSync(log, '')
    fakeDocker(bin)
    const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), {
      PATH: `${bin}:${process.env.PATH}`,
      DOCKER_HOST: '',
      NODE_OPTIONS: `--require ${preload}`,
      SIGNAL_AT: String(++moment),
      SIGNAL_LOG: log,
    })
    const { code, stdout } = await runner.main({ iso, engine: 'docker', cache: 'none' })
    const [first, ...started] = readFileSync(log, 'utf8').split('\n').filter(Boolean)
    signalled = first !== undefined
    // Two lines are written before there is anybody to signal.
    if (moment < 3) signalled = true
    const others = started.filter((line) => !/ docker rm --force (container|xenserver-ddk-\S+)$/.test(line))
    expect([moment, others]).toEqual([moment, []])
    if (first !== undefined) expect([moment, code]).toEqual([moment, stdout.includes('::error::Cancelled') ? 1 : 0])
    rmSync(bin, { recursive: true })
  }
  expect(moment).toBeGreaterThan(40)
}, 900_000)
