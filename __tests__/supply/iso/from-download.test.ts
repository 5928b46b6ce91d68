import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Habits, sendFile, sha256, withServer } from '../../fetch/server.ts'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { bundle } from '../../support/cli.ts'
import { callsOf, fakeDocker } from '../../support/fake-docker.ts'
import { makeRunner, type Runner } from '../../support/runner.ts'
import { until } from '../../support/tools.ts'

// An ISO is converted while it is downloaded. Whatever becomes of the download, the run ends as if the conversion had waited.

let dir = ''
let iso: Buffer
/** Another DDK of the same version, with the same size. */
let other: Buffer
/** What a run without a download gives. */
const expected = new Map<Buffer, string>()

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-from-download-'))
  bundle(join(dir, 'dist'))
  const make = async (name: string, build: string) => {
    const path = join(dir, name)
    await makeDdkIso({ iso: path, build })
    const runner = newRunner()
    expect(await runner.main({ iso: path, engine: 'none' })).toMatchObject({ code: 0 })
    const bytes = readFileSync(path)
    expected.set(bytes, runner.outputs()['image-id']!)
    return bytes
  }
  iso = await make('ddk.iso', '90233c')
  other = await make('other.iso', '90234c')
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const newRunner = (env: NodeJS.ProcessEnv = {}) => makeRunner(mkdtempSync(join(dir, 'machine-')), join(dir, 'dist/main.cjs'), env)

/** Size of the archive that is being made. */
function madeSoFar(runner: Runner): number {
  return readdirSync(runner.temp)
    .filter((name) => name.endsWith('.part'))
    .reduce((sum, name) => sum + statSync(join(runner.temp, name)).size, 0)
}

/** Nothing is left but the archive, if there is one. */
function expectOnly(runner: Runner, archives: number): void {
  const names = readdirSync(runner.temp).filter((name) => name !== 'xenserver-ddk-shells')
  expect(names.filter((name) => name.endsWith('.tar'))).toHaveLength(archives)
  expect(names.filter((name) => !name.endsWith('.tar'))).toEqual([])
}

type Inputs = Record<string, string> | ((origin: string) => Record<string, string>)
type Handle = (request: IncomingMessage, response: ServerResponse, number: number) => void

/** A run whose ISO comes from a server that `handle` is. It numbers the GET requests from 1. */
async function download(handle: Handle, runner: Runner, inputs: Inputs = {}) {
  let gets = 0
  return withServer(
    (request, response) => handle(request, response, request.method === 'GET' ? ++gets : 0),
    async ({ origin }) => {
      const more = typeof inputs === 'function' ? inputs(origin) : inputs
      const ended = await runner.main({ iso: `${origin}/ddk.iso`, engine: 'none', cache: 'none', ...more })
      await runner.post()
      return { ...ended, gets, id: runner.outputs()['image-id'] }
    },
  )
}

const sound: Habits = { etag: '"1"' }

test('the image is being made when the last byte of the ISO is still to come', async () => {
  const runner = newRunner()
  const end = iso.length - 1
  const { code, stdout, id } = await download(async (request, response) => {
    if (request.method === 'HEAD') return sendFile(request, response, iso, sound)
    response.writeHead(200, { 'content-length': iso.length, etag: '"1"' })
    response.write(iso.subarray(0, end))
    await until(() => madeSoFar(runner) > 0)
    response.end(iso.subarray(end))
  }, runner)
  expect([code, id]).toEqual([0, expected.get(iso)])
  expect(stdout).not.toContain('starts again')
  expectOnly(runner, 1)
})

