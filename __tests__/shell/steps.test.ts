import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, Image } from '../../src/engine/engine.ts'
import type { InstallOptions } from '../../src/shell/install.ts'
import type { InstalledShell } from '../../src/shell/remove.ts'
import { callsOf, fakeDocker } from '../support/fake-docker.ts'
import { until } from '../support/tools.ts'
import { Job } from './job.ts'

// Steps without an engine: a script answers as Docker does, and runs on this machine what it is to run in the container.

const environment = { ...process.env }
const image: Image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/amd64', layers: 2, entrypoint: [] }
let dir = ''
let job: Job
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-steps-'))
  process.env.PATH = `${dir}:${environment.PATH}`
  delete process.env.DOCKER_HOST
  writeFileSync(join(dir, 'loaded'), '1')
  engineThat()
  job = new Job()
})
afterEach(async () => {
  jest.restoreAllMocks()
  await job.end()
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

/** @param first what the engine does before anything else, in shell */
function engineThat(first = ''): void {
  const answers = `
${first}
case "$*" in
  *State.Running*) if [ -e running ]; then cat running; exit; fi; echo 'Error: No such container: x' >&2; exit 1 ;;
  run* | start*) echo true >running; exit ;;
  rm*) rm -f running; exit ;;
  *-cnewer*) exit ;;
  exec*)
    while [ "$1" != /bin/sh ]; do
      if [ "$1" = --workdir ]; then cd "$2" || exit 126; fi
      shift
    done
    setsid "$@"
    exit $? ;;
esac`
  fakeDocker(dir, answers)
}

async function install(options: Partial<InstallOptions> = {}): Promise<Required<InstalledShell>> {
  const shell = await job.install((await detectEngine('docker'))!, image, options)
  rmSync(join(dir, 'calls'))
  return shell
}

/** The calls of the engine, each up to the name of the container. */
const verbs = () => callsOf(dir).map((call) => call.replace(/ ((--name|--workdir|--format) .*|xenserver-ddk-.*)/, ''))
const stepCall = () => callsOf(dir).findLast((call) => call.startsWith('exec --workdir'))!

describe('a script', () => {
  test.each([
    ['exit 42', 42],
    ['false\necho not reached', 1],
    ['false | cat\necho not reached', 1],
    ['no-such-program 2>/dev/null\necho not reached', 127],
  ])('fails as bash does for the runner: %j', async (script, code) => {
    await install()
    expect(await job.run(script)).toEqual({ code, stdout: '', stderr: '' })
  })

  test('fails at its first error in an image without bash too', async () => {
    const bin = mkdtempSync(join(dir, 'bin-'))
    symlinkSync('/bin/sh', join(bin, 'sh'))
    const path = `case $1 in exec) PATH=${bin}; alias setsid=/usr/bin/setsid ;; esac`
    engineThat(path.replace('/usr/bin/setsid', spawnSync('sh', ['-c', 'command -v setsid'], { encoding: 'utf8' }).stdout.trim()))
    await install()
    expect(await job.run('false\necho not reached')).toEqual({ code: 1, stdout: '', stderr: '' })
  })

  test('has the limits that old programs expect, and nothing to read', async () => {
    const { bin } = await install()
    const script = join(job.temp, 'script.sh')
    writeFileSync(script, 'cat; ulimit -Sn; ulimit -Hn; ulimit -Ss')
    const { stdout } = spawnSync(join(bin, 'ddk.sh'), [script], {
      cwd: job.workspace,
      env: job.environment(),
      input: 'what the runner says',
      encoding: 'utf8',
    })
    expect(stdout).toBe('1024\n4096\n65536\n')
  })

  test('has in its PATH what was added after the action, and no shell of the host', async () => {
    await install()
    await install({ name: 'other.sh' })
    for (const folder of ['/opt/first', '/opt/second']) job.addPath(folder)
    expect((await job.run('echo "$PATH"')).stdout).toMatch(/^\/opt\/second:\/opt\/first:\/opt\/second:/)
    expect(stepCall()).toMatch(/\/step-\d+ \/opt\/second:\/opt\/first: \//)
  })

  test('has the variables of the input "env", unless the step has its own', async () => {
    await install({ env: ['FROM_INPUT=of the action', 'OWN=of the action', 'TMPDIR', 'NOT_SET'] })
    const env = { OWN: 'of the step', TMPDIR: '/var/tmp', 'with space': 'no' }
    expect((await job.run('echo "$FROM_INPUT, $OWN, $TMPDIR"', { env })).stdout).toBe('of the action, of the step, /var/tmp\n')
    const passed = [...stepCall().matchAll(/--env (.*?)(?= --env | xenserver-ddk-)/g)].map(([, name]) => name)
    expect(passed.filter((name) => /FROM_INPUT|OWN|TMPDIR|NOT_SET|space/.test(name!)).sort()).toEqual(['FROM_INPUT', 'OWN', 'TMPDIR'])
  })

  test('runs behind the entrypoint of the image', async () => {
    await job.install((await detectEngine('docker'))!, { ...image, entrypoint: ['/bin/linux32', '--'] })
    await job.run(':')
    expect(stepCall()).toMatch(/ xenserver-ddk-\S+ \/bin\/linux32 -- \/bin\/sh -c /)
  })
})

describe('the folder of a step', () => {
  test('is the one of the container', async () => {
    const outside = mkdtempSync(join(dir, 'outside-'))
    mkdirSync(join(outside, 'sub'))
    mkdirSync(join(job.workspace, 'a folder'))
    symlinkSync(join(outside, 'sub'), join(job.workspace, 'link'))
    await install({ volumes: [{ source: outside, target: '/volume', options: '' }] })
    expect((await job.run('pwd', { workingDirectory: 'a folder' })).stdout).toBe(`${job.workspace}/a folder\n`)
    // This machine has no such folder.
    for (const workingDirectory of [join(outside, 'sub'), 'link']) {
      // The runner's own PWD may be anything.
      expect((await job.run(':', { workingDirectory, env: { PWD: join(job.workspace, workingDirectory) } })).code).toBe(126)
      expect(stepCall()).toMatch(/^exec --workdir \/volume\/sub /)
    }
  })

  test('is refused if the container does not see it, even if its name begins like that of one that it sees', async () => {
    await install({ explanation: 'docs/x.md' })
    const beside = `${job.workspace}-2`
    mkdirSync(beside)
    expect(await job.run('echo not reached', { workingDirectory: beside })).toEqual({
      code: 125,
      stdout: '',
      stderr: `::error::ddk.sh: the container doesn't see ${beside}; work in ${job.workspace}, or add the folder to the action's input "volumes". See docs/x.md\n`,
    })
  })
})

describe('the user of a step', () => {
  const asRunner = /^exec --workdir .* --user 1500:1500 --env HOME=/
  const gives = () => callsOf(dir).filter((call) => call.includes('-cnewer'))
  beforeEach(() => {
    for (const id of ['getuid', 'getgid'] as const) jest.spyOn(process, id).mockReturnValue(1500)
  })

  test.each([[['--user', 'runner']], [['--user=runner']]])('may be chosen: %j', async (options) => {
    await install()
    expect((await job.run('exit 3', { options })).code).toBe(3)
    expect([stepCall(), gives()]).toEqual([expect.stringMatching(asRunner), []])
  })

  test('is root, who gives the files back, or says that it did not', async () => {
    await install()
    expect(await job.run('exit 3', { options: ['--user', 'root'] })).toEqual({ code: 3, stdout: '', stderr: '' })
    expect([stepCall(), gives()]).toEqual([expect.not.stringMatching(asRunner), [expect.stringMatching(/^exec --user 0:0 xenserver-ddk-/)]])
    engineThat('case "$*" in *-cnewer*) echo "chown: not permitted" >&2; exit 1 ;; esac')
    expect(await job.run('exit 4')).toEqual({
      code: 4,
      stdout: '',
      stderr: "::warning::ddk.sh: some of the step's files may not belong to this user: chown: not permitted\n",
    })
  })

  test('is the one of the input, if the step chooses none', async () => {
    await install({ user: 'runner' })
    await job.run(':')
    expect([stepCall(), gives()]).toEqual([expect.stringMatching(asRunner), []])
  })

  test('can not be anybody else', async () => {
    await install()
    expect(await job.run(':', { options: ['--user', 'mallory'] })).toMatchObject({ code: 125, stdout: '' })
    expect(callsOf(dir)).toEqual([])
  })
})

describe('what is wrong with a call', () => {
  test.each([
    ['no script', [], /^::error::ddk\.sh: it needs a step's script; give the step the line "shell: ddk\.sh \{0\}"/],
    ['only a user', ['--user', 'root'], /^::error::ddk\.sh: it needs a step's script/],
    ['a command', ['make', 'all'], /^::error::ddk\.sh: there is no script "make" in \S.*; .* write: ddk\.sh -c 'make all'\n$/],
  ])('%s', async (_what, args, stderr) => {
    const { bin } = await install()
    const options = { encoding: 'utf8', cwd: job.workspace, env: job.environment() } as const
    expect(spawnSync(join(bin, 'ddk.sh'), args, options)).toMatchObject({ status: 125, stderr: expect.stringMatching(stderr) })
    expect(callsOf(dir)).toEqual([])
  })

  test('the settings are gone', async () => {
    const { folder } = await install()
    rmSync(join(folder, 'settings'))
    expect((await job.run(':')).stderr).toBe(
      '::error::ddk.sh: its settings are gone; use it in the steps after the action, in the same job\n',
    )
  })
})

describe('the container', () => {
  const lost = '::warning::ddk.sh: the container of earlier steps has ended, so a new one was made; what they installed is gone\n'
  const made = ['container inspect', 'create', 'start', 'exec']

  test.each([
    ['is gone', () => rmSync(join(dir, 'running')), made],
    ['has ended', () => writeFileSync(join(dir, 'running'), 'false\n'), ['container inspect', 'rm --force', ...made.slice(1)]],
  ])('%s: a new one is made, and what is lost is said, if there was a step', async (_how, end, calls) => {
    await install()
    for (const stderr of ['', lost]) {
      end()
      rmSync(join(dir, 'calls'), { force: true })
      expect(await job.run('echo runs')).toEqual({ code: 0, stdout: 'runs\n', stderr })
      expect(verbs()).toEqual(calls)
      expect((await job.run(':')).stderr).toBe('')
    }
  })

  function replaceWorkspace(): void {
    // Not removed, because a filesystem may use its inode again.
    renameSync(job.workspace, mkdtempSync(join(dir, 'old-')))
    mkdirSync(job.workspace)
  }

  /** Replaces the workspace, and runs a step. */
  async function afterReplacement(): Promise<string> {
    await job.run(':')
    replaceWorkspace()
    rmSync(join(dir, 'calls'))
    const { code, stdout, stderr } = await job.run('echo runs')
    expect([code, stdout]).toEqual([0, 'runs\n'])
    const calls = verbs()
    // Once is enough.
    expect((await job.run(':')).stderr).toBe('')
    expect(stderr).toMatch(new RegExp(`^::warning::ddk\\.sh: ${job.workspace} was replaced since the last step, so [^\n]*\n$`))
    return `${calls.join(', ')}: ${stderr.replace(/.*, so (.*?) (was|to).*\n/, '$1')}`
  }

  test('is restarted if a folder was replaced', async () => {
    await install()
    expect(await afterReplacement()).toBe(
      'container inspect, restart -t 0, exec --user 0:0, exec --user 0:0, exec --user 0:0, exec: the container',
    )
  })

  test.each([
    ['restart', 'restart -t 0'],
    ['exec', 'restart -t 0, exec --user 0:0'],
  ])('is made anew if it does not come back from that: %s fails', async (verb, calls) => {
    engineThat(`case "$*" in ${verb}*) [ ! -e fails ] || { rm fails; exit 1; } ;; esac`)
    await install()
    writeFileSync(join(dir, 'fails'), '')
    replaceWorkspace()
    expect((await job.run(':')).stderr).toMatch(/was replaced since the last step, so a new container was made to see it/)
    expect(verbs().join(', ')).toBe(`container inspect, ${calls}, rm --force, create, start, exec`)
  })

  test('of Podman is made anew: it can not restart one that is removed when it ends', async () => {
    const docker = (await detectEngine('docker'))!
    await job.install(Object.assign(Object.create(docker) as Engine, { name: 'podman' }), image)
    expect(await afterReplacement()).toBe('container inspect, rm --force, create, start, exec: a new container')
  })

  test('that can not be made is explained by the line that says why, and not by those about the usage', async () => {
    await install()
    rmSync(join(dir, 'running'))
    engineThat(
      'case $1 in create) printf "unknown flag: --nope\\n\\nUsage:  docker create [OPTIONS]\\n\\nRun docker create --help for more\\n" >&2; exit 125 ;; esac',
    )
    expect((await job.run(':')).stderr).toBe("::error::ddk.sh: docker couldn't start the DDK's container: unknown flag: --nope\n")
    // Nothing is to be waited for.
    expect(verbs()).toEqual(['container inspect', 'create', 'rm --force'])
  })

  test('is waited for while the engine removes the last one', async () => {
    await install()
    rmSync(join(dir, 'running'))
    engineThat('case $1 in create) if [ ! -e asked ]; then touch asked; echo "removal is already in progress" >&2; exit 1; fi ;; esac')
    expect(await job.run(':')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(verbs()).toEqual(['container inspect', 'create', 'rm --force', 'create', 'start', 'exec'])
  })

  test('keeps nobody waiting for a step that was killed, although the engine has left a process of its own', async () => {
    await install()
    rmSync(join(dir, 'running'))
    const leave = '(while [ -e loaded ]; do sleep 0.1; done) </dev/null >/dev/null 2>&1 &'
    const hang = 'touch busy; until [ -e over ] || ! [ -e loaded ]; do sleep 0.05; done; exit'
    engineThat(`case $1 in create) if [ ! -e busy ]; then ${leave}\n${hang}; fi ;; esac`)
    const killed = job.start(':')
    await until(() => existsSync(join(dir, 'busy')))
    killed.signal('SIGKILL')
    writeFileSync(join(dir, 'over'), '')
    expect(await job.run('echo runs')).toMatchObject({ code: 0, stdout: 'runs\n' })
    await killed.ended
  })
})

test('the engine has its time for each call: for a question, a change, and to give many files back', async () => {
  for (const id of ['getuid', 'getgid'] as const) jest.spyOn(process, id).mockReturnValue(1500)
  const script = `#!/bin/sh\necho "$1 $2 $3 $5" >>'${dir}/times'\nshift 3\nexec "$@"\n`
  writeFileSync(join(dir, 'timeout'), script, { mode: 0o755 })
  await install()
  for (const file of ['running', 'times']) rmSync(join(dir, file))
  await job.run(':')
  expect(readFileSync(join(dir, 'times'), 'utf8').trim().split('\n')).toEqual([
    '-k 2 30 container',
    '-k 2 120 create',
    '-k 2 120 start',
    '-k 2 300 exec',
  ])
})

describe('a step that is cancelled', () => {
  const nothingLeft = (shell: InstalledShell) => {
    expect(readdirSync(shell.folder).filter((name) => name.startsWith('step-'))).toEqual([])
  }

  test.each([
    ['SIGINT', 'SIGINT', '', 'sleep 1000', [130]],
    // The last code is that of a step which is killed because it takes long.
    ['SIGTERM', 'SIGTERM', '', 'sleep 1000', [143, 137]],
    ['SIGHUP, as the end of a runner', 'SIGHUP', '', 'sleep 1000', [143, 137]],
    ['SIGINT, in a process group of its own', 'SIGINT', '', 'timeout 1000 sleep 1000', [130]],
    ['SIGTERM, which it ignores', 'SIGTERM', "trap '' TERM", 'sleep 1000', [137]],
  ] as const)('by %s', async (_title, signal, before, wait, codes) => {
    const shell = await install()
    const step = job.start(`${before}\necho "READY $$"\n${wait}\necho went on`)
    await step.says('READY')
    step.signal(signal)
    const { stdout, ...ended } = await step.ended
    expect(codes).toContain(ended.code)
    expect(stdout).not.toContain('went on')
    const session = /READY (\d+)/.exec(stdout)![1]!
    await until(() => spawnSync('ps', ['-s', session, '-o', 'pid=']).status !== 0)
    expect(callsOf(dir).at(-1)).toMatch(/^exec --user 0:0 xenserver-ddk-\S+ \/bin\/sh -c /)
    nothingLeft(shell)
  })

  test('ends even if the engine does not', async () => {
    const shell = await install()
    const hang = 'case $1,$2 in exec,--workdir) while [ "$1" != /bin/sh ]; do shift; done; setsid "$@"; exec sleep 1000 ;; esac'
    engineThat(hang)
    const step = job.start('echo READY; sleep 1000')
    await step.says('READY')
    step.signal('SIGTERM')
    expect((await step.ended).code).toBe(137)
    nothingLeft(shell)
  })
})
