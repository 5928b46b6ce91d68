import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { awaitSaving, startSaving } from '../../src/cache/process/saving.ts'
import { entryFolder } from '../../src/cache/process/task.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { type CacheService, startCacheService } from '../support/cache-service.ts'
import { bundle } from '../support/cli.ts'
import { callsOf, fakeDocker } from '../support/fake-docker.ts'
import { makeRunner } from '../support/runner.ts'
import { sh, until } from '../support/tools.ts'

// What later steps of the job can see of the processes that outlive the action's step, or may: the one that saves to the cache, and an engine's.

const secrets = {
  ACTIONS_RUNTIME_TOKEN: 'the-runtime-token',
  'INPUT_ISO-HEADERS': 'Authorization: Bearer the-mirror-token',
  https_proxy: 'http://user:the-proxy-password@127.0.0.1:1',
  GITHUB_TOKEN: 'the-github-token',
}
const hush = /the-(runtime-token|mirror-token|proxy-password|github-token)/

let service: CacheService
let environment: NodeJS.ProcessEnv
let dir = ''
beforeAll(async () => {
  service = await startCacheService()
})
afterAll(() => service.close())
beforeEach(() => {
  environment = { ...process.env }
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-later-'))
  service.forgetAll()
  Object.assign(process.env, service.env.v2, secrets, { no_proxy: '127.0.0.1', RUNNER_TRACKING_ID: 'github_tracked' })
})
afterEach(() => {
  process.env = environment
  rmSync(dir, { recursive: true, force: true })
})

const statusFile = () => join(dir, 'save')

/** Starts to save, and gives the ID of the process. */
function start(): number {
  const folder = join(dir, entryFolder)
  mkdirSync(folder)
  writeFileSync(join(folder, 'image'), randomBytes(1_000_000))
  startSaving([{ key: 'the-key', dir, what: 'the image' }], statusFile(), () => {})
  return (JSON.parse(readFileSync(`${statusFile()}.started`, 'utf8')) as { pid: number }).pid
}

/** What everybody of this user can read of a process. */
const shownBy = (pid: number | string) => ['environ', 'cmdline'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1')).join('\0')

const finish = async () => {
  const lines: string[] = []
  await awaitSaving(statusFile(), 30_000, (line) => lines.push(line))
  return lines
}

test('neither its environment nor its arguments hold a secret, and the runner finds it by its mark', async () => {
  service.faults.upload = 'stalled'
  const pid = start()
  await service.heard(/upload/)
  const shown = shownBy(pid)
  expect(shown).toContain('RUNNER_TRACKING_ID=github_tracked')
  expect(shown).not.toMatch(hush)
  expect(shown).not.toMatch(/ACTIONS_|INPUT_|GITHUB_|_proxy=/)
  // The service would have refused it without the token.
  expect(service.tokens()).toEqual(['Bearer the-runtime-token'])
  process.kill(-pid)
  await finish()
})

test("the job's steps come first: it has the lowest priority", async () => {
  service.faults.upload = 'stalled'
  const pid = start()
  await service.heard(/upload/)
  expect(getPriority(pid)).toBe(19)
  // A nice value alone counts only among the processes of the same session, and this process has its own.
  const group = `/proc/${pid}/autogroup`
  if (existsSync(group)) expect(readFileSync(group, 'latin1')).toMatch(/ nice 19\n$/)
  process.kill(-pid)
  await finish()
})

test('neither does the packer that it starts', async () => {
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  for (const tool of ['gzip', 'sleep', 'cat', 'mv']) symlinkSync(`/usr/bin/${tool}`, join(bin, tool))
  // Stands there until it has been looked at.
  const tar = `#!/bin/sh\ncat /proc/$$/environ >'${dir}/seen.part'\nmv '${dir}/seen.part' '${dir}/seen'\nexec /usr/bin/tar "$@"\n`
  writeFileSync(join(bin, 'tar'), tar, { mode: 0o755 })
  process.env.PATH = bin
  start()
  await until(() => existsSync(join(dir, 'seen')))
  expect(await finish()).toEqual([expect.stringContaining('Saved the image to the Actions cache')])
  const seen = readFileSync(join(dir, 'seen'), 'latin1')
  expect(seen).toContain('PATH=')
  expect(seen).not.toMatch(hush)
})

test('no file that it leaves holds a secret or a signed address', async () => {
  service.faults.upload = 'stalled'
  const pid = start()
  await service.heard(/upload/)
  const texts = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name !== 'image')
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
  const log = readFileSync(`${statusFile()}.log`, 'utf8')
  expect(log).toContain('signed_upload_url')
  expect(texts.filter((text) => hush.test(text) || text.includes('sig='))).toEqual([])
  process.kill(-pid)
  await finish()
})

test("no call of an engine is given the inputs or the runner's token: a load and rootless Podman's own process outlive the step", async () => {
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  const iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  fakeDocker(bin, "tr '\\0' '\\n' </proc/$$/environ >>environments")
  const { GITHUB_TOKEN: _, ...ours } = secrets
  const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), { ...ours, PATH: `${bin}:${process.env.PATH}`, KEPT: 'kept' })
  const { code } = await runner.main({ iso, engine: 'docker', cache: 'none', 'iso-headers': secrets['INPUT_ISO-HEADERS'] })
  await runner.post()
  expect(code).toBe(0)
  const seen = readFileSync(join(bin, 'environments'), 'latin1')
  expect(seen.match(/^KEPT=kept$/gm)).toHaveLength(callsOf(bin).length)
  expect(seen).not.toMatch(/the-(runtime|mirror)-token/)
  expect(seen).not.toMatch(/^(ACTIONS|INPUT|STATE)_/m)
})
