import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { bundle } from './support/cli.ts'
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
const wholeRun = ['info', 'images', 'image inspect', 'load', 'image inspect', 'create', 'rm', 'info', 'create', 'start', 'rm']

/** A `docker` that writes its calls down and does nothing, and takes a while for call number `slow`. */
function fakeDocker(bin: string, slow: number): void {
  const image = JSON.stringify([{ Id: 'sha256:1', RepoTags: ['a:1'], Os: 'linux', Architecture: 'amd64', Config: {} }])
  const script = `#!/bin/sh
cd '${bin}'
echo "$*" >>calls
if [ $(wc -l <calls) = ${slow} ]; then touch busy; sleep 0.5; fi
case $1 in
  info) echo '{"ServerVersion":"28.5.1","Driver":"overlay2"}' ;;
  image) if [ -e loaded ]; then echo '${image}'; else echo 'Error: No such image: a:1' >&2; exit 1; fi ;;
  create) echo container ;;
  load) cat >/dev/null; touch loaded ;;
esac
`
  writeFileSync(join(bin, 'docker'), script, { mode: 0o755 })
}

async function cancelledAt(call: number): Promise<{ code: number | null; stdout: string; calls: string[] }> {
  const bin = mkdtempSync(join(dir, 'bin-'))
  fakeDocker(bin, call)
  const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '' })
  const stop = new AbortController()
  const timer = setInterval(() => existsSync(join(bin, 'busy')) && stop.abort(), 10)
  const { code, stdout } = await runner.main({ iso, engine: 'docker', cache: 'none' }, stop.signal)
  clearInterval(timer)
  const calls = readFileSync(join(bin, 'calls'), 'utf8').trimEnd().split('\n')
  expect((await runner.post()).code).toBe(0)
  expect(readdirSync(runner.temp).filter((name) => name !== 'xenserver-ddk-shells')).toEqual([])
  return { code, stdout, calls }
}

test('a run that nobody cancels makes these calls', async () => {
  const { code, calls } = await cancelledAt(0)
  expect([code, calls.map((call) => wholeRun.find((words) => call.startsWith(words)))]).toEqual([0, wholeRun])
})

test.each(wholeRun.slice(0, -1).map((words, index) => [index + 1, words] as const))(
  'cancelled at call %i (%s): nothing is called after it but what removes a container of its own',
  async (number, words) => {
    const { code, stdout, calls } = await cancelledAt(number)
    expect([code, stdout]).toEqual([1, expect.stringContaining('::error::Cancelled (SIGINT)')])
    const isRemovalDue = words === 'create' || words === 'start'
    expect(calls.slice(number)).toEqual(isRemovalDue ? ['rm --force container'] : [])
  },
)
