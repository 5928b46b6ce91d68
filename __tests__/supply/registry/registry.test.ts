import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { bundle } from '../../support/cli.ts'
import { fakeDocker } from '../../support/fake-docker.ts'
import { noRegistry, startRegistry, type TestRegistry } from '../../support/registry.ts'
import { type RegistryProxy, startRegistryProxy } from '../../support/registry-proxy.ts'
import { makeRunner, type Runner } from '../../support/runner.ts'
import { unless } from '../../support/skip.ts'
import { startTokenServer, type TokenServer, tokenLogin } from '../../support/token-server.ts'
import { run, sh } from '../../support/tools.ts'

// The whole action with a registry: Debian's docker-registry, which asks a token server, behind a proxy.

unless(noRegistry).describe('the action with a registry', () => {
  let dir = ''
  let iso = ''
  let sha256 = ''
  let tokens: TokenServer
  let registry: TestRegistry
  let proxy: RegistryProxy
  let count = 0
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-main-registry-'))
    bundle(join(dir, 'dist'))
    sh(`cp -r matchers '${dir}'`)
    iso = join(dir, 'ddk.iso')
    await makeDdkIso({ iso })
    sha256 = run('sha256sum', [iso]).split(' ')[0]!
    tokens = await startTokenServer()
    registry = await startRegistry({ tokens: tokens.tokens })
    proxy = await startRegistryProxy(registry.port)
  })
  afterAll(async () => {
    await proxy.stop()
    await registry.stop()
    await tokens.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  const runners: Runner[] = []
  beforeEach(() => {
    count++
    proxy.plan = () => undefined
    proxy.seen.length = 0
  })
  afterEach(() => {
    for (const { temp } of runners.splice(0)) expect(readdirSync(temp).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  const name = () => `acme/private/ddk-${count}`
  const login = { 'registry-username': tokenLogin.username, 'registry-password': tokenLogin.password }
  /** The ISO is nowhere: only an image will do. */
  const noIso = () => ({ iso: 'http://127.0.0.1:1/ddk.iso', 'iso-sha256': sha256 })

  /** Runs the action on a machine that has nothing yet, without an engine unless `env` has one. */
  async function main(inputs: Record<string, string>, env: NodeJS.ProcessEnv = {}, signal?: AbortSignal) {
    const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), env, mkdtempSync(join(dir, 'tool-cache-')))
    runners.push(runner)
    const repository = `${proxy.host}/${name()}`
    const ended = await runner.main({ iso, engine: 'none', 'registry-image': repository, ...login, ...inputs }, signal)
    expect(`${ended.stdout}${ended.stderr}`.replaceAll(`::add-mask::${tokenLogin.password}`, '')).not.toContain(tokenLogin.password)
    expect(`${ended.stdout}${ended.stderr}`).not.toContain('eyJ')
    return { ...ended, outputs: runner.outputs(), repository, runner, error: /^::error::(.*)$/m.exec(ended.stdout)?.[1] }
  }

  const authfile = () => {
    const path = join(dir, 'auth.json')
    const auth = Buffer.from(`${tokenLogin.username}:${tokenLogin.password}`).toString('base64')
    writeFileSync(path, JSON.stringify({ auths: { [proxy.host]: { auth } } }))
    return path
  }
  /** This process answers it, so it mustn't wait. */
  const skopeo = async (command: string, ...args: string[]) => {
    const tls = command === 'inspect' ? ['--tls-verify=false'] : ['--src-tls-verify=false', '--dest-tls-verify=false']
    const { stdout } = await promisify(execFile)('skopeo', [command, '--authfile', authfile(), ...tls, ...args])
    return stdout
  }
  const inspect = async (tag: string) => JSON.parse(await skopeo('inspect', `docker://${proxy.host}/${name()}:${tag}`))
  const tagsOf = (repository: string) => {
    const folder = join(registry.data, 'docker/registry/v2/repositories', repository, '_manifests/tags')
    return existsSync(folder) ? readdirSync(folder).sort() : []
  }
  const sentBytes = () => proxy.all('PATCH').reduce((sum, { bytes }) => sum + bytes, 0)

  test.each(['zstd', 'gzip', 'none'])('a layout of %s from the registry alone has the digest that was pushed', async (compression) => {
    const pushed = await main({ push: 'true', 'layer-compression': compression })
    expect([pushed.code, pushed.error]).toEqual([0, undefined])
    const { code, outputs, error, runner } = await main({ ...noIso(), 'oci-layout': 'ddk', 'layer-compression': compression })
    expect([code, error]).toEqual([0, undefined])
    expect(outputs).toMatchObject({
      source: 'registry',
      'image-digest': pushed.outputs['image-digest'],
      'oci-layout': join(runner.workspace, 'ddk'),
    })
    const { manifests } = JSON.parse(readFileSync(join(runner.workspace, 'ddk/index.json'), 'utf8'))
    expect(manifests.map(({ digest }: { digest: string }) => digest)).toEqual([pushed.outputs['image-digest']])
    await skopeo('copy', `oci:${outputs['oci-layout']}`, `dir:${mkdtempSync(join(dir, 'copied-'))}`)
  })

  test('an image is pushed as it is, and a machine that has nothing else gets the same', async () => {
    const first = await main({ push: 'true' })
    expect([first.code, first.stdout]).toEqual([0, expect.stringContaining("the DDK's licence forbids passing it on")])
    expect(first.stdout).toContain('::group::Push the image\n')
    expect(first.outputs).toMatchObject({ source: 'file', 'cache-hit': 'false', 'image-digest': expect.stringMatching(/^sha256:/) })
    const digest = first.outputs['image-digest']
    expect(tagsOf(name())).toEqual(['6.5.0-90233c', first.outputs['cache-key']!.replace('xenserver-ddk-image-v2-', '')].sort())
    for (const tag of tagsOf(name())) expect((await inspect(tag)).Digest).toBe(digest)
    // What is in the registry is what is in the archive.
    const layout = join(dir, 'layout')
    await skopeo('copy', '--quiet', `docker://${first.repository}:6.5.0-90233c`, `oci:${layout}:x`)
    const blobs = readdirSync(join(layout, 'blobs/sha256'))
    const inArchive = run('tar', ['-tf', first.outputs.archive!]).split('\n')
    expect(blobs.filter((blob) => !inArchive.includes(`blobs/sha256/${blob}`))).toEqual([])

    const sent = sentBytes()
    const second = await main(noIso())
    expect([second.code, second.stdout]).toEqual([0, expect.stringContaining(`Fetched the image from ${second.repository} (${digest})`)])
    expect(second.outputs).toMatchObject({
      source: 'registry',
      'cache-hit': 'true',
      'image-digest': digest,
      'image-id': first.outputs['image-id'],
      'iso-sha256': sha256,
      'iso-path': '',
      'kernel-version': '3.10.0+2',
    })
    expect(readFileSync(second.outputs.archive!).equals(readFileSync(first.outputs.archive!))).toBe(true)
    expect(second.runner.summary()).toContain('no ISO was downloaded or converted')

    const third = await main({ push: 'true' })
    expect([third.code, third.outputs.source, third.outputs['image-digest'], sentBytes()]).toEqual([0, 'registry', digest, sent])
    expect(third.stdout).not.toContain('::group::Push the image')
  })

  test('a manifest or a configuration can be pinned', async () => {
    const { outputs } = await main({ push: 'true' })
    for (const expected of [outputs['image-digest']!, outputs['image-id']!.toUpperCase().replace('SHA256:', '')]) {
      const pinned = await main({ ...noIso(), 'expect-digest': expected })
      expect([pinned.code, pinned.outputs.source]).toEqual([0, 'registry'])
    }
    const other = `sha256:${'0'.repeat(64)}`
    proxy.seen.length = 0
    const refused = await main({ push: 'true', 'expect-digest': other })
    expect([refused.code, refused.outputs, refused.error]).toEqual([1, {}, expect.stringContaining(`but ${other} is expected`)])
    expect(refused.stdout).toContain(`The image in ${refused.repository} is ignored: its manifest is ${outputs['image-digest']}`)
    expect(refused.stdout).toContain('#the-image-isnt-the-expected-one')
    expect([proxy.all('POST'), proxy.all('PUT')]).toEqual([[], []])
    expect(readdirSync(refused.runner.temp).filter((entry) => entry.endsWith('.tar'))).toEqual([])
  })

  test('a registry that has lost a layer is one line, and is repaired by the next push', async () => {
    const { outputs } = await main({ push: 'true' })
    const { Layers: layers } = await inspect('6.5.0-90233c')
    rmSync(registry.blobFolder(layers[0]), { recursive: true })
    const without = await main({})
    expect([without.code, without.outputs.source]).toEqual([0, 'file'])
    expect(without.stdout).toContain(`The image in ${without.repository} is ignored: the registry has lost ${layers[0]}\n`)
    const again = await main({ push: 'true' })
    expect([again.code, again.outputs['image-digest']]).toEqual([0, outputs['image-digest']])
    expect(again.stdout).toContain(`The registry has ${layers[1]}`)
    expect((await main(noIso())).outputs.source).toBe('registry')
  })

  test('an image that the engine does not load is made again', async () => {
    const pushed = await main({ push: 'true' })
    const bin = mkdtempSync(join(dir, 'bin-'))
    fakeDocker(bin, 'if [ $1 = load ] && [ $(grep -c ^load calls) = 1 ]; then cat >/dev/null; echo EOF >&2; exit 1; fi')
    const again = await main({ engine: 'docker', image: 'a:1' }, { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '' })
    expect([again.code, again.stdout]).toEqual([
      0,
      expect.stringMatching(/^The image from the registry is ignored: docker couldn't load .*: EOF$/m),
    ])
    expect(again.outputs).toMatchObject({ source: 'file', 'image-id': pushed.outputs['image-id'] })
    await again.runner.post()
  })

  test('a tag that has moved is one sentence; a key that names another image is an error', async () => {
    const { outputs, repository } = await main({ push: 'true' })
    const key = outputs['cache-key']!.replace('xenserver-ddk-image-v2-', '')
    const other = await main({ push: 'true', uname: 'host' })
    expect([other.code, tagsOf(name()).length]).toEqual([0, 4])
    // The version's tag goes to the other image, and the key's is lost.
    await skopeo('copy', '--quiet', `docker://${repository}:6.5.0-90233c-host`, `docker://${repository}:6.5.0-90233c`)
    rmSync(join(registry.data, 'docker/registry/v2/repositories', name(), '_manifests/tags', key), { recursive: true })
    const moved = await main({ push: 'true' })
    expect([moved.code, moved.stdout]).toEqual([
      0,
      expect.stringContaining(`${repository}:6.5.0-90233c has moved: it was the manifest ${other.outputs['image-digest']} before`),
    ])
    expect((await inspect('6.5.0-90233c')).Digest).toBe(outputs['image-digest'])
    await skopeo('copy', '--quiet', `docker://${repository}:6.5.0-90233c-host`, `docker://${repository}:${key}`)
    const refused = await main({ push: 'true' })
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining(`${repository}:${key} is another image`)])
    expect((await inspect(key)).Digest).toBe(other.outputs['image-digest'])
    const read = await main({})
    expect([read.outputs.source, read.stdout]).toEqual(['file', expect.stringContaining("its label has another key than its ISO's")])
  })

  test('a wrong password is one sentence: at once if the image is to be pushed, else the image is made', async () => {
    const wrong = { 'registry-password': 'not the password' }
    const push = await main({ push: 'true', ...wrong })
    expect([push.code, push.error]).toEqual([1, expect.stringContaining('401 Unauthorized; check the login to')])
    expect(push.stdout).toContain('#the-registry-refuses-or-fails')
    expect(push.stdout).not.toContain('Make the image')
    const pull = await main(wrong)
    expect([pull.code, pull.outputs.source]).toEqual([0, 'file'])
    expect(pull.stdout.match(/401 Unauthorized/g)).toHaveLength(1)
  })

  test("the login of an engine's file is used", async () => {
    const without = { 'registry-username': '', 'registry-password': '' }
    const pushed = await main({ push: 'true', ...without }, { REGISTRY_AUTH_FILE: authfile() })
    expect([pushed.code, tagsOf(name()).length]).toEqual([0, 2])
  })

  test('two that push at once both succeed, with one image', async () => {
    const both = await Promise.all([main({ push: 'true' }), main({ push: 'true' })])
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(new Set(both.map(({ outputs }) => outputs['image-digest'])).size).toBe(1)
    expect(tagsOf(name())).toHaveLength(2)
    expect((await main(noIso())).outputs.source).toBe('registry')
  })

  test('a push that loses its connection and is told to wait goes on', async () => {
    proxy.plan = ({ method }, n) => {
      if (method === 'PATCH' && n === 1) return { dropAfter: 1 }
      if (method === 'PUT' && n === 1) return { answer: { status: 429, headers: { 'retry-after': '0' } } }
      return method === 'PUT' && n === 3 ? { loseAnswer: true } : undefined
    }
    const pushed = await main({ push: 'true' })
    expect([pushed.code, tagsOf(name()).length]).toEqual([0, 2])
  })

  test('a job that is cancelled in the middle of a push leaves no manifest, and no upload', async () => {
    const stop = new AbortController()
    proxy.plan = ({ method }, n) => (method === 'PATCH' && n === 2 ? { before: () => stop.abort(), dropAfter: 1 << 30 } : undefined)
    const cancelled = await main({ push: 'true' }, {}, stop.signal)
    expect([cancelled.code, cancelled.outputs, cancelled.error]).toEqual([1, {}, expect.stringContaining('Cancelled (SIGINT)')])
    expect([proxy.all('PUT', /manifests/), proxy.all('DELETE').length, tagsOf(name())]).toEqual([[], 1, []])
  })

  test('a repository that anybody can read is refused before anything of the DDK is there', async () => {
    tokens.open.add(name())
    const fresh = await main({ push: 'true' })
    expect([fresh.code, fresh.error]).toEqual([1, expect.stringContaining('Anybody can read')])
    expect(fresh.stdout).toContain('#anybody-can-read-the-repository')
    expect([tagsOf(name()), proxy.all('PUT', /manifests/)]).toEqual([[], []])
    // Only the configuration is there.
    expect(proxy.all('PUT', /uploads/)).toHaveLength(1)
    expect(fresh.outputs).toEqual({})
    tokens.open.delete(name())
    expect((await main({ push: 'true' })).code).toBe(0)
    tokens.open.add(name())
    proxy.seen.length = 0
    rmSync(join(registry.data, 'docker/registry/v2/repositories', name(), '_manifests/tags'), { recursive: true })
    const known = await main({ push: 'true' })
    expect([known.code, known.error]).toEqual([1, expect.stringContaining('Anybody can read')])
    expect(proxy.all('POST', /uploads/)).toEqual([])
  })

  test('an image that somebody else has put under the key is not used', async () => {
    const { outputs, repository } = await main({ push: 'true', 'layer-compression': 'gzip' })
    const key = outputs['cache-key']!.replace('xenserver-ddk-image-v2-', '')
    const forged = join(dir, `forged-${count}`)
    await skopeo('copy', '--quiet', `docker://${repository}:${key}`, `dir:${forged}`)
    // Other media types, which an engine would write.
    await skopeo('copy', '--quiet', '--format', 'v2s2', `dir:${forged}`, `docker://${repository}:${key}`)
    const ended = await main({})
    expect([ended.code, ended.outputs.source]).toEqual([0, 'file'])
    expect(ended.stdout).toContain(`The image in ${repository} is ignored: its manifest isn't one that this action writes\n`)
  })

  test('an image without compression, or with gzip, comes back as it is', async () => {
    for (const compression of ['gzip', 'none']) {
      count++
      const pushed = await main({ push: 'true', 'layer-compression': compression })
      const pulled = await main(noIso())
      expect([pulled.code, pulled.outputs.source, pulled.outputs['image-digest']]).toEqual([0, 'registry', pushed.outputs['image-digest']])
    }
    const other = await main({ 'layer-compression': 'gzip' })
    expect([other.code, other.outputs.source]).toEqual([0, 'registry'])
    const layers = run('tar', ['-xOf', other.outputs.archive!, 'index.json'])
    expect(layers).toContain('manifest')
  })
})
