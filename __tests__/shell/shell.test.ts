import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, Image } from '../../src/engine/engine.ts'
import { shellLabel } from '../../src/shell/container.ts'
import { describeEngines } from '../engine/engines.ts'
import { allEngines } from '../engine/start-engine.ts'
import { noRoot } from '../support/machine.ts'
import { unless } from '../support/skip.ts'
import { run, until } from '../support/tools.ts'
import { Job } from './job.ts'
import { addPrograms, makeArchive } from './roots.ts'

// Steps as the runner starts them, in containers of a DDK's image.

const temp = mkdtempSync(join(tmpdir(), 'ddk-shell-test-'))
const environment = { ...process.env }
const archives: Record<string, string> = {}
const unique = `ddk-shell-test-${randomUUID()}`
const tags = { gnu: `${unique}:gnu`, busybox: `${unique}:busybox` }

beforeAll(async () => {
  archives.gnu = await makeArchive(temp, tags.gnu, addPrograms)
  archives.busybox = await makeArchive(temp, tags.busybox, () => {})
})
afterAll(() => {
  rmSync(temp, { recursive: true, force: true })
})

describeEngines(allEngines, ({ command, env, stop }) => {
  let engine: Engine
  let gnu: Image
  let busybox: Image
  let job: Job

  beforeAll(async () => {
    Object.assign(process.env, env)
    engine = (await detectEngine(command))!
    for (const archive of Object.values(archives)) await engine.load(archive)
    gnu = (await engine.find(tags.gnu))!
    busybox = (await engine.find(tags.busybox))!
  })
  afterAll(async () => {
    for (const tag of Object.values(tags)) await engine.remove(tag)
    process.env = { ...environment }
    stop()
  })
  beforeEach(() => {
    job = new Job()
  })
  afterEach(() => job.end())

  /** This job's containers, of all that the engine may have. */
  const containers = () =>
    run(command, ['ps', '--all', '--format', '{{.Names}}', '--filter', `label=${shellLabel}`], { env: process.env })
      .split('\n')
      .filter((name) => job.containers.includes(name))
  const inContainer = (container: string, script: string) =>
    run(command, ['exec', container, '/bin/sh', '-c', script], { env: process.env })

  test('a step runs in the DDK, in its own folder, with the files of the runner', async () => {
    await job.install(engine, gnu)
    mkdirSync(join(job.workspace, 'a folder/$HOME'), { recursive: true })
    const script = `
      echo "$PWD"; uname -r; id -u; echo "$HOME"; echo "$0"; tr a-z A-Z
      echo "kernel=$(uname -r)" >> "$GITHUB_OUTPUT"
      printf 'TEXT<<END\\none\\ntwo\\nEND\\n' >> "$GITHUB_ENV"
      echo /opt/bin >> "$GITHUB_PATH"
      echo '# Done' >> "$GITHUB_STEP_SUMMARY"
      echo made > 'made here'
      set -o | grep -E '^(errexit|pipefail) .*on$' | wc -l
      ulimit -Sn; ulimit -Hn; ulimit -Ss`
    const { code, stdout, stderr } = await job.run(script, { workingDirectory: 'a folder/$HOME' })
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual([
      join(job.workspace, 'a folder/$HOME'),
      ...['3.10.0+2', '0', '/root', expect.stringContaining(job.temp), '2', '1024', '4096', '65536'],
    ])
    expect(code).toBe(0)
    expect(job.commands('GITHUB_OUTPUT')).toBe('kernel=3.10.0+2\n')
    expect(job.commands('GITHUB_ENV')).toBe('TEXT<<END\none\ntwo\nEND\n')
    expect(job.commands('GITHUB_PATH')).toBe('/opt/bin\n')
    expect(job.commands('GITHUB_STEP_SUMMARY')).toBe('# Done\n')
    expect(readFileSync(join(job.workspace, 'a folder/$HOME/made here'), 'utf8')).toBe('made\n')
  })

  test('the environment is passed on, and never on a command line', async () => {
    await job.install(engine, gnu, { env: ['LC_TIME=en_US.UTF-8', 'FROM_INPUT=of the action', 'OWN=of the action', 'TMPDIR', 'NOT_SET'] })
    const secret = 'hunter-2 $(touch pwned) `x`'
    const step = job.start('tr "\\0" "\\n" < /proc/$$/environ; echo READY; until [ -e go ]; do sleep 0.05; done', {
      env: {
        SECRET: secret,
        LINES: 'one\ntwo\n',
        EMPTY: '',
        OWN: 'of the step',
        image: 'a step may have one',
        'odd.name-1': 'odd',
        'with space': 'no',
        LANG: 'en_US.UTF-8',
        LC_ALL: 'C',
        TERM: 'xterm',
        TMPDIR: '/var/tmp',
        LD_LIBRARY_PATH: '/lib',
        DOCKER_PASSWORD: 'no',
        BASH_ENV: '/dev/null',
      },
    })
    await step.says('READY')
    const seen = run('ps', ['axww', '-o', 'args'])
    expect(seen).toContain('--env SECRET')
    expect(seen).not.toContain('hunter-2')
    writeFileSync(join(job.workspace, 'go'), '')
    const { stdout } = await step.ended
    const lines = stdout.split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([`SECRET=${secret}`, 'EMPTY=', 'OWN=of the step', 'image=a step may have one', 'odd.name-1=odd']),
    )
    expect(stdout).toContain('LINES=one\ntwo\n\n')
    expect(lines).toEqual(
      expect.arrayContaining(['LC_ALL=C', 'LC_TIME=en_US.UTF-8', 'FROM_INPUT=of the action', 'TMPDIR=/var/tmp', 'CI=true']),
    )
    for (const name of [
      'LANG',
      'LD_LIBRARY_PATH',
      'DOCKER_PASSWORD',
      'BASH_ENV',
      'with space',
      'NOT_SET',
      'DOCKER_HOST',
      'CONTAINERS_CONF',
    ]) {
      expect(lines.filter((line) => line.startsWith(`${name}=`))).toEqual([])
    }
    expect(lines.find((line) => line.startsWith('PATH='))).toMatch(/^PATH=\/usr\/local\/sbin:/)
    expect(readdirSync(job.workspace)).toEqual(['go'])
  })

  test('a step fails as its script does', async () => {
    await job.install(engine, gnu)
    for (const [script, code] of [
      ['exit 42', 42],
      ['false\necho not reached', 1],
      ['false | cat\necho not reached', 1],
      ["bash -c 'kill -SEGV $$'", 139],
      ['no-such-program', 127],
    ] as const) {
      const step = await job.run(script)
      expect([script, step.code, step.stdout]).toEqual([script, code, ''])
      expect(step.stderr).not.toContain('ddk.sh')
    }
  })

  test('all steps share one container, which ends with the job', async () => {
    const shell = await job.install(engine, gnu)
    expect(containers()).toHaveLength(1)
    await job.run('echo installed > /usr/bin/new; sleep 1000 >/dev/null 2>&1 &')
    expect(await job.run('cat /usr/bin/new; ps ax -o comm | grep sleep')).toMatchObject({ code: 0, stdout: 'installed\nsleep\nsleep\n' })
    expect(containers()).toHaveLength(1)
    // What nobody waits for is reaped by PID 1.
    await job.run('sleep 0.1 & exec true')
    expect((await job.run('sleep 0.3; ps ax -o stat')).stdout).not.toContain('Z')
    const lines: string[] = []
    await job.end((line) => lines.push(line))
    expect(lines).toEqual(['Removed the container of ddk.sh'])
    expect(containers()).toEqual([])
    expect(() => statSync(shell.folder)).toThrow(/ENOENT/)
  })

  test('two shells exist side by side, and one of the same name replaces the first', async () => {
    await job.install(engine, gnu, { env: ['WHICH=first'] })
    await job.install(engine, busybox, { name: 'other.sh', env: ['WHICH=second'] })
    expect((await job.run('echo $WHICH $(echo $BASH_VERSION | cut -c 1) > /here; cat /here')).stdout).toMatch(/^first \d\n$/)
    // A root without bash has its sh.
    expect((await job.run('cat /here 2>/dev/null || echo $WHICH $BASH_VERSION "$-"', { shell: 'other.sh' })).stdout).toMatch(/^second e/)
    expect((await job.run('false; echo not reached', { shell: 'other.sh' })).code).toBe(1)
    const [first] = job.containers
    expect(containers()).toHaveLength(2)
    const said: string[] = []
    await job.install(engine, gnu, { env: ['WHICH=third'], say: (line) => said.push(line) })
    expect(containers()).toHaveLength(2)
    expect(containers()).not.toContain(first)
    expect(said).toEqual([
      'ddk.sh of an earlier use of this action is replaced, and its container removed; "shell-name" gives each its own',
    ])
    expect((await job.run('echo $WHICH; cat /here 2>/dev/null || echo new')).stdout).toBe('third\nnew\n')
  })

  test('what was put into PATH after the action is in the PATH of both', async () => {
    await job.install(engine, gnu)
    await job.install(engine, busybox, { name: 'other.sh' })
    await job.run('mkdir bin; printf "#!/bin/sh\\necho mine\\n" > bin/mine; chmod +x bin/mine')
    job.addPath(join(job.workspace, 'bin'))
    const { stdout } = await job.run('mine; echo "$PATH"')
    expect(stdout).toMatch(/^mine\n/)
    expect(stdout).toContain(`\n${join(job.workspace, 'bin')}:/usr/local/sbin:`)
  })

  test('what the image puts before every command is there for steps as well', async () => {
    await job.install(engine, { ...gnu, entrypoint: ['/bin/setarch', 'i686'] })
    expect((await job.run('busybox uname -m')).stdout).toBe('i686\n')
  })

  test('folders: a volume is one, any other gets a sentence', async () => {
    const outside = mkdtempSync(join(temp, 'outside-'))
    mkdirSync(join(outside, 'sub'))
    writeFileSync(join(outside, 'sub/file'), 'of the volume')
    symlinkSync(outside, join(job.workspace, 'out'))
    await job.install(engine, gnu, {
      volumes: [{ source: outside, target: '/volume', options: 'ro' }],
      runOptions: ['--hostname', 'builder'],
    })
    const step = await job.run('pwd; cat file; hostname; echo no > file', { workingDirectory: join(outside, 'sub') })
    expect(step).toMatchObject({ code: 1, stdout: '/volume/sub\nof the volumebuilder\n', stderr: expect.stringContaining('ead-only') })
    // By way of a symlink in the workspace as well.
    expect((await job.run('pwd', { workingDirectory: 'out/sub' })).stdout).toBe('/volume/sub\n')
    const lost = await job.run('echo not reached', { workingDirectory: '/usr' })
    expect(lost).toEqual({
      code: 125,
      stdout: '',
      stderr: `::error::ddk.sh: the container doesn't see /usr; work in ${job.workspace}, or add the folder to the action's input "volumes"\n`,
    })
  })

  test.each([
    ['SIGINT', ['SIGINT'], '', 'sleep 1000', 130],
    ['SIGTERM', ['SIGTERM'], '', 'sleep 1000', 143],
    ['SIGINT to a process group of its own', ['SIGINT'], '', 'timeout 1000 sleep 1000', 130],
    ['SIGINT, ignored, then SIGTERM, ignored', ['SIGINT', 'SIGTERM'], "trap '' INT TERM", 'sleep 1000', 137],
    ['SIGTERM, with a last word', ['SIGTERM'], "trap 'echo last word; exit 5' TERM; sleep 1000 &", 'wait', 5],
  ] as const)('cancelled by %s', async (_title, signals, before, wait, code) => {
    const shell = await job.install(engine, gnu)
    const step = job.start(`echo root > mine\n${before}\necho READY\n${wait}\necho went on`)
    await step.says('READY')
    for (const signal of signals) {
      step.signal(signal)
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    const { stdout, ...ended } = await step.ended
    expect(ended.code).toBe(code)
    expect(stdout).not.toContain('went on')
    // PID 1 has a sleep of its own.
    expect(inContainer(shell.container.name, 'ps ax -o args').match(/sleep 1000|timeout/)).toBeNull()
    expect(readdirSync(shell.folder).filter((name) => name.startsWith('step-'))).toEqual([])
  })

  test('if it is killed before it could report the container, the post step removes it', async () => {
    await job.install(engine, gnu)
    const step = job.start('trap "" TERM INT; echo READY; sleep 1000')
    await step.says('READY')
    run('pkill', ['-KILL', '-P', String(step.pid)])
    step.signal('SIGKILL')
    await step.ended
    expect(containers()).toHaveLength(1)
    await job.end()
    expect(containers()).toEqual([])
  })

  test('a container ends by itself when the files of its shell are gone', async () => {
    const shell = await job.install(engine, gnu)
    await job.run(':')
    rmSync(shell.folder, { recursive: true })
    const wakeUp = 'kill $(ps ax -o pid,args | grep "[s]leep 60" | while read pid rest; do echo $pid; done)'
    // Its own end counts for nothing: the container's may come first.
    spawnSync(command, ['exec', shell.container.name, '/bin/sh', '-c', wakeUp], { env: process.env })
    await until(() => containers().length === 0)
  })

  // With access to the daemon's socket, which belongs to the group of whoever started it.
  const asRunner = ['setpriv', '--reuid', '1500', '--regid', '1500', '--groups', '0']

  unless(noRoot).test('what root leaves belongs to the runner afterwards', async () => {
    job.giveTo(1500)
    const outside = mkdtempSync(join(temp, 'outside-'))
    writeFileSync(join(outside, 'file'), '')
    writeFileSync(join(job.workspace, 'old'), '')
    symlinkSync(outside, join(job.workspace, 'link'))
    const [getuid, getgid] = [process.getuid, process.getgid]
    Object.assign(process, { getuid: () => 1500, getgid: () => 1500 })
    const shell = await job.install(engine, gnu, { volumes: [{ source: outside, target: '/volume', options: '' }] })
    Object.assign(process, { getuid, getgid })
    run('chown', ['-R', '1500:1500', dirname(shell.folder)])
    const script = `
      mkdir -p deep/er; echo x > 'deep/er/with space'; ln -s /etc/passwd to-etc; install -d -m 500 closed; touch closed/file; touch link/y 2>/dev/null || :
      echo a > of-another; chown 7:7 of-another; touch /volume/of-root; mkdir "$RUNNER_TEMP/made"; exit 3`
    const step = await job.run(script, { env: { HOME: job.temp } }, command === 'docker' ? asRunner : [])
    expect(step).toEqual({ code: 3, stdout: '', stderr: '' })
    const notOurs = run('find', [
      job.workspace,
      job.temp,
      '-mindepth',
      '1',
      '!',
      '-user',
      '1500',
      '!',
      '-name',
      '*-*.sh',
      '-printf',
      '%P\\n',
    ])
    expect(notOurs.trim().split('\n').sort()).toEqual(['link', 'of-another', 'old'])
    expect(lstatSync(join(job.workspace, 'to-etc')).uid).toBe(1500)
    expect([statSync(join(outside, 'of-root')).uid, statSync(join(outside, 'file')).uid, statSync('/etc/passwd').uid]).toEqual([0, 0, 0])
    expect(statSync(join(job.workspace, 'closed')).mode & 0o777).toBe(0o500)
  })

  unless(noRoot).test('user: runner', async () => {
    job.giveTo(1500)
    mkdirSync(join(job.workspace, 'of root'))
    chmodSync(join(job.workspace, 'of root'), 0o755)
    const [getuid, getgid] = [process.getuid, process.getgid]
    Object.assign(process, { getuid: () => 1500, getgid: () => 1500 })
    const shell = await job.install(engine, gnu, { user: 'runner' })
    Object.assign(process, { getuid, getgid })
    run('chown', ['-R', '1500:1500', dirname(shell.folder)])
    const script = 'id -u; id -g; whoami; cd; touch at-home; cd - >/dev/null; echo x > mine; echo y > "of root/file"'
    const step = await job.run(script, { env: { HOME: job.temp } }, command === 'docker' ? asRunner : [])
    expect(step).toMatchObject({ code: 1, stdout: '1500\n1500\nrunner\n', stderr: expect.stringContaining('ermission denied') })
    expect(statSync(join(job.workspace, 'mine')).uid).toBe(1500)
    expect(statSync(join(shell.folder, 'home/at-home')).uid).toBe(1500)
  })

  test('its own statements', async () => {
    const shell = await job.install(engine, gnu)
    expect(run(join(shell.bin, 'ddk.sh'), ['--help'])).toMatch(/^ddk\.sh runs a step's script .* shell: ddk\.sh \{0\}\n$/)
    for (const args of [[], ['--user', 'root']]) {
      expect(spawnSync(join(shell.bin, 'ddk.sh'), args, { encoding: 'utf8', env: job.environment() })).toMatchObject({
        status: 125,
        stderr: expect.stringMatching(/^::error::ddk\.sh: it needs a step's script; give the step the line "shell: ddk\.sh \{0\}"/),
      })
    }
    expect(
      spawnSync(join(shell.bin, 'ddk.sh'), ['make', 'all'], { encoding: 'utf8', env: job.environment(), cwd: job.workspace }),
    ).toMatchObject({
      status: 125,
      stderr: `::error::ddk.sh: there is no script "make" in ${job.workspace}; to run a command in the DDK, write: ddk.sh -c 'make all'\n`,
    })
    rmSync(join(shell.folder, 'settings'))
    expect((await job.run(':')).stderr).toBe(
      '::error::ddk.sh: its settings are gone; use it in the steps after the action, in the same job\n',
    )
  })
})
