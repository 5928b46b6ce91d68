import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { describeEngines } from '../../engine/engines.ts'
import { allEngines, type RealEngine } from '../../engine/start-engine.ts'
import { startProxy } from '../../fetch/http/proxy-server.ts'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { bundle } from '../../support/cli.ts'
import { noRegistry, startRegistry, type TestRegistry } from '../../support/registry.ts'
import { makeRunner } from '../../support/runner.ts'
import { unless } from '../../support/skip.ts'
import { run, sh } from '../../support/tools.ts'

// What each engine makes of an image that the action has pushed, with the engine's own login.

const login = { username: 'builder', password: 'correct horse battery' }

unless(noRegistry).describe('an image in a registry', () => {
  let dir = ''
  let iso = ''
  let registry: TestRegistry
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-registry-engines-'))
    bundle(join(dir, 'dist'))
    sh(`cp -r matchers '${dir}'`)
    iso = join(dir, 'ddk.iso')
    await makeDdkIso({ iso })
    registry = await startRegistry({ login })
  })
  afterAll(async () => {
    await registry.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  describeEngines(allEngines, ({ title, command, env, stop }: RealEngine) => {
    afterAll(stop)
    const name = title.replaceAll(/[^a-z0-9]+/g, '-')
    let count = 0
    const newRepository = () => `${registry.host}/acme/${name}-${++count}`
    /** The engine's login file is there, as `docker login` or `podman login` has written it. */
    const home = () => join(dir, name)
    const variables = () => ({ ...env, DOCKER_CONFIG: home(), REGISTRY_AUTH_FILE: command === 'podman' ? join(home(), 'auth.json') : '' })
    const cli = (...args: string[]) => run(command, args, { env: { ...process.env, ...variables() } })
    const tls = command === 'podman' ? ['--tls-verify=false'] : []

    async function main(repository: string, inputs: Record<string, string> = {}) {
      const runner = makeRunner(mkdtempSync(join(dir, 'machine-')), join(dir, 'dist/main.cjs'), variables())
      const ended = await runner.main({ iso, engine: command, cache: 'none', 'registry-image': repository, ...inputs })
      await runner.post()
      expect([ended.code, ended.stdout]).toEqual([0, expect.anything()])
      return { stdout: ended.stdout, outputs: runner.outputs() }
    }
    const remove = (image: string) => void cli('image', 'rm', '--force', image)

    beforeAll(() => {
      sh(`mkdir -p '${home()}'`)
      writeFileSync(join(dir, 'password'), login.password)
      sh(`'${command}' login ${tls.join(' ')} --username ${login.username} --password-stdin ${registry.host} <'${dir}/password'`, {
        env: { ...process.env, ...variables() },
      })
    })

    test('is made and pushed with the login of the engine, and pulled with the same digest', async () => {
      const repository = newRepository()
      const { outputs } = await main(repository, { push: 'true' })
      expect(outputs.source).toBe('file')
      remove(outputs.image!)
      cli('pull', '--quiet', ...tls, `${repository}:6.5.0-90233c`)
      const [pulled] = JSON.parse(cli('image', 'inspect', `${repository}:6.5.0-90233c`))
      expect(pulled.RepoDigests).toContain(`${repository}@${outputs['image-digest']}`)
      expect([`sha256:${pulled.Id}`, pulled.Id]).toContain(outputs['image-id'])
      remove(`${repository}:6.5.0-90233c`)
    })

    test('is fetched, and loaded as the same image; then the engine has it', async () => {
      const repository = newRepository()
      remove((await main(repository, { push: 'true' })).outputs.image!)
      const fetched = await main(repository)
      expect(fetched.outputs).toMatchObject({ source: 'registry', 'cache-hit': 'true', 'kernel-version': '3.10.0+2' })
      const { 'image-id': id, 'image-digest': digest } = fetched.outputs
      for (const expected of [id!, digest!]) {
        const again = await main(repository, { push: 'true', 'expect-digest': expected })
        expect(again.outputs).toMatchObject({ source: 'engine', 'image-id': id, 'image-digest': digest })
      }
      expect(cli('run', '--rm', fetched.outputs.image!, '/bin/busybox', 'uname', '-r').trim()).toMatch(/./)
      remove(fetched.outputs.image!)
    })

    test('is made again if it is to be pushed to a registry that lacks it, although the engine has it', async () => {
      await main(newRepository(), { push: 'true' })
      const repository = newRepository()
      const { outputs, stdout } = await main(repository, { push: 'true' })
      expect([outputs.source, stdout]).toEqual(['file', expect.stringContaining('an engine has no blobs to push')])
      const taken = await main(repository, { push: 'true' })
      expect(taken.outputs).toMatchObject({ source: 'engine', 'image-digest': outputs['image-digest'] })
      remove(outputs.image!)
    })
  })

  describe('Without an engine', () => {
    test('a registry that asks for nobody is refused', async () => {
      const open = await startRegistry()
      const runner = makeRunner(dir, join(dir, 'dist/main.cjs'))
      const { code, stdout } = await runner.main({ iso, engine: 'none', push: 'true', 'registry-image': `${open.host}/acme/ddk` })
      await open.stop()
      expect([code, stdout]).toEqual([1, expect.stringContaining(`Anybody can read ${open.host}/acme/ddk without a login`)])
    })

    test('a registry with TLS on this machine is used over https, through a proxy, with a certificate authority of its own', async () => {
      const secure = await startRegistry({ tls: true, login })
      const inputs = { 'registry-username': login.username, 'registry-password': login.password }
      const proxy = await startProxy(secure.port)
      const env = { NODE_EXTRA_CA_CERTS: secure.certificate, https_proxy: proxy.address }
      const runner = makeRunner(dir, join(dir, 'dist/main.cjs'), env)
      const { code, stdout } = await runner.main({
        iso,
        engine: 'none',
        push: 'true',
        'registry-image': `${secure.host}/acme/ddk`,
        ...inputs,
      })
      expect([code, stdout]).toEqual([0, expect.stringContaining(`Pushed ${secure.host}/acme/ddk:`)])
      proxy.close()
      expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${secure.host}`]))
      const other = makeRunner(dir, join(dir, 'dist/main.cjs'))
      const untrusted = await other.main({ iso, engine: 'none', 'registry-image': `${secure.host}/acme/ddk`, ...inputs })
      await secure.stop()
      expect([untrusted.code, untrusted.stdout]).toEqual([0, expect.stringContaining('set NODE_EXTRA_CA_CERTS')])
    })
  })
})
