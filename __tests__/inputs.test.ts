import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { readInputs } from '../src/inputs.ts'

const environment = { ...process.env }
let written: string[] = []
beforeEach(() => {
  written = []
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text))
    return true
  })
})
afterEach(() => {
  jest.restoreAllMocks()
  process.env = { ...environment }
})

/** The values of these inputs; the others aren't set. */
function read(inputs: Record<string, string>) {
  for (const name of Object.keys(process.env)) if (name.startsWith('INPUT_')) delete process.env[name]
  for (const [name, value] of Object.entries(inputs)) process.env[`INPUT_${name.toUpperCase()}`] = value
  return readInputs()
}

/** What is wrong with these inputs. */
function failure(inputs: Record<string, string>): unknown {
  try {
    return read(inputs)
  } catch (error) {
    return error
  }
}

test('the values of inputs that are not set', () => {
  const { catalog, ...inputs } = read({ iso: '/srv/ddk.iso' })
  expect(catalog.length).toBeGreaterThan(0)
  expect(inputs).toEqual({
    iso: { kind: 'file', path: '/srv/ddk.iso' },
    isoHeaders: new Map(),
    isoHeadersFor: [],
    mirrors: [],
    requireChecksum: false,
    cache: 'auto',
    restoreCache: true,
    saveCache: true,
    engine: 'auto',
    uname: 'ddk',
    shell: { name: 'ddk.sh', volumes: [], env: [], runOptions: [], user: 'root' },
  })
})

test('every input that is set', () => {
  const archive = join(tmpdir(), 'xenserver-ddk-inputs', 'image.tar')
  expect(
    read({
      iso: 'https://host/ddk.iso',
      'xenserver-version': '6.5',
      'iso-sha256': 'A'.repeat(64),
      'iso-headers': 'X-One: first-secret',
      'iso-headers-for': 'https://one.example\n  https://two.example ',
      mirrors: '\nhttps://one.example/ddk.iso https://two.example/ddk.iso\n',
      'require-checksum': 'True',
      cache: 'iso',
      'restore-cache': 'FALSE',
      'save-cache': 'false',
      image: 'vendor/ddk:mine',
      engine: 'podman',
      archive,
      'oci-layout': 'new layout',
      'layer-compression': 'gzip',
      'registry-image': 'ghcr.io/acme/ddk',
      push: 'true',
      'registry-username': 'me',
      'registry-password': 'a long password',
      'expect-digest': `SHA256:${'B'.repeat(64)}`,
      uname: 'host',
      'zero-limit': '2',
      'shell-name': 'other.sh',
      volumes: '/a:/b:ro',
      env: 'A=1',
      'run-options': '--memory 4g',
      user: 'runner',
      network: 'none',
    }),
  ).toMatchObject({
    iso: { kind: 'url', url: 'https://host/ddk.iso' },
    version: { numbers: [6, 5] },
    isoSha256: 'a'.repeat(64),
    isoHeaders: new Map([['x-one', 'first-secret']]),
    isoHeadersFor: ['https://one.example', 'https://two.example'],
    mirrors: ['https://one.example/ddk.iso', 'https://two.example/ddk.iso'],
    requireChecksum: true,
    cache: 'iso',
    restoreCache: false,
    saveCache: false,
    image: 'vendor/ddk:mine',
    engine: 'podman',
    archive,
    ociLayout: resolve('new layout'),
    layerCompression: 'gzip',
    registry: {
      repository: { host: 'ghcr.io', name: 'acme/ddk' },
      push: true,
      credentials: { kind: 'password', username: 'me', password: 'a long password' },
    },
    expectDigest: `sha256:${'b'.repeat(64)}`,
    uname: 'host',
    maxZeroBytes: 2 * 1024 ** 3,
    shell: {
      name: 'other.sh',
      volumes: [{ source: '/a', target: '/b', options: 'ro' }],
      env: ['A=1'],
      runOptions: ['--memory', '4g'],
      user: 'runner',
      network: 'none',
    },
  })
})

test.each<[Record<string, string>, string]>([
  [{ push: 'true' }, 'Input "push" is true, but "registry-image" doesn\'t say where to'],
  [
    { 'registry-image': 'ghcr.io/acme/ddk:1' },
    'Input "registry-image": "ghcr.io/acme/ddk:1" is not a repository: it must have neither a tag nor a digest',
  ],
  [
    { 'registry-image': 'ghcr.io/a', 'registry-username': 'me' },
    'Input "registry-password" is empty, but the other half of the login is set',
  ],
  [{ 'registry-image': 'ghcr.io/a', 'registry-password': 'a password' }, 'Input "registry-username" is empty'],
  [{ 'registry-image': 'ghcr.io/a', 'registry-password': 'x', 'registry-username': 'a:b' }, "a user name can't contain a colon"],
  [{ 'expect-digest': 'sha256:123' }, 'Input "expect-digest": "sha256:123" is not a SHA-256'],
])('a registry that makes no sense is refused: %j', (inputs, sentence) => {
  expect(failure({ iso: '/srv/ddk.iso', ...inputs })).toMatchObject({ kind: 'input', message: expect.stringContaining(sentence) })
})

test('the password of a registry is masked before anything else is said', () => {
  read({ iso: '/srv/ddk.iso', 'registry-image': 'ghcr.io/a', 'registry-username': 'me', 'registry-password': 'a long password' })
  expect(written[0]).toBe('::add-mask::a long password\n')
  // Also if it isn't used.
  read({ iso: '/srv/ddk.iso', 'registry-image': '', 'registry-username': '', 'registry-password': 'another password' })
  expect(masked()).toEqual(['a long password', 'another password'])
  read({ iso: '/srv/ddk.iso', 'registry-password': 'short' })
  expect(written.at(-1)).toContain("The password in registry-password isn't masked in the log, because it has fewer than 8 characters")
})