test('the lowest layer goes into an engine while the ISO arrives, and comes in one piece after all if the ISO turns out to be another', async () => {
  const bin = mkdtempSync(join(dir, 'bin-'))
  fakeDocker(bin, '')
  const runner = newRunner({ PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '' })
  const imports = () => callsOf(bin).filter((call) => call.startsWith('import')).length
  const { code, stdout, gets, id } = await download(
    async (request, response, number) => {
      if (number !== 1) return sendFile(request, response, other, { etag: '"2"' })
      response.writeHead(200, { 'content-length': iso.length, etag: '"1"', 'accept-ranges': 'bytes' })
      response.write(iso.subarray(0, iso.length - 1))
      await until(() => imports() > 0)
      response.destroy()
    },
    runner,
    { engine: 'docker' },
  )
  expect([code, gets, imports()]).toEqual([0, 2, 2])
  expect(stdout).toContain('The file has changed on the server')
  expect(id).toBe(expected.get(other))
  expectOnly(runner, 0)
})

test.each([
  ['drops the connection', { ...sound, dropAfter: 300_000 }],
  ['drops it, and knows no ranges', { ...sound, dropAfter: 300_000, whole: true }],
] as [string, Habits][])('a server that %s', async (_name, habits) => {
  const runner = newRunner()
  const { code, gets, id } = await download(
    (request, response, number) => sendFile(request, response, iso, number === 1 ? habits : { ...habits, dropAfter: iso.length }),
    runner,
  )
  expect([code, gets, id]).toEqual([0, 2, expected.get(iso)])
  expectOnly(runner, 1)
})

test('a server that does not say how large the file is', async () => {
  const runner = newRunner()
  const { code, id } = await download((request, response) => {
    response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(request.method === 'HEAD' ? '' : iso)
  }, runner)
  expect([code, id]).toEqual([0, expected.get(iso)])
  expectOnly(runner, 1)
})

test('a file that is pinned to another checksum is refused after its last byte', async () => {
  const runner = newRunner()
  const wrong = sha256(other)
  const { code, stdout, gets } = await download((request, response) => sendFile(request, response, iso, sound), runner, {
    'iso-sha256': wrong,
  })
  expect([code, gets]).toEqual([1, 1])
  const errors = stdout.split('\n').filter((line) => line.startsWith('::error'))
  expect(errors).toEqual([expect.stringContaining(`the file has the SHA-256 ${sha256(iso)}, but ${wrong} is expected`)])
  expect(stdout).not.toContain('starts again')
  expectOnly(runner, 0)
  expect(existsSync(join(runner.toolCache, 'xenserver-ddk-iso', '0.0.0'))).toBe(false)
})

test('the next address goes on where the first one stopped, and so does the conversion', async () => {
  const runner = newRunner()
  const ranges: (string | undefined)[] = []
  const { code, stdout, id } = await download(
    (request, response) => {
      const { url, headers } = request
      if (request.method === 'GET') ranges.push(headers.range)
      if (url === '/mirror.iso') sendFile(request, response, iso, sound)
      else if (headers.range !== undefined) response.writeHead(410).end()
      else sendFile(request, response, iso, { ...sound, dropAfter: 300_000 })
    },
    runner,
    (origin) => ({ 'iso-sha256': sha256(iso), mirrors: `${origin}/mirror.iso` }),
  )
  expect([code, id]).toEqual([0, expected.get(iso)])
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d+-$/), ranges[1]])
  expect(stdout).not.toContain('starts again')
  expectOnly(runner, 1)
})

test('a damaged ISO is downloaded once, and the error names the file in the tool cache', async () => {
  const damaged = Buffer.from(iso)
  const at = damaged.indexOf(Buffer.from([0x1f, 0x8b, 8]))
  damaged.fill(0xff, at + 50_000, at + 50_100)
  const runner = newRunner()
  const { code, stdout, gets } = await download((request, response) => sendFile(request, response, damaged, sound), runner)
  expect([code, gets]).toEqual([1, 1])
  const errors = stdout.split('\n').filter((line) => line.startsWith('::error'))
  expect(errors).toEqual([expect.stringContaining('is damaged')])
  expect(errors[0]).not.toContain('.partial')
  expectOnly(runner, 0)
})
