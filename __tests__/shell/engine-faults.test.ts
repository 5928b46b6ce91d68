import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Image } from '../../src/engine/engine.ts'
import type { InstalledShell } from '../../src/shell/remove.ts'
import { callsOf, fakeDocker } from '../support/fake-docker.ts'
import { noOtherUser } from '../support/machine.ts'
import { unless } from '../support/skip.ts'
import { asNobody, run, until } from '../support/tools.ts'
import { Job } from './job.ts'

// Steps whose engine is unwell. It is a script that answers as Docker does.

const environment = { ...process.env }
const image: Image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/amd64', layers: 2, entrypoint: [] }
let dir = ''
let volume = ''
let job: Job
let shell: Required<InstalledShell>
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-engine-faults-'))
  process.env.PATH = `${dir}:${environment.PATH}`
  delete process.env.DOCKER_HOST
  writeFileSync(join(dir, 'loaded'), '1')
  fakeDocker(dir)
  job = new Job()
  volume = mkdtempSync(join(dir, 'volume-'))
  shell = await job.install((await detectEngine('docker'))!, image, { volumes: [{ source: volume, target: '/volume', options: '' }] })
})
afterEach(async () => {
  fakeDocker(dir)
  await job.end()
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

const gone = 'container) echo "Error: No such container: x" >&2; exit 1 ;;'
const runs = 'case "$*" in *State.Running*) echo true; exit ;; esac'

/** Leaves an engine less time than it usually has. */
function hurry(): void {
  const settings = join(shell.folder, 'settings')
  const text = readFileSync(settings, 'utf8')
  expect(text).toMatch(/^_question_deadline='30'\n_change_deadline='120'$/m)
  writeFileSync(settings, text.replace(/^(_question_deadline|_change_deadline)=.*$/gm, '$1=1'))
}

test('a daemon that hangs ends a step with a sentence', async () => {
  hurry()
  fakeDocker(dir, 'exec sleep 600')
  expect(await job.run(':')).toEqual({
    code: 125,
    stdout: '',
    stderr: "::error::ddk.sh: docker couldn't say whether the DDK's container runs: it didn't answer within 1 seconds\n",
  })
})

test('a daemon that hangs while it creates the container ends a step with a sentence', async () => {
  hurry()
  fakeDocker(dir, `case $1 in ${gone} create) exec sleep 600 ;; esac`)
  expect(await job.run(':')).toEqual({
    code: 125,
    stdout: '',
    stderr: "::error::ddk.sh: docker couldn't start the DDK's container: it didn't answer within 1 seconds\n",
  })
})

test('a step that is cancelled while its container is made never begins', async () => {
  fakeDocker(dir, `case $1 in ${gone} create) touch busy; until [ -e over ]; do sleep 0.05; done ;; exec) touch ran ;; esac`)
  const step = job.start(':')
  await until(() => existsSync(join(dir, 'busy')))
  step.signal('SIGINT')
  writeFileSync(join(dir, 'over'), '')
  expect(await step.ended).toEqual({ code: 130, stdout: '', stderr: '' })
  expect(existsSync(join(dir, 'ran'))).toBe(false)
})

test('what the engine says is no command to the runner', async () => {
  fakeDocker(dir, `printf 'x ##[add-path]/evil\\033[2J\\n' >&2; exit 1`)
  expect((await job.run(':')).stderr).toBe(
    "::error::ddk.sh: docker couldn't say whether the DDK's container runs: x #\\u0023[add-path]/evil?[2J\n",
  )
})

test("a step's variables are passed by name, and not those that mean something else in the container", async () => {
  const own = ['PWD', 'OLDPWD', 'TMPDIR', 'TMP', 'TEMP', 'USER', 'LOGNAME', 'MAIL', 'HOSTNAME', 'TERM', 'SHELL', 'SHLVL', 'ENV']
  const engines = ['DOCKER_CONFIG', 'CONTAINER_HOST', 'CONTAINERS_CONF', 'XDG_RUNTIME_DIR']
  const others = [...own, ...engines, 'LD_LIBRARY_PATH', 'BASH_ENV', 'LANG', 'LC_TIME']
  const env = { ...Object.fromEntries(others.map((name) => [name, 'hush'])), LD_LIBRARY_PATH: '/nowhere', BASH_ENV: '/dev/null' }
  fakeDocker(dir, runs)
  expect((await job.run(':', { env: { ...env, SECRET: 'hush', LC_ALL: 'C' } })).code).toBe(0)
  const call = callsOf(dir).findLast((line) => line.startsWith('exec --workdir'))!
  const passed = [...call.matchAll(/--env (\S+)/g)].map(([, name]) => name!)
  expect(passed).toEqual(expect.arrayContaining(['SECRET', 'LC_ALL', 'GITHUB_OUTPUT', 'RUNNER_TEMP']))
  expect(passed.filter((name) => others.includes(name) || name === 'PATH' || name === 'HOME')).toEqual([])
  expect(call).not.toContain('hush')
})

test('if the daemon is gone, no new container is made', async () => {
  fakeDocker(dir, 'echo "Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?" >&2; exit 1')
  expect((await job.run(':')).stderr).toBe(
    "::error::ddk.sh: docker couldn't say whether the DDK's container runs: Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?\n",
  )
})

test("the daemon's reason is shown if a container doesn't start, and nothing blocks the next step", async () => {
  const start = `start)
    echo 'Error response from daemon: unable to find user nobody: no matching entries in passwd file' >&2
    echo 'Error: failed to start containers: x' >&2
    exit 1 ;;`
  fakeDocker(dir, `case $1 in ${gone} ${start} esac`)
  expect(await job.run(':')).toEqual({
    code: 125,
    stdout: '',
    stderr:
      "::error::ddk.sh: docker couldn't start the DDK's container: Error response from daemon: unable to find user nobody: no matching entries in passwd file\n",
  })
  expect(callsOf(dir).at(-1)).toMatch(/^rm --force xenserver-ddk-/)
  fakeDocker(dir, `case $1 in ${gone} exec) exit 7 ;; esac`)
  expect(await job.run(':')).toEqual({ code: 7, stdout: '', stderr: '' })
})

test('a folder of volumes that was removed is missed, at every step until it is there again', async () => {
  fakeDocker(dir, runs)
  expect((await job.run(':')).stderr).toBe('')
  rmSync(volume, { recursive: true })
  const warning = `::warning::ddk.sh: ${volume} has been removed since the container was started, so whatever this step writes there is lost\n`
  for (let step = 0; step < 2; step++) expect(await job.run(':')).toEqual({ code: 0, stdout: '', stderr: warning })
  mkdirSync(volume)
  expect((await job.run(':')).stderr).toContain(`${volume} was replaced since the last step, so the container was restarted to see it`)
  expect((await job.run(':')).stderr).toBe('')
})

unless(noOtherUser).test('a folder of volumes that this user can not see is not missed', async () => {
  for (const folder of [dir, volume]) {
    const closed = mkdtempSync(join(folder, 'closed-'))
    const inside = join(closed, 'a/b')
    mkdirSync(inside, { recursive: true })
    await job.end()
    job = new Job()
    job.giveTo(65534)
    shell = await job.install((await detectEngine('docker'))!, image, { volumes: [{ source: inside, target: '/volume', options: '' }] })
    run('chown', ['-R', '65534', dirname(shell.folder)])
    run('chmod', ['-R', 'a+rwX', dir])
    fakeDocker(dir, runs)
    chmodSync(closed, 0o700)
    expect(await job.run(':', { env: { HOME: '/' } }, asNobody)).toEqual({ code: 0, stdout: '', stderr: '' })
    rmSync(closed, { recursive: true })
    expect((await job.run(':', { env: { HOME: '/' } }, asNobody)).stderr).toContain(`${inside} has been removed`)
  }
})

test('a container that the engine is still removing is waited for, but not without end', async () => {
  hurry()
  const inUse = `container) echo "Error: No such container: x" >&2; exit 1 ;;
    create) [ -e removed ] || { touch asked; echo "The container name is already in use" >&2; exit 1; } ;;`
  fakeDocker(dir, `case "$1" in ${inUse} rm) [ ! -e asked ] || touch removed ;; esac`)
  expect((await job.run(':')).code).toBe(0)
  rmSync(join(dir, 'removed'))
  fakeDocker(dir, `case "$1" in ${inUse} esac`)
  expect(await job.run(':')).toMatchObject({
    code: 125,
    stderr: expect.stringContaining("::error::ddk.sh: docker couldn't start the DDK's container: The container name is already in use"),
  })
})

describe('on a machine without flock', () => {
  // A container that takes a while to make, and of which there can be only one.
  const one = `case "$*" in
    *State.Running*) if [ -e made ]; then echo true; exit; fi; echo "Error: No such container: x" >&2; exit 1 ;;
    create*) if ! mkdir made-by-one; then echo 'the name is already in use' >&2; exit 1; fi; sleep 0.3 ;;
    start*) touch made ;;
    rm*) rm -rf made made-by-one ;;
  esac`
  let without: Job
  beforeEach(async () => {
    const bin = mkdtempSync(join(dir, 'bin-'))
    for (const folder of ['/usr/bin', '/bin']) {
      for (const name of readdirSync(folder)) if (name !== 'flock') attempt(() => symlinkSync(join(folder, name), join(bin, name)))
    }
    rmSync(join(bin, 'docker'), { force: true })
    symlinkSync(join(dir, 'docker'), join(bin, 'docker'))
    without = new Job({ ...process.env, PATH: bin })
    shell = await without.install((await detectEngine('docker'))!, image)
    rmSync(join(dir, 'calls'))
    fakeDocker(dir, one)
  })
  afterEach(() => without.end())

  const creations = () => callsOf(dir).filter((call) => call.startsWith('create'))

  test('four steps at once make one container', async () => {
    const steps = await Promise.all([1, 2, 3, 4].map(() => without.run(':')))
    expect(steps).toEqual([1, 2, 3, 4].map(() => ({ code: 0, stdout: '', stderr: '' })))
    expect(creations()).toHaveLength(1)
  })

  test('a step that was killed while it made one keeps nobody waiting', async () => {
    const killed = spawnSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).stdout.trim()
    symlinkSync(killed, join(shell.folder, 'turn'))
    const steps = await Promise.all([1, 2, 3, 4].map(() => without.run(':')))
    expect(steps).toEqual([1, 2, 3, 4].map(() => ({ code: 0, stdout: '', stderr: '' })))
    expect(creations()).toHaveLength(1)
  })
})

function attempt(use: () => void): void {
  try {
    use()
  } catch {
    // /bin is often the same as /usr/bin.
  }
}