test('the password of a registry is masked even if another input of it is wrong', () => {
  const inputs = { iso: '/srv/ddk.iso', 'registry-image': 'ghcr.io/acme/ddk:1', 'registry-password': 'a long password' }
  expect(() => read(inputs)).toThrow('Input "registry-image"')
  expect(masked()).toEqual(['a long password'])
})

test.each(['require-checksum', 'restore-cache', 'save-cache', 'push'] as const)('%s is true or false', (name) => {
  for (const text of ['yes', 'true false', '1']) {
    expect(() => read({ iso: '/srv/ddk.iso', [name]: text })).toThrow(`Input "${name}": it is "${text}"; it must be true or false`)
  }
  for (const text of ['true', 'True', 'TRUE', 'false', 'False', 'FALSE']) {
    const { requireChecksum, restoreCache, saveCache, registry } = read({
      iso: '/srv/ddk.iso',
      'registry-image': 'ghcr.io/acme/ddk',
      [name]: text,
    })
    const values = { 'require-checksum': requireChecksum, 'restore-cache': restoreCache, 'save-cache': saveCache, push: registry!.push }
    expect([text, values[name]]).toEqual([text, text.toLowerCase() === 'true'])
  }
})

test.each(['auto', 'all', 'image', 'iso', 'none'])('cache: %s', (cache) => {
  expect(read({ iso: '/srv/ddk.iso', cache }).cache).toBe(cache)
})

test('another choice for the cache is refused, with those that there are', () => {
  expect(failure({ iso: '/srv/ddk.iso', cache: 'both' })).toMatchObject({
    kind: 'input',
    message: 'Input "cache": "both" is not one of auto, all, image, iso, none',
  })
})

test('the compression of the layers is left to the engine, or one of three', () => {
  expect(read({ iso: '/srv/ddk.iso', 'layer-compression': 'auto' })).not.toHaveProperty('layerCompression')
  expect(() => read({ iso: '/srv/ddk.iso', 'layer-compression': 'xz' })).toThrow(
    'Input "layer-compression": "xz" is not one of auto, zstd, gzip, none',
  )
})

test('the name of an image without a tag gets the default one', () => {
  expect(read({ iso: '/srv/ddk.iso', image: 'vendor/ddk' }).image).toBe('vendor/ddk:latest')
})

test('without an ISO or a version, the sentence says what to set', () => {
  const sentence = /^Neither "iso" nor "xenserver-version" is set; set "iso" to .*, or "xenserver-version" to a version with a known URL$/
  expect(failure({})).toMatchObject({ kind: 'input', message: expect.stringMatching(sentence) })
})

test('the path of an archive is that of a file, from the current folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xenserver-ddk-inputs-'))
  try {
    expect(() => read({ iso: '/srv/ddk.iso', archive: folder })).toThrow(`Input "archive": ${folder}`)
    writeFileSync(join(folder, 'main.c'), '')
    expect(() => read({ iso: '/srv/ddk.iso', 'oci-layout': folder })).toThrow(`Input "oci-layout": ${folder}: it isn't replaced`)
    expect(() => read({ iso: '/srv/ddk.iso', archive: '-' })).toThrow("the archive can't be written to standard output")
    expect(read({ iso: '/srv/ddk.iso', archive: 'new.tar' }).archive).toBe(resolve('new.tar'))
    expect(read({ iso: '/srv/ddk.iso', sbom: 'new.json' }).sbom).toBe(resolve('new.json'))
    expect(() => read({ iso: '/srv/ddk.iso', sbom: '-' })).toThrow("the bill of materials can't be written to standard output")
    expect(() => read({ iso: '/srv/ddk.iso', sbom: './a', archive: 'a' })).toThrow('"archive" and "sbom" are both')
    expect(() => read({ iso: '/srv/ddk.iso', sbom: '', archive: 'a', 'oci-layout': './a/' })).toThrow('"archive" and "oci-layout" are both')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.each(['archive', 'oci-layout', 'sbom'])('the path of %s is none for a shell', (name) => {
  for (const text of ['~/ddk', '~runner/ddk', '$RUNNER_TEMP/ddk', `\${HOME}/ddk`]) {
    expect(() => read({ iso: '/srv/ddk.iso', [name]: text })).toThrow(
      `Input "${name}": it is "${text}", but only a shell replaces ~ and $NAME`,
    )
  }
  expect(() => read({ iso: '/srv/ddk.iso', [name]: 'a~b/5$' })).not.toThrow()
})

const masked = () => written.flatMap((text) => /^::add-mask::(.*)/.exec(text)?.[1] ?? [])

test('the values of headers are masked, and so is a token behind its scheme', () => {
  read({ iso: '/srv/ddk.iso', 'iso-headers': 'Authorization: Bearer a-long-token\nX-Key: 12345678' })
  expect(masked()).toEqual(['Bearer a-long-token', 'a-long-token', '12345678'])
  expect(written.join('')).not.toContain("isn't masked")
})

test('a value of less than eight characters is not masked, and the log says so', () => {
  read({ iso: '/srv/ddk.iso', 'iso-headers': 'X-Key: 1234567' })
  expect(masked()).toEqual([])
  expect(written.join('')).toContain("The value of x-key in iso-headers isn't masked in the log, because it has fewer than 8 characters")
})
