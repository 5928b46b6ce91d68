import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, Image } from '../../src/engine/engine.ts'
import { shellLabel } from '../../src/shell/container.ts'
import type { InstallOptions } from '../../src/shell/install.ts'
import type { ShellRequest } from '../../src/shell/set-up.ts'
import { setUpShell } from '../../src/shell/set-up.ts'
import { describeEngines } from '../engine/engines.ts'
import { noRoot } from '../support/machine.ts'
import { unless } from '../support/skip.ts'
import { run, until } from '../support/tools.ts'
import { Job, type Step } from './job.ts'
import { addPrograms, makeArchive } from './roots.ts'

// What a job can do to its container, by mistake or on purpose, and what others can do to both.

const temp = mkdtempSync(join(tmpdir(), 'ddk-adversity-'))
const environment = { ...process.env }
const tag = `ddk-adversity-${randomUUID()}:1`
let archive = ''

beforeAll(async () => {
  archive = await makeArchive(temp, tag, addPrograms)
})
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const words = ({ stderr }: Step) =>
  stderr
    .trim()
    .split('\n')
    .filter((line) => line !== '')

describeEngines(['docker', 'podman', 'newer docker, containerd store'], ({ command, env, stop }) => {
  let engine: Engine
  let image: Image
  let job: Job

  beforeAll(async () => {
    Object.assign(process.env, env)
    engine = (await detectEngine(command))!
    await engine.load(archive)
    image = (await engine.find(tag))!
  })
  afterAll(async () => {
    await engine.remove(tag)
    process.env = { ...environment }
    stop()
  })
  beforeEach(() => {
    job = new Job()
  })
  afterEach(() => job.end())

  const cli = (...args: string[]) => run(command, args, { env: process.env }).trim()
  const all = () => cli('ps', '--all', '--format', '{{.Names}}', '--filter', `label=${shellLabel}`).split('\n')

  describe('the container', () => {
    test('of earlier steps has died: a new one is made, and a warning says what is gone', async () => {
      const { container } = await job.install(engine, image)
      await job.run('echo installed > /usr/bin/new')
      cli('rm', '--force', container.name)
      const step = await job.run('[ ! -e /usr/bin/new ]; echo runs')
      expect(step).toEqual({
        code: 0,
        stdout: 'runs\n',
        stderr: '::warning::ddk.sh: the container of earlier steps has ended, so a new one was made; what they installed is gone\n',
      })
    })

    test('ended before any step: nothing is lost, so there is no warning', async () => {
      const { container } = await job.install(engine, image)
      cli('rm', '--force', container.name)
      expect(await job.run('echo runs')).toEqual({ code: 0, stdout: 'runs\n', stderr: '' })
    })

    test('was created, but did not start: the next step starts it', async () => {
      const { container } = await job.install(engine, image)
      cli('rm', '--force', container.name)
      cli('create', '--name', container.name, image.id, '/bin/true')
      expect(await job.run('echo runs')).toEqual({ code: 0, stdout: 'runs\n', stderr: '' })
    })

    test('is wanted by four steps at once: one makes it, the others wait', async () => {
      const { container } = await job.install(engine, image)
      cli('rm', '--force', container.name)
      const steps = await Promise.all([1, 2, 3, 4].map((number) => job.run(`echo ${number} >> /by; echo ${number}`)))
      expect(steps.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual([1, 2, 3, 4].map((number) => [0, `${number}\n`, '']))
      expect((await job.run('sort /by 2>/dev/null || cat /by')).stdout.trim().split('\n').sort()).toEqual(['1', '2', '3', '4'])
    })
  })

  describe('a folder that was replaced between steps', () => {
    test('is seen; Docker keeps what was installed, and a warning says what is gone', async () => {
      const outside = mkdtempSync(join(temp, 'outside-'))
      const volume = { source: outside, target: '/volume', options: '' }
      await job.install(engine, image, { volumes: [volume] })
      for (const folder of [job.workspace, outside]) {
        await job.run('echo installed > /usr/bin/new; touch old; touch /volume/old')
        rmSync(folder, { recursive: true })
        mkdirSync(folder)
        writeFileSync(join(folder, 'new'), '')
        const step = await job.run(`cat /usr/bin/new 2>/dev/null || echo gone; ls '${folder === outside ? '/volume' : folder}'`)
        const [warning, ...others] = words(step)
        const restarted = 'the container was restarted to see it; programs that earlier steps left running have ended'
        const made = 'a new container was made to see it; what earlier steps installed is gone'
        const said = (what: string) => `::warning::ddk.sh: ${folder} was replaced since the last step, so ${what}`
        // A busy Docker may remove a container that it restarts. Whatever it does, the warning says what became of it.
        expect(command === 'docker' ? [said(restarted), said(made)] : [said(made)]).toContain(warning)
        const { code, stdout } = step
        expect({ code, stdout, others }).toEqual({
          code: 0,
          stdout: warning === said(restarted) ? 'installed\nnew\n' : 'gone\nnew\n',
          others: [],
        })
        expect(words(await job.run(':'))).toEqual([])
      }
    })

    test('was moved away, with another in its place', async () => {
      await job.install(engine, image)
      await job.run('touch old')
      renameSync(job.workspace, `${job.workspace}.old`)
      mkdirSync(job.workspace)
      const step = await job.run('touch mine; ls')
      expect([step.code, step.stdout]).toEqual([0, 'mine\n'])
      expect(existsSync(join(job.workspace, 'mine'))).toBe(true)
    })
  })

  describe('mistakes in the inputs show while the action runs', () => {
    const request: ShellRequest = { name: 'ddk.sh', volumes: [], env: [], network: 'none', runOptions: [], user: 'root' }
    const warnings: string[] = []
    const setUp = (wrong: Partial<ShellRequest>) =>
      setUpShell(
        engine,
        image,
        { ...request, ...wrong },
        {
          temp: job.temp,
          workspace: job.workspace,
          say() {},
          warn: (line) => warnings.push(line),
          installed: async () => {},
          explanation: '',
        },
      )

    test('none', async () => {
      expect(await setUp({})).toBe(true)
      cli('rm', '--force', ...all())
    })

    test.each<[string, Partial<ShellRequest>, RegExp]>([
      ['a folder that is not there', { volumes: [{ source: '/nope', target: '/x', options: '' }] }, /\/nope/],
      ['an option that there is none of', { runOptions: ['--no-such-option'] }, /unknown flag: --no-such-option; check/],
      ['a user that there is none of', { runOptions: ['--user', 'nobody-of-that-name'] }, /nobody-of-that-name/],
      ['a word too many', { runOptions: ['--memory', '1g', 'registry.invalid/who'] }, /registry\.invalid\/who/],
    ])('%s', async (_title, wrong, reason) => {
      const before = new Set(all())
      const failure = await setUp(wrong).then(String, (error: Error) => error.message)
      expect(failure).toMatch(new RegExp(`^${command} couldn't make the container of ddk.sh: `))
      expect(failure).toMatch(/; check the inputs "volumes", "network" and "run-options"$/)
      expect(failure).toMatch(reason)
      expect(failure).not.toMatch(/--help|failed to start containers|[Uu]sage:|dial tcp|lookup/)
      expect(existsSync('/nope')).toBe(false)
      // An engine may still be removing those of other tests.
      expect([all().filter((name) => !before.has(name)), warnings]).toEqual([[], []])
    })

    test("a word too many that is another image's name", async () => {
      const other = `${tag}-other`
      const root = mkdtempSync(join(temp, 'other-'))
      run('tar', ['-C', root, '-cf', `${root}.tar`, '.'])
      cli('import', `${root}.tar`, other)
      const failure = await setUp({ runOptions: [other] }).then(String, (error: Error) => error.message)
      expect(failure).toMatch(/the container was made of another image \(.*\): a word of the options was taken for an image's name/)
      cli('image', 'rm', '--force', other)
    })
  })

  describe('each step may choose its user', () => {
    const getIds = [process.getuid, process.getgid] as const
    const asRunner = ['setpriv', '--reuid', '1500', '--regid', '1500', '--groups', '0']
    const installFor = async (uid: number, options: Partial<InstallOptions> = {}) => {
      job.giveTo(uid)
      Object.assign(process, { getuid: () => uid, getgid: () => uid })
      const shell = await job.install(engine, image, options)
      Object.assign(process, { getuid: getIds[0], getgid: getIds[1] })
      run('chown', ['-R', `${uid}:${uid}`, dirname(shell.folder)])
      return shell
    }
    const as = command === 'docker' ? asRunner : []
    const step = (script: string, ...options: string[]) => job.run(script, { env: { HOME: job.temp }, options }, as)

    unless(noRoot).test('root and runner', async () => {
      await installFor(1500)
      expect((await step('id -u; whoami', '--user', 'runner')).stdout).toBe('1500\nrunner\n')
      expect((await step('id -u', '--user=root')).stdout).toBe('0\n')
      expect((await step('id -u')).stdout).toBe('0\n')
      expect(await step('id -u', '--user', 'mallory')).toEqual({
        code: 125,
        stdout: '',
        stderr: '::error::ddk.sh: there is no user "mallory"; --user may be root or runner\n',
      })
    })

    unless(noRoot).test('what root wrote is given to the runner, and what others own is not', async () => {
      const database = join(job.workspace, 'database')
      await installFor(1500)
      mkdirSync(database)
      run('chown', ['999:999', database])
      const { code, stderr } = await step('mkdir -p a/b; echo x > a/b/c; mkdir theirs; chown 7:7 theirs; touch theirs/of-root')
      expect([code, stderr]).toEqual([0, ''])
      const uids = ['a', 'a/b', 'a/b/c', 'theirs', 'theirs/of-root', 'database'].map((name) => statSync(join(job.workspace, name)).uid)
      expect(uids).toEqual([1500, 1500, 1500, 7, 1500, 999])
    })

    unless(noRoot).test("a step that replaces paths while it ends can't change the owner of mounted files", async () => {
      const outside = mkdtempSync(join(temp, 'outside-'))
      const file = join(outside, 'file')
      mkdirSync(join(outside, 'deep'))
      writeFileSync(file, '')
      // On the workspace's own filesystem, inside the workspace and beside it.
      const inside = join(job.workspace, 'a/inside')
      for (const folder of [inside, join(job.workspace, 'b')]) mkdirSync(folder, { recursive: true })
      writeFileSync(join(job.workspace, 'file'), '')
      await installFor(1500, {
        volumes: [
          { source: outside, target: inside, options: '' },
          { source: outside, target: '/volume', options: '' },
          { source: file, target: join(job.workspace, 'file'), options: '' },
        ],
      })
      const owners = () => ['.', 'file', 'new', 'deep', 'deep/new'].map((name) => statSync(join(outside, name)).uid)
      const swap = `
        touch a/inside/new a/inside/deep/new file; mkdir -p c/deep c/d; touch c/deep/new c/new
        [ -e "$RUNNER_TEMP/go" ] || exit 0
        (while [ -e "$RUNNER_TEMP/go" ]; do
          mv a x; mv x a
          mv c d; ln -s /volume c; rm c; mv d c
          mv c/deep c/other; ln -s /volume/deep c/deep; rm c/deep; mv c/other c/deep
        done) >/dev/null 2>&1 &`
      expect((await step(swap)).code).toBe(0)
      expect(owners()).toEqual([0, 0, 0, 0, 0])
      const go = join(job.temp, 'go')
      writeFileSync(go, '')
      expect((await step(swap)).code).toBe(0)
      for (let round = 0; round < 8; round++) {
        expect((await step('rm -rf many; for i in 1 2 3 4 5 6 7 8 9; do mkdir -p many/$i; touch many/$i/1 many/$i/2; done')).code).toBe(0)
        expect(statSync(join(job.workspace, 'many/9/2')).uid).toBe(1500)
      }
      rmSync(go)
      expect(owners()).toEqual([0, 0, 0, 0, 0])
      await until(() => !cli('exec', job.containers[0]!, 'ps', 'ax', '-o', 'args').includes('mv '))
      expect((await step(':')).stderr).toBe('')
      expect([statSync(join(job.workspace, 'c/deep/new')).uid, statSync(join(outside, 'deep/new')).uid]).toEqual([1500, 0])
    })
  })
})
