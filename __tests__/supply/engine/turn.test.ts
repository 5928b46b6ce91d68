import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Engine } from '../../../src/engine/engine.ts'
import { inTurn, Turn, turnFor } from '../../../src/supply/engine/turn.ts'
import type { KnownIso } from '../../../src/supply/iso/known-iso.ts'
import type { Order } from '../../../src/supply/order.ts'
import { noOtherUser } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { asNobody, until } from '../../support/tools.ts'

const hour = 3_600_000
const waiting = 'Another job on this machine is making this image; waiting for it'

let dir = ''
let path = ''
let jobs: ChildProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-turn-'))
  path = join(dir, 'images', 'key.making')
  jobs = []
})
afterEach(() => {
  for (const job of jobs) job.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

interface Job {
  readonly process: ChildProcess
  lines(): string[]
  /** Waits for a line. */
  says(line: string): Promise<void>
  /** Lets it do its work, and waits for its end. */
  finish(): Promise<void>
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Starts a process that takes its turn. */
function job(patience = hour, prefix: readonly string[] = []): Job {
  const [program, ...args] = [
    ...prefix,
    process.execPath,
    fileURLToPath(new URL('turn-process.ts', import.meta.url)),
    path,
    String(patience),
  ]
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  jobs.push(child)
  let said = ''
  child.stdout.on('data', (piece) => (said += piece))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const lines = () => said.split('\n').slice(0, -1)
  return {
    process: child,
    lines,
    says: (line) => until(() => lines().includes(line)),
    async finish() {
      child.stdin.end()
      await ended
    },
    async kill(signal) {
      child.kill(signal)
      await ended
    },
  }
}

describe('of several jobs', () => {
  test('one has the turn, and the next gets it when that one is done', async () => {
    const first = job()
    await first.says('has the turn')
    const second = job()
    await second.says(waiting)
    expect(second.lines()).toEqual([waiting])
    await first.finish()
    await second.says('has the turn')
    await second.finish()
    expect(readdirSync(join(dir, 'images'))).toEqual([])
  })

  test.each<NodeJS.Signals>(['SIGKILL', 'SIGABRT'])('one that ends by %s leaves its turn to one that waits', async (signal) => {
    const first = job()
    await first.says('has the turn')
    const others = [job(), job()]
    await Promise.all(others.map((other) => other.says(waiting)))
    await first.kill(signal)
    const withTurn = () => others.filter((other) => other.lines().includes('has the turn'))
    await until(() => withTurn().length > 0)
    expect(withTurn()).toHaveLength(1)
    for (const other of [withTurn()[0]!, ...others.filter((each) => each !== withTurn()[0])]) {
      await other.says('has the turn')
      await other.finish()
    }
    expect(readdirSync(join(dir, 'images'))).toEqual([])
  })

  test('one that is cancelled while it waits ends at once, and takes nothing', async () => {
    const first = job()
    await first.says('has the turn')
    const second = job()
    await second.says(waiting)
    await second.kill('SIGTERM')
    expect(second.lines()).toEqual([waiting, 'Stopped'])
    await first.finish()
    expect(readdirSync(join(dir, 'images'))).toEqual([])
  })

  test('one that hangs holds nobody up for ever', async () => {
    const first = job()
    await first.says('has the turn')
    first.process.kill('SIGSTOP')
    const second = job(1000)
    await second.says('has the turn')
    expect(second.lines()).toEqual([waiting, 'The other job is still not done, so the image is made here as well', 'has the turn'])
    await second.finish()
    first.process.kill('SIGCONT')
    await first.finish()
    expect(readdirSync(join(dir, 'images'))).toEqual([])
  })
})

describe('a claim of another container', () => {
  /** A claim of a process that can't be seen from here. */
  function claimedElsewhere(touched: Date) {
    const claim = `${path}.abcdef012345-1-1-1-00000000`
    mkdirSync(claim, { recursive: true })
    utimesSync(claim, touched, touched)
    return claim
  }
  const phase = () => ({ say() {}, warn() {}, signal: new AbortController().signal })

  test('counts while it is touched', () => {
    const claim = claimedElsewhere(new Date())
    expect(new Turn(path, phase()).take()).toBe(false)
    expect(existsSync(claim)).toBe(true)
  })

  test('is waited for as long as the patience lasts, and that is said once', async () => {
    const claim = claimedElsewhere(new Date())
    const said: string[] = []
    const turn = new Turn(path, { ...phase(), say: (line) => said.push(line) }, 0)
    await turn.wait()
    await turn.wait()
    expect(said).toEqual([waiting])
    expect([turn.take(), existsSync(claim)]).toEqual([true, true])
    expect(said.slice(1)).toEqual(['The other job is still not done, so the image is made here as well'])
  })

  test('is taken over when it has not been touched for a minute', () => {
    const claim = claimedElsewhere(new Date(Date.now() - 61_000))
    const turn = new Turn(path, phase())
    expect(turn.take()).toBe(true)
    turn.release()
    expect([existsSync(claim), readdirSync(join(dir, 'images'))]).toEqual([false, []])
  })
})

describe('a tool cache that can hold no claim', () => {
  test('stops nobody', () => {
    writeFileSync(join(dir, 'images'), 'a file in the way')
    const said: string[] = []
    const turn = new Turn(path, { say: (line) => said.push(line), warn() {}, signal: new AbortController().signal })
    expect(turn.take()).toBe(true)
    expect(said).toEqual([expect.stringMatching(/^Other jobs on this machine may make the same image at the same time: .*images/)])
    turn.release()
  })

  unless(noOtherUser).test('because it is another user’s, stops nobody', async () => {
    mkdirSync(join(dir, 'images'))
    chmodSync(dir, 0o755)
    const other = job(hour, asNobody)
    await other.says('has the turn')
    expect(other.lines()[0]).toMatch(/^Other jobs on this machine may make the same image at the same time: .*permission denied/)
    await other.finish()
  })
})

test("a job that fails gives its turn up, so the next one needn't wait for its end", async () => {
  const phase = { say() {}, warn() {}, signal: new AbortController().signal }
  const failing = inTurn(new Turn(path, phase), async (turn) => {
    expect(turn?.take()).toBe(true)
    throw new Error('it fails')
  })
  await expect(failing).rejects.toThrow('it fails')
  expect(readdirSync(join(dir, 'images'))).toEqual([])
  expect(await inTurn(undefined, async (turn) => turn)).toBeUndefined()
})

describe('who needs a turn', () => {
  const engine = { name: 'docker' } as Engine
  const known = { identity: { sha256: '1'.repeat(64) }, sha256: undefined, request: { kind: 'file' } } as KnownIso
  const order = { wantsArchive: false, uname: 'ddk' } as Order
  const { RUNNER_TOOL_CACHE: before } = process.env
  beforeEach(() => {
    process.env.RUNNER_TOOL_CACHE = dir
  })
  afterEach(() => {
    if (before === undefined) delete process.env.RUNNER_TOOL_CACHE
    else process.env.RUNNER_TOOL_CACHE = before
  })

  test('a job whose image others could use', () => {
    expect(turnFor(known, engine, order)).toBeInstanceOf(Turn)
  })

  test.each<[string, Parameters<typeof turnFor>]>([
    ['without an engine', [known, undefined, order]],
    ['that keeps its archive', [known, engine, { ...order, wantsArchive: true }]],
    ['whose ISO is a folder', [{ ...known, identity: undefined }, engine, order]],
  ])('but not one %s', (_title, parameters) => {
    expect(turnFor(...parameters)).toBeUndefined()
  })

  test('nor one without a tool cache', () => {
    delete process.env.RUNNER_TOOL_CACHE
    expect(turnFor(known, engine, order)).toBeUndefined()
  })

  test('each image has its own, in each engine, with each uname', () => {
    const address = { urls: ['https://example.com/ddk.iso'], headers: new Map(), headersFor: new Set<string>() }
    const unidentified = { ...known, identity: undefined, request: { kind: 'address', address } } as unknown as KnownIso
    const another = { ...address, urls: ['https://example.com/another.iso'] }
    const different = [
      turnFor(known, engine, order),
      turnFor(known, { ...engine, name: 'podman' }, order),
      turnFor(known, engine, { ...order, uname: 'host' }),
      turnFor({ ...known, identity: { sha256: '2'.repeat(64) } }, engine, order),
      turnFor(unidentified, engine, order),
      turnFor({ ...unidentified, request: { ...unidentified.request, address: another } } as KnownIso, engine, order),
    ]
    const said: string[] = []
    const withPhase = different.map((turn) => turn!)
    expect(withPhase.map((turn) => turn.take())).toEqual(Array(6).fill(true))
    expect(readdirSync(join(dir, 'xenserver-ddk-images'))).toHaveLength(6)
    for (const turn of withPhase) turn.release()
    expect([said, readdirSync(join(dir, 'xenserver-ddk-images'))]).toEqual([[], []])
  })
})
