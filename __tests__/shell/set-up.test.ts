import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, Image } from '../../src/engine/engine.ts'
import type { Finished } from '../../src/programs/finished.ts'
import type { PreparedShell } from '../../src/shell/install.ts'
import type { InstalledShell } from '../../src/shell/remove.ts'
import { type ShellRequest, type Surroundings, setUpRefusal, setUpShell } from '../../src/shell/set-up.ts'
import { startContainer } from '../../src/shell/start.ts'
import { callsOf, fakeDocker } from '../support/fake-docker.ts'
import { run } from '../support/tools.ts'

// What becomes of a shell whose container can't be used. The engine is a script that answers as Docker does.

const environment = { ...process.env }
const image: Image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/386', layers: 2, entrypoint: [] }
let dir = ''
let temp = ''
let workspace = ''
let warned: string[] = []
let shell: InstalledShell | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-set-up-'))
  temp = join(dir, 'temp')
  workspace = join(dir, 'work')
  for (const folder of [temp, workspace]) mkdirSync(folder)
  process.env.PATH = `${dir}:${environment.PATH}`
  delete process.env.DOCKER_HOST
  warned = []
  shell = undefined
})
afterEach(() => {
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

const request: ShellRequest = { name: 'ddk.sh', volumes: [], env: ['TOKEN=hush'], runOptions: [], user: 'root' }
const surroundings = (): Surroundings => ({
  temp,
  workspace,
  say() {},
  warn: (sentence) => warned.push(sentence),
  async installed(installed) {
    shell = installed
    expect(callsOf(dir)).toEqual([])
  },
  explanation: 'docs/x.md',
})

/** @param extra what the engine does first, in shell */
async function setUp(extra = '', more: Partial<ShellRequest> = {}): Promise<boolean> {
  fakeDocker(dir, extra)
  const engine = (await detectEngine('docker'))!
  rmSync(join(dir, 'calls'))
  return setUpShell(engine, image, { ...request, ...more }, surroundings())
}

const verbs = () => callsOf(dir).map((call) => /^(run --detach|create|exec|rm|start( --attach)?) /.exec(call)?.[1])

test('the shell is known to the post step before its container exists', async () => {
  expect(await setUp()).toBe(true)
  expect([verbs(), warned, existsSync(join(shell!.folder, 'mounted'))]).toEqual([['run --detach', 'exec'], [], true])
  expect(callsOf(dir).at(-1)).toBe(`exec ${shell!.container!.name} /bin/sh -c [ -e "$1" ] sh ${join(shell!.folder, 'settings')}`)
})

test('if no program of the image can run, each step fails with the reason, and the container is removed', async () => {
  expect(await setUp('case $1 in exec) exit 1 ;; start) if [ $2 = --attach ]; then exit 139; fi ;; esac')).toBe(false)
  expect(verbs()).toEqual(['run --detach', 'exec', 'rm', ...probe])
  const reason = expect.stringMatching(/the DDK's programs crash with signal 11 .*\. See docs\/x\.md$/)
  expect(warned).toEqual([reason])
  expect(warned[0]).toMatch(/^Steps with "shell: ddk\.sh \{0\}" can't run: /)
  expect(statSync(join(shell!.folder, 'settings')).mode & 0o777).toBe(0o600)
  const step = spawnSync(join(shell!.bin, 'ddk.sh'), ['/dev/null'], { encoding: 'utf8', env: process.env })
  expect([step.status, step.stderr.trim()]).toEqual([125, reason])
})

test.each([
  ['RUNNER_TEMP', () => temp],
  ['the workspace', () => workspace],
])('an engine that does not see %s is the reason, not the options of the user', async (_which, folder) => {
  const unseen = 'echo "bind source path does not exist" >&2; exit 1'
  expect(await setUp(`case "$*" in run*--mount*'source=${folder()}'* | create*--mount*'source=${folder()}'*) ${unseen} ;; esac`)).toBe(
    false,
  )
  expect(warned).toEqual([expect.stringContaining(`docker doesn't see this runner's files in ${folder()}, so steps can't run`)])
})

test('without any engine, each step fails with the reason, and the post step knows the shell', async () => {
  await setUpRefusal(request, 'there is no engine', surroundings())
  expect(shell).toEqual({ id: expect.any(String), name: 'ddk.sh', folder: expect.any(String), bin: join(shell!.folder, 'bin') })
  const step = spawnSync(join(shell!.bin, 'ddk.sh'), ['/dev/null'], { encoding: 'utf8', env: process.env })
  expect([step.status, step.stderr]).toEqual([125, '::error::ddk.sh: there is no engine. See docs/x.md\n'])
})

test('the step goes on only when the post step knows of a shell that can run nothing', async () => {
  let isKnown = false
  const installed = async () => {
    await setTimeout(20)
    isKnown = true
  }
  await setUpRefusal(request, 'there is no engine', { ...surroundings(), installed })
  expect(isKnown).toBe(true)
})

test('the folders of the container are known as they were at its start, without those that are not there', async () => {
  const volumes = [join(dir, 'none'), dir].map((source) => ({ source, target: '/volume', options: '' }))
  await setUp('', { volumes })
  const lines = [workspace, temp, dir].map((folder) => run('stat', ['-Lc', '%d:%i %n', folder]))
  expect(readFileSync(join(shell!.folder, 'mounted'), 'utf8')).toBe(lines.join(''))
})

test('a folder that is replaced while the container starts counts as replaced', async () => {
  const before = run('stat', ['-Lc', '%d:%i %n', workspace])
  await setUp(`case $1 in run) mv '${workspace}' '${workspace}.old'; mkdir '${workspace}' ;; esac`)
  expect(readFileSync(join(shell!.folder, 'mounted'), 'utf8')).toContain(before)
})

describe('a container whose options may name another image', () => {
  const more = { runOptions: ['--memory', '1g', 'busybox'] }

  test.each([
    ['of the image', 'echo sha256:1'],
    ['of the image, as Podman says it', 'echo 1'],
    ['of which nobody knows', 'echo sha256:2; exit 1'],
  ])('is used if it is %s', async (_which, answer) => {
    expect(await setUp(`case $1 in container) ${answer}; exit ;; esac`, more)).toBe(true)
    expect(verbs()).toEqual(['create', undefined, 'start', 'exec'])
  })

  test('is removed before it starts if it is of another', async () => {
    await expect(setUp('case $1 in container) echo sha256:2; exit ;; esac', more)).rejects.toThrow(
      "docker couldn't make the container of ddk.sh: the container was made of another image (sha256:2): a word of the options was taken for an image's name; check",
    )
    expect(verbs()).toEqual(['create', undefined, 'rm', ...probe, ...probe])
    const { name } = shell!.container!
    expect(callsOf(dir).slice(1, 3)).toEqual([`container inspect --format {{.Image}} ${name}`, `rm --force ${name}`])
  })

  test('is not asked about without options', async () => {
    expect(await setUp('case $1 in container) echo sha256:2; exit ;; esac')).toBe(true)
  })
})

const probe = ['create', 'start --attach', 'rm']

test.each([
  [
    'can not be created',
    'create) case "$*" in *=probe*) ;; *) exit 7 ;; esac ;; run) exit 7',
    'to create it',
    ['run --detach', 'rm', 'create', 'rm'],
  ],
  [
    'does not start',
    'start) if [ $2 != --attach ]; then exit 7; fi ;; run) exit 7',
    'to start it',
    ['run --detach', 'rm', 'create', 'start', 'rm'],
  ],
  ["does not see the shell's files", 'exec) exit 7', 'a program in it', ['run --detach', 'exec', 'rm']],
])('a container that %s, of an image that is sound, is removed, and the error names the inputs', async (_what, answer, what, calls) => {
  await expect(setUp(`case $1 in ${answer} ;; esac`)).rejects.toThrow(
    `docker couldn't make the container of ddk.sh: ${what} ended with exit code 7; check the inputs "volumes", "network" and "run-options"`,
  )
  expect(verbs()).toEqual([...calls, ...probe, ...probe])
})

test("the reason why a container can't be made is the engine's, without the hint that follows it if both steps are one call", async () => {
  const hint = 'echo "docker: Error: no such volume" >&2; echo "See docker run --help." >&2; exit 125'
  const error = 'case "$*" in *=probe*) ;; *) echo "Error: no such volume" >&2; exit 1 ;; esac'
  await expect(setUp(`case $1 in run) ${hint} ;; create) ${error} ;; esac`)).rejects.toThrow('of ddk.sh: Error: no such volume; check')
})

test.each([
  ['can not be created', 'create | run) case "$*" in *=probe*) ;; *) echo "it is full" >&2; exit 1 ;; esac'],
  ['does not start', 'run) exit 1 ;; start) if [ $2 != --attach ]; then echo "it is full" >&2; exit 1; fi'],
  ["does not see the shell's files", 'exec) echo "it is full" >&2; exit 1'],
])("the reason is the engine's own if a container %s", async (_what, answer) => {
  await expect(setUp(`case $1 in ${answer} ;; esac`)).rejects.toThrow('of ddk.sh: it is full; check the inputs')
})

test('a container that starts in the second attempt is used', async () => {
  expect(await setUp('case $1 in run) exit 125 ;; esac')).toBe(true)
  expect(verbs()).toEqual(['run --detach', 'rm', 'create', 'start', 'exec'])
})

test('the engine has two minutes for each step of it', async () => {
  const { engine, times } = timedEngine(() => ({}))
  expect(await startContainer(engine, image, prepared(false))).toBeUndefined()
  expect(await startContainer(engine, image, prepared(true))).toBeUndefined()
  expect(times).toEqual([
    ...['run', 'exec'].map((verb) => [verb, 'change']),
    ...[
      ['create', 'change'],
      ['container', undefined],
      ['start', 'change'],
      ['exec', 'change'],
    ],
  ])
})

test('an engine that is too slow to start it is not asked a second time', async () => {
  const { engine, times } = timedEngine((verb) => (verb === 'run' ? { code: undefined, timedOut: true, lastWord: 'it was too slow' } : {}))
  expect(await startContainer(engine, image, prepared(false))).toBe('it was too slow')
  expect(times).toEqual(['run', 'rm'].map((verb) => [verb, 'change']))
})

test('a container is removed even if the job has ended meanwhile', async () => {
  const ended = new Error('Cancelled')
  const { engine, late } = timedEngine((verb) => {
    if (verb === 'run') throw ended
    return {}
  })
  await expect(startContainer(engine, image, prepared(false))).rejects.toBe(ended)
  expect(late).toEqual(['rm'])
})

/** An engine that answers each call, which calls it had with which deadlines, and which of them also if the job has ended. */
function timedEngine(answer: (verb: string) => Partial<Finished> | { code: undefined }) {
  const times: unknown[] = []
  const late: string[] = []
  const fine: Finished = { code: 0, stdout: '', lastWord: '', missing: false, timedOut: false }
  const engine: Partial<Engine> = {
    name: 'docker',
    async call([verb = ''], options) {
      times.push([verb, options?.deadline])
      if (options?.evenIfCancelled) late.push(verb)
      return { ...fine, ...answer(verb) } as Finished
    },
  }
  return { engine: engine as Engine, times, late }
}

function prepared(hasRunOptions: boolean): PreparedShell {
  const folder = join(temp, 'shell')
  mkdirSync(folder, { recursive: true })
  const container = { engine: 'docker', name: 'ddk', giveBack: [] }
  return { shell: { id: '1', name: 'ddk.sh', folder, bin: folder, container }, create: [], sources: [], hasRunOptions }
}
