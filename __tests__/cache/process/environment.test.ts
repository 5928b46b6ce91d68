import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { handedEnvironment, openEnvironment, takeOver } from '../../../src/cache/process/environment.ts'

// What the process that talks to the cache gets: openly, where later steps can read it, and through a pipe.

const environment = { ...process.env }
const service = [
  ...['ACTIONS_CACHE_MODE', 'ACTIONS_CACHE_SERVICE_V2', 'ACTIONS_CACHE_URL', 'ACTIONS_RESULTS_URL', 'ACTIONS_RUNTIME_TOKEN'],
  'ACTIONS_ORCHESTRATION_ID',
  ...['GITHUB_REF', 'GITHUB_SERVER_URL', 'SEGMENT_DOWNLOAD_TIMEOUT_MINS', 'CACHE_UPLOAD_CHUNK_SIZE', 'CACHE_UPLOAD_CONCURRENCY'],
]
const proxies = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']
const programs = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'RUNNER_TRACKING_ID']
beforeEach(() => {
  const names = [...service, ...proxies, ...programs, 'GITHUB_TOKEN', 'INPUT_ISO', 'STATE_shell', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'HOME']
  process.env = Object.fromEntries(names.map((name) => [name, `of ${name}`]))
})
afterEach(() => {
  process.env = environment
})

test('what finds programs, certificates and the process itself is open', () => {
  expect(Object.keys(openEnvironment()).sort()).toEqual(programs.sort())
})

test('what the service and the proxies need comes through the pipe, and nothing else', () => {
  expect(Object.keys(handedEnvironment()).sort()).toEqual([...service, ...proxies].sort())
  expect(handedEnvironment().https_proxy).toBe('of https_proxy')
})

test('a variable that is not set stays so', () => {
  process.env = {}
  expect([openEnvironment(), handedEnvironment()]).toEqual([{}, {}])
})

test('what came through the pipe can be read by name, and changed, but is not copied with the rest', () => {
  process.env = { PATH: '/bin' }
  takeOver({ ACTIONS_RUNTIME_TOKEN: 'hush', https_proxy: 'hush' })
  expect([process.env.PATH, process.env.ACTIONS_RUNTIME_TOKEN, { ...process.env }]).toEqual(['/bin', 'hush', { PATH: '/bin' }])
  process.env.https_proxy = 'another'
  delete process.env.ACTIONS_RUNTIME_TOKEN
  expect([process.env.https_proxy, process.env.ACTIONS_RUNTIME_TOKEN]).toEqual(['another', undefined])
})
