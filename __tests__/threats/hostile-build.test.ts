import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Image } from '../../src/engine/engine.ts'
import type { InstalledShell } from '../../src/shell/remove.ts'
import { Job } from '../shell/job.ts'
import { callsOf, fakeDocker } from '../support/fake-docker.ts'

// A build in the container, as root, changes the files of its shell in RUNNER_TEMP before the action is used again in the job. That step has
// secrets that the build doesn't have: the inputs, and the runner's token.

const environment = { ...process.env }
const image: Image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/amd64', layers: 2, entrypoint: [] }
let dir = ''
let victim = ''
let job: Job
let shell: Required<InstalledShell>
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-hostile-build-'))
  process.env.PATH = `${dir}:${environment.PATH}`
  delete process.env.DOCKER_HOST
  writeFileSync(join(dir, 'loaded'), '1')
  fakeDocker(dir)
  victim = join(dir, 'victim')
  mkdirSync(victim)
  writeFileSync(join(victim, 'file'), '')
  writeFileSync(join(dir, 'program'), `#!/bin/sh\ntouch '${dir}/was-run'\n`, { mode: 0o755 })
  job = new Job()
  shell = await install()
})
afterEach(async () => {
  await job.end()
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

const install = async () => job.install((await detectEngine('docker'))!, image)

/** The action is used again, and nothing outside of the shell's own folder is touched. */
async function expectNoHarm(): Promise<void> {
  shell = await install()
  expect([readdirSync(victim), existsSync(join(dir, 'was-run'))]).toEqual([['file'], false])
  expect(await job.run(':')).toMatchObject({ code: 0 })
}

describe('the record of the installed shell', () => {
  test.each<[string, () => string]>([
    ['names another program and another folder', () => record({ engine: join(dir, 'program') })],
    ['names another folder', () => record({})],
    ['has an ID that is none', () => record({}, '--all')],
    ['has words that are none', () => record({ giveBack: [1] as unknown as string[] })],
    ['has no container', () => JSON.stringify({ ...shell, container: undefined, folder: victim })],
    ['is cut short', () => '{"id":'],
    ['is nothing', () => 'null'],
    ['is empty', () => ''],
  ])('%s', async (_title, text) => {
    writeFileSync(join(shell.folder, 'installed.json'), text())
    await expectNoHarm()
  })

  function record(container: Partial<Required<InstalledShell>['container']>, id = shell.id): string {
    return JSON.stringify({ id, name: 'ddk.sh', folder: victim, bin: victim, container: { ...shell.container, ...container } })
  }
})

test('the record as it was written: its container is removed', async () => {
  fakeDocker(dir, 'case $1 in ps) echo the-first ;; esac')
  await install()
  expect(callsOf(dir)).toContain('rm --force --volumes the-first')
})

test('the record of a shell whose steps give files back: they do so once more, and then the container is removed', async () => {
  const container = { ...shell.container, giveBack: ['/bin/sh', '-c', 'give'] }
  writeFileSync(join(shell.folder, 'installed.json'), JSON.stringify({ ...shell, container }))
  fakeDocker(dir, 'case $1 in ps) echo the-first ;; esac')
  await install()
  const removal = callsOf(dir).filter((call) => call.includes('the-first'))
  expect(removal).toEqual(['exec --user 0:0 the-first /bin/sh -c give', 'rm --force --volumes the-first'])
})

test("the shell's folder is a link to another one", async () => {
  renameSync(join(shell.folder, 'installed.json'), join(victim, 'file'))
  rmSync(shell.folder, { recursive: true })
  symlinkSync(victim, shell.folder)
  symlinkSync('file', join(victim, 'installed.json'))
  shell = await install()
  expect(readdirSync(victim).sort()).toEqual(['file', 'installed.json'])
})
