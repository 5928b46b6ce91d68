import { getEventListeners } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { findLogin } from '../../src/registry/login-files.ts'
import { parseRepository } from '../../src/registry/repository.ts'
import { fakeTimers, untilSo } from '../support/fake-timers.ts'

let dir = ''
let env: NodeJS.ProcessEnv = {}
let said: string[] = []
const path = process.env.PATH
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-logins-'))
  env = { HOME: dir, XDG_RUNTIME_DIR: join(dir, 'run') }
  said = []
})
afterEach(() => {
  jest.useRealTimers()
  process.env.PATH = path
  rmSync(dir, { recursive: true, force: true })
})

const docker = '.docker/config.json'
const podman = 'run/containers/auth.json'
function write(name: string, content: unknown): void {
  mkdirSync(dirname(join(dir, name)), { recursive: true })
  writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content))
}
const auth = (login: string) => ({ auth: Buffer.from(login).toString('base64') })
const find = (image: string) =>
  findLogin(parseRepository(image), { say: (line) => said.push(line), signal: new AbortController().signal, env })
const password = (username: string, secret: string) => ({ kind: 'password', username, password: secret })

/** A helper that answers for `ghcr.io`, and writes its arguments and its environment down. */
function makeHelper(name: string, script: string): void {
  writeFileSync(join(dir, `docker-credential-${name}`), `#!/bin/sh\necho "$*" >'${dir}/arguments'\n${script}\n`, { mode: 0o755 })
  process.env.PATH = `${dir}:${path}`
}

test("Docker's login", async () => {
  write(docker, { auths: { 'ghcr.io': auth('me:p:w'), 'https://index.docker.io/v1/': auth('hub:pw') } })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('me', 'p:w'))
  expect(await find('docker.io/acme/ddk')).toEqual(password('hub', 'pw'))
  expect(await find('quay.io/acme/ddk')).toBeUndefined()
  expect(said).toEqual([])
})

test('a login with an address, and one with an identity token', async () => {
  write(docker, { auths: { 'https://one.example/v2/': auth('a:b'), 'two.example': { ...auth('x:'), identitytoken: 'refresh' } } })
  expect(await find('one.example/acme/ddk')).toEqual(password('a', 'b'))
  expect(await find('two.example/acme/ddk')).toEqual({ kind: 'refresh-token', token: 'refresh' })
})

test("the order of the files: REGISTRY_AUTH_FILE, Docker's, Podman's", async () => {
  write(podman, { auths: { 'ghcr.io': auth('podman:1') } })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('podman', '1'))
  write(docker, { auths: { 'ghcr.io': auth('docker:2') } })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('docker', '2'))
  write('elsewhere/config.json', { auths: { 'ghcr.io': auth('config:3') } })
  env.DOCKER_CONFIG = join(dir, 'elsewhere')
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('config', '3'))
  write('named.json', { auths: { 'ghcr.io': auth('named:4') } })
  env.REGISTRY_AUTH_FILE = join(dir, 'named.json')
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('named', '4'))
})

test('the longest place wins, and a part of a name is none', async () => {
  write(podman, { auths: { 'ghcr.io': auth('all:1'), 'ghcr.io/acme': auth('acme:2'), 'ghcr.io/acme/dd': auth('part:3') } })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('acme', '2'))
  expect(await find('ghcr.io/other/ddk')).toEqual(password('all', '1'))
})

test('a helper is asked by its standard input', async () => {
  makeHelper('test', 'read -r server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"me\\",\\"Secret\\":\\"for $server\\"}"')
  write(docker, { credHelpers: { 'ghcr.io': 'test' }, auths: { 'quay.io': auth('file:1') } })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('me', 'for ghcr.io'))
  expect(await find('quay.io/acme/ddk')).toEqual(password('file', '1'))
  write(docker, { credsStore: 'test' })
  expect(await find('docker.io/acme/ddk')).toEqual(password('me', 'for https://index.docker.io/v1/'))
})

test("a helper's identity token", async () => {
  makeHelper('test', 'cat >/dev/null; echo \'{"Username":"<token>","Secret":"refresh"}\'')
  write(docker, { credsStore: 'test' })
  expect(await find('ghcr.io/acme/ddk')).toEqual({ kind: 'refresh-token', token: 'refresh' })
})

test('a helper that knows nothing, fails or is missing leaves it to the next file, without its words', async () => {
  write(podman, { auths: { 'ghcr.io': auth('podman:1') } })
  write(docker, { credsStore: 'test' })
  makeHelper('test', 'cat >/dev/null; echo credentials not found in native keychain; exit 1')
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('podman', '1'))
  expect(said).toEqual([])
  makeHelper('test', 'cat >/dev/null; echo the secret is hush >&2; echo hush; exit 3')
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('podman', '1'))
  write(docker, { credsStore: 'missing' })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('podman', '1'))
  write(docker, { credsStore: '../../bin/sh' })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('podman', '1'))
  expect(said).toEqual([
    "The login to ghcr.io can't be read: docker-credential-test ended with exit code 3",
    "The login to ghcr.io can't be read: docker-credential-missing isn't in PATH",
    'A credential helper is ignored, because its name has characters that no program in PATH should have',
  ])
})

test('a helper that does not end is ended with the job', async () => {
  makeHelper('test', 'exec sleep 1000')
  write(docker, { credsStore: 'test' })
  const stop = new AbortController()
  const found = findLogin(parseRepository('ghcr.io/acme/ddk'), { say: () => {}, signal: stop.signal, env })
  stop.abort(new Error('Cancelled'))
  await expect(found).rejects.toThrow('Cancelled')
})

