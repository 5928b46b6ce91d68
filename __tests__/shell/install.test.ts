import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { Engine, Image } from '../../src/engine/engine.ts'
import { type InstallOptions, installRefusal, installShell } from '../../src/shell/install.ts'
import { callsOf, fakeDocker } from '../support/fake-docker.ts'

// What is installed. No engine is called, except to remove an earlier container.

const environment = { ...process.env }
const umask = process.umask()
const image: Image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/386', layers: 2, entrypoint: ['/bin/linux32'] }
let dir = ''
let workspace = ''
let temp = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-install-'))
  workspace = join(dir, 'work')
  temp = join(dir, 'temp')
  for (const folder of [workspace, temp]) mkdirSync(folder)
  process.env.PATH = `${dir}:${environment.PATH}`
  fakeDocker(dir)
  symlinkSync('docker', join(dir, 'podman'))
  process.umask(0o022)
})
afterEach(() => {
  jest.restoreAllMocks()
  process.umask(umask)
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

function install(engine: Partial<Engine>, more: Partial<InstallOptions> = {}, env: NodeJS.ProcessEnv = { PATH: '/usr/bin' }) {
  const options = {
    name: 'ddk.sh',
    user: 'root',
    volumes: [],
    env: [],
    runOptions: [],
    explanation: '',
    workspace,
    temp,
    image,
    ...more,
  } as const
  return installShell({ ...options, engine: { name: 'docker', command: 'docker', privileges: 'root', ...engine } as Engine }, env)
}

/** The value of each setting, as words in bash's notation. */
function settingsIn(folder: string): Record<string, string> {
  const lines = readFileSync(join(folder, 'settings'), 'utf8').matchAll(/^_(\w+)=(.*)$/gm)
  return Object.fromEntries(Array.from(lines, ([, name, value]) => [name!, value!]))
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('only this user can read the settings, because env may contain a secret', async () => {
  const { shell } = await install({}, { env: ['TOKEN=hush'] })
  expect(readFileSync(join(shell.folder, 'settings'), 'utf8')).toContain('TOKEN=hush')
  expect(modeOf(join(shell.folder, 'settings'))).toBe('600')
})

test('only this user can read the settings of a shell that runs no step', async () => {
  const { folder, container } = await installRefusal({ name: 'ddk.sh', temp }, 'there is no engine')
  expect([modeOf(join(folder, 'settings')), container]).toEqual(['600', undefined])
  expect(settingsIn(folder)).toEqual({ refusal: "'there is no engine'" })
})

test('everybody can run the shell, and enter its folders', async () => {
  const { shell } = await install({})
  expect([join(shell.bin, shell.name), shell.bin, join(shell.folder, 'home')].map(modeOf)).toEqual(['755', '755', '755'])
  expect(JSON.parse(readFileSync(join(shell.folder, 'installed.json'), 'utf8'))).toEqual(shell)
})

test('nobody else can write to the shell or its folders, whatever the umask', async () => {
  process.umask(0)
  const { shell } = await install({})
  expect([join(shell.bin, shell.name), shell.bin, join(shell.folder, 'home')].map(modeOf)).toEqual(['755', '755', '755'])
})

test('the container: no image is ever pulled, nor can the options of the user make the engine do so', async () => {
  jest.spyOn(process, 'getuid').mockReturnValue(0)
  const { shell, create } = await install({}, { network: 'none', runOptions: ['--pull', 'always'] })
  expect(create).toEqual([
    ...['--name', shell.container!.name, '--label', `io.github.xenserver-ddk-action.shell=${shell.id}`, '--rm', '--stop-signal', 'KILL'],
    ...['--pull=never', '--security-opt', 'label=disable', '--platform', 'linux/386'],
    ...[workspace, temp].flatMap((folder) => ['--mount', `type=bind,source=${folder},target=${folder}`]),
    ...['--network', 'none', '--pull', 'always', '--pull=never', 'sha256:1'],
    ...['/bin/sh', '-c', expect.any(String), 'sh', join(shell.folder, 'settings'), ''],
  ])
})

describe("the container's user", () => {
  const as = (uid: number) => {
    jest.spyOn(process, 'getuid').mockReturnValue(uid)
    jest.spyOn(process, 'getgid').mockReturnValue(uid)
  }
  test.each<[string, Partial<Engine>, number, 'root' | 'runner', object]>([
    ['root of the host', { privileges: 'root' }, 1001, 'root', { userns: [], asRoot: [], runner: true, givesBack: true }],
    ['root, as the runner is', { privileges: 'root' }, 0, 'root', { userns: [], asRoot: [], runner: false, givesBack: false }],
    ['a remapped root', { privileges: 'remapped' }, 1001, 'root', { userns: ['host'], asRoot: [], runner: true, givesBack: true }],
    ['rootless Docker', { privileges: 'rootless' }, 1001, 'runner', { userns: [], asRoot: [], runner: false, givesBack: false }],
    [
      'rootless Podman',
      { name: 'podman', privileges: 'rootless', keepsIds: true },
      1001,
      'root',
      { userns: [], asRoot: [], runner: false, givesBack: false },
    ],
    [
      "rootless Podman by Docker's client, for the runner",
      { name: 'podman', privileges: 'rootless', keepsIds: false },
      1001,
      'runner',
      { userns: [], asRoot: [], runner: false, givesBack: false },
    ],
    [
      'rootless Podman, for the runner',
      { name: 'podman', privileges: 'rootless', keepsIds: true },
      1001,
      'runner',
      { userns: ['keep-id'], asRoot: ['--user', '0:0'], runner: true, givesBack: true },
    ],
  ])('%s', async (_title, engine, uid, user, expected) => {
    as(uid)
    const { shell, create } = await install(engine, { user })
    const settings = settingsIn(shell.folder)
    const userns = create.flatMap((word, index) => (word === '--userns' ? [create[index + 1]] : []))
    const asRoot = [...settings.as_root!.matchAll(/'([^']*)'/g)].map(([, word]) => word)
    expect({ userns, asRoot, runner: create.at(-1) !== '', givesBack: shell.container!.giveBack.length > 0 }).toEqual(expected)
    expect(settings.give_back !== '()').toBe(shell.container!.giveBack.length > 0)
    if (create.at(-1) !== '') expect(create.at(-1)).toBe(`runner:x:1001:1001::${join(shell.folder, 'home')}:/bin/sh`)
  })
})

test("a step that runs as the runner's user has a home of its own", async () => {
  const { shell } = await install({})
  const [uid, gid] = [process.getuid!(), process.getgid!()]
  expect(settingsIn(shell.folder).as_runner).toBe(`('--user' '${uid}:${gid}' '--env' 'HOME=${join(shell.folder, 'home')}')`)
})

test('Docker gets the platform of the image, Podman none', async () => {
  const platformOf = async (name: 'docker' | 'podman') => (await install({ name })).create.join(' ').match(/--platform (\S+)/)?.[1]
  expect([await platformOf('docker'), await platformOf('podman')]).toEqual(['linux/386', undefined])
})

test("the folders that are mounted: each once, with those of the runner's files, and without those that are not there", async () => {
  const files = join(dir, 'files')
  mkdirSync(files)
  const env = {
    PATH: '/usr/bin',
    GITHUB_OUTPUT: join(files, 'output'),
    GITHUB_ENV: join(temp, 'commands/env'),
    GITHUB_PATH: '/nowhere/path',
  }
  const { create, sources } = await install({}, { volumes: [{ source: 'cache', target: '/cache', options: '' }] }, env)
  expect(sources).toEqual([workspace, temp, files])
  expect(create.filter((_, index) => create[index - 1] === '--mount')).toEqual(
    sources.map((folder) => `type=bind,source=${folder},target=${folder}`),
  )
})

test.each(['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY', 'GITHUB_EVENT_PATH'])(
  'the folder of %s is mounted, although its name begins like that of another one',
  async (name) => {
    const folder = `${temp}-files`
    mkdirSync(folder)
    expect((await install({}, {}, { PATH: '/usr/bin', [name]: join(folder, 'file') })).sources).toEqual([workspace, temp, folder])
  },
)

test("steps use the daemon of the action's step, whatever their own variables say", async () => {
  const { shell } = await install({}, {}, { PATH: '/usr/bin', DOCKER_HOST: 'unix:///run/it is.sock' })
  const script = `. '${join(shell.folder, 'settings')}'; echo "$DOCKER_HOST,$DOCKER_CONTEXT"`
  const env = { ...process.env, DOCKER_HOST: 'tcp://elsewhere', DOCKER_CONTEXT: 'elsewhere' }
  expect(spawnSync('bash', ['-c', script], { encoding: 'utf8', env }).stdout).toBe('unix:///run/it is.sock,\n')
})

test.each([
  ['set', "it's the action's"],
  ['not set', undefined],
])('what leads to an engine is as it was in the step of the action, in which it was %s', async (_how, value) => {
  const names = [
    ...['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'DOCKER_API_VERSION'],
    ...['CONTAINER_HOST', 'CONTAINER_CONNECTION', 'CONTAINER_SSHKEY', 'CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF'],
    ...['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
  ]
  const allOf = (text?: string) => Object.fromEntries(names.map((name) => [name, text]))
  const { shell } = await install({}, {}, allOf(value))
  const env = { ...allOf("the step's own"), PATH: process.env.PATH }
  const { stdout } = spawnSync('bash', ['-c', `. '${join(shell.folder, 'settings')}'; env`], { encoding: 'utf8', env })
  const lines = stdout.split('\n').filter((line) => names.includes(line.split('=')[0]!))
  expect(lines.sort()).toEqual(value === undefined ? [] : names.map((name) => `${name}=${value}`).sort())
})

test('a folder below another one is neither mounted nor given back for itself', async () => {
  jest.spyOn(process, 'getuid').mockReturnValue(1001)
  const below = join(workspace, 'temp')
  mkdirSync(below)
  const { shell, sources } = await install({}, { temp: below, workspace: `${workspace}/` })
  expect([sources, shell.container!.giveBack.slice(-1)]).toEqual([[`${workspace}/`], [`${workspace}/`]])
  expect(shell.container!.giveBack).not.toContain(below)
})

test('what is given back is what is newer than the shell, and goes to the runner', async () => {
  jest.spyOn(process, 'getuid').mockReturnValue(1001)
  jest.spyOn(process, 'getgid').mockReturnValue(1002)
  const { shell } = await install({})
  const [program, option, , , owner, since, , ...folders] = shell.container!.giveBack
  expect([program, option, owner, since, folders]).toEqual([
    '/bin/sh',
    '-c',
    '1001:1002',
    join(shell.folder, 'settings'),
    [workspace, temp],
  ])
})

test('a volume of the engine is no folder of the host, and a folder that is mounted twice is one', async () => {
  const volumes = [
    { source: workspace, target: '/again', options: '' },
    { source: 'cache', target: '/cache', options: '' },
  ]
  const { sources, shell, hasRunOptions } = await install({}, { volumes, runOptions: ['--rm'] })
  expect([sources, hasRunOptions, (await install({})).hasRunOptions]).toEqual([[workspace, temp], true, false])
  expect(shell.container!.name).toBe(`xenserver-ddk-${shell.id.slice(0, 13)}`)
})

test('once the job is cancelled, an earlier shell is left to the post step', async () => {
  await install({})
  const supervision = { signal: AbortSignal.abort(new Error('Cancelled')) }
  await expect(install({}, { supervision })).rejects.toThrow('Cancelled')
  expect(callsOf(dir)).toEqual([])
})

test('a shell of the same name is replaced, and that is said; another one stays', async () => {
  const other = await install({}, { name: 'other.sh' })
  const first = await install({})
  writeFileSync(join(first.shell.folder, 'left'), '')
  const said: string[] = []
  const second = await install({}, { say: (line) => said.push(line) })
  expect(callsOf(dir)).toEqual([`ps --all --quiet --filter label=io.github.xenserver-ddk-action.shell=${first.shell.id}`])
  expect(said).toEqual(['ddk.sh of an earlier use of this action is replaced, and its container removed; "shell-name" gives each its own'])
  expect([second.shell.id === first.shell.id, existsSync(join(first.shell.folder, 'left')), existsSync(other.shell.bin)]).toEqual([
    false,
    false,
    true,
  ])
})

test('an error of the shell says where it is explained', async () => {
  const { shell } = await install({}, { explanation: 'docs/troubleshooting.md#a-step' })
  const { status, stderr } = spawnSync(join(shell.bin, 'ddk.sh'), ['--user', 'mallory', 'script'], { encoding: 'utf8', env: process.env })
  expect([status, stderr]).toEqual([125, expect.stringMatching(/^::error::ddk\.sh: .*mallory.*\. See docs\/troubleshooting\.md#a-step\n$/)])
})