test('a file that is damaged is one line, which quotes nothing of it', async () => {
  write(docker, '{"auths": {"ghcr.io": {"auth": "c2VjcmV0"')
  write(podman, '[]')
  expect(await find('ghcr.io/acme/ddk')).toBeUndefined()
  expect(said).toEqual([`The logins to registries there are ignored: ${join(dir, docker)} is not JSON`])
  write(docker, 'null')
  await find('ghcr.io/acme/ddk')
  expect(said.at(-1)).toBe(`${join(dir, docker)} is ignored, because it isn't a JSON object`)
})

test('both names of Docker Hub have its login, and nobody else has', async () => {
  write(docker, { auths: { 'https://index.docker.io/v1/': auth('hub:pw') } })
  expect(await find('index.docker.io/acme/ddk')).toEqual(password('hub', 'pw'))
  expect(await find('registry-1.docker.io/acme/ddk')).toBeUndefined()
  write(docker, { auths: { 'docker.io': auth('short:pw') } })
  expect(await find('docker.io/acme/ddk')).toEqual(password('short', 'pw'))
})

test.each([
  'http://one.example',
  'https://one.example/',
  'https://one.example/v1/',
  'one.example/v2',
  'one.example/acme',
  'one.example/acme/ddk',
])('the login of %s is for one.example/acme/ddk', async (server) => {
  write(docker, { auths: { [server]: auth('a:b') } })
  expect(await find('one.example/acme/ddk')).toEqual(password('a', 'b'))
})

test.each([
  'one.example:5000',
  'two.one.example',
  'example',
  'one.example.com',
  'one.example/v3',
  'one.example/ddk',
  'one.example/acme/ddk/x',
])('the login of %s is not for one.example/acme/ddk', async (server) => {
  write(docker, { auths: { [server]: auth('a:b') } })
  expect(await find('one.example/acme/ddk')).toBeUndefined()
})

// `docker login` leaves an empty entry where a helper has the login.
test.each([[{}], [null], [{ auth: '' }]])('an entry that is %j hides no login of a shorter place', async (entry) => {
  write(docker, { auths: { 'ghcr.io/acme': entry, 'ghcr.io': auth('all:1') } })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('all', '1'))
})

test('a login without a colon is none, and a password may have several lines', async () => {
  write(podman, { auths: { 'ghcr.io': auth('podman:1') } })
  write(docker, { auths: { 'ghcr.io': auth('nonsense') } })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('podman', '1'))
  write(docker, { auths: { 'ghcr.io': auth('me:one\ntwo: ü\n') } })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('me', 'one\ntwo: ü\n'))
})

test('a file that cannot be read is one line', async () => {
  mkdirSync(join(dir, docker), { recursive: true })
  write(podman, { auths: { 'ghcr.io': auth('podman:1') } })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('podman', '1'))
  expect(said).toEqual([expect.stringMatching(/^The logins to registries there are ignored: .*director/)])
})

test('a helper for one registry comes before that for all, and is called with nothing but what it is to do', async () => {
  makeHelper('one', 'cat >/dev/null; echo \'{"Username":"one","Secret":"1"}\'')
  makeHelper('all', 'cat >/dev/null; echo \'{"Username":"all","Secret":"2"}\'')
  write(docker, { credHelpers: { 'ghcr.io': 'one' }, credsStore: 'all' })
  expect(await find('ghcr.io/acme/ddk')).toEqual(password('one', '1'))
  expect(await find('quay.io/acme/ddk')).toEqual(password('all', '2'))
  expect(readFileSync(join(dir, 'arguments'), 'utf8')).toBe('get\n')
})

test.each([
  '',
  'nonsense',
  'null',
  '{}',
  '{"Username":"me"}',
  '{"Secret":"hush"}',
  '{"Username":1,"Secret":"hush"}',
  '{"Username":"me","Secret":2}',
])('a helper that succeeds with %j knows no login', async (answer) => {
  makeHelper('test', `cat >/dev/null; echo '${answer}'`)
  write(docker, { credsStore: 'test' })
  expect([await find('ghcr.io/acme/ddk'), said]).toEqual([undefined, []])
})

test('a helper that does not answer within half a minute is ended, with a line that says so', async () => {
  makeHelper('test', 'echo $$ >pid; exec sleep 1000'.replace('pid', `'${dir}/pid'`))
  write(docker, { credsStore: 'test' })
  write(podman, { auths: { 'ghcr.io': auth('podman:1') } })
  fakeTimers()
  const found = find('ghcr.io/acme/ddk')
  await untilSo(() => existsSync(join(dir, 'pid')) && readFileSync(join(dir, 'pid'), 'utf8') !== '')
  jest.advanceTimersByTime(29_999)
  expect(said).toEqual([])
  jest.advanceTimersByTime(1)
  expect(await found).toEqual(password('podman', '1'))
  expect(said).toEqual(["The login to ghcr.io can't be read: docker-credential-test didn't answer within 30 seconds"])
  expect(() => process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')), 0)).toThrow('ESRCH')
})

test('once a helper has answered, nothing waits for it any more', async () => {
  makeHelper('test', 'cat >/dev/null; echo \'{"Username":"me","Secret":"1"}\'')
  write(docker, { credsStore: 'test' })
  fakeTimers()
  const { signal } = new AbortController()
  await findLogin(parseRepository('ghcr.io/acme/ddk'), { say: () => {}, signal, env })
  expect([jest.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0])
})

test('no helper is started once the job is cancelled', async () => {
  makeHelper('test', 'cat >/dev/null')
  write(docker, { credsStore: 'test' })
  const signal = AbortSignal.abort(new Error('Cancelled'))
  await expect(findLogin(parseRepository('ghcr.io/acme/ddk'), { say: () => {}, signal, env })).rejects.toThrow('Cancelled')
  expect(existsSync(join(dir, 'arguments'))).toBe(false)
})
