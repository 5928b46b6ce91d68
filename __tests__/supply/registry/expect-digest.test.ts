import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Engine, Image } from '../../../src/engine/engine.ts'
import { fromEngine } from '../../../src/supply/engine/from-engine.ts'
import type { Order } from '../../../src/supply/order.ts'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { type CacheService, startCacheService } from '../../support/cache-service.ts'
import { bundle } from '../../support/cli.ts'
import { callsOf, fakeDocker } from '../../support/fake-docker.ts'
import { makeRunner } from '../../support/runner.ts'
import { sh } from '../../support/tools.ts'

// The input `expect-digest`, wherever the image comes from. Of a registry: registry.test.ts.

const other = `sha256:${'0'.repeat(64)}`
let dir = ''
let iso = ''
let service: CacheService
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-expect-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  service = await startCacheService()
})
afterAll(async () => {
  await service.close()
  rmSync(dir, { recursive: true, force: true })
})

async function main(inputs: Record<string, string>, env: NodeJS.ProcessEnv = {}) {
  const runner = makeRunner(mkdtempSync(join(dir, 'machine-')), join(dir, 'dist/main.cjs'), env)
  const ended = await runner.main({ iso, engine: 'none', ...inputs })
  await runner.post()
  return { ...ended, runner, outputs: runner.outputs(), error: /^::error::(.*)$/m.exec(ended.stdout)?.[1] }
}

test('an image that is made must have the digest: before it is loaded, and without a trace', async () => {
  const bin = mkdtempSync(join(dir, 'bin-'))
  fakeDocker(bin)
  const env = { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '' }
  const refused = await main({ engine: 'docker', cache: 'none', 'expect-digest': other }, env)
  expect([refused.code, refused.outputs]).toEqual([1, {}])
  expect(refused.error).toMatch(
    new RegExp(
      `^The image isn't the one that "expect-digest" names: its configuration is sha256:[0-9a-f]{64} and its manifest sha256:[0-9a-f]{64}, but ${other} is expected; if you trust this image, set expect-digest: sha256:[0-9a-f]{64}\\. See .*#the-image-isnt-the-expected-one$`,
    ),
  )
  const verbs = callsOf(bin).map((call) => call.split(' ')[0])
  expect(verbs.filter((verb) => verb === 'load' || verb === 'tag')).toEqual([])
  expect(readdirSync(refused.runner.temp).filter((name) => name !== 'xenserver-ddk-shells')).toEqual([])
})

test('one that has the digest of its configuration or of its manifest is accepted', async () => {
  const { outputs } = await main({})
  for (const digest of [outputs['image-id']!, outputs['image-digest']!]) {
    expect((await main({ 'expect-digest': digest })).code).toBe(0)
  }
})

test('an image in the Actions cache with another digest is ignored', async () => {
  const first = await main({}, service.env.v2)
  const warm = await main({ 'expect-digest': first.outputs['image-id']! }, service.env.v2)
  expect([warm.code, warm.outputs.source]).toEqual([0, 'cache'])
  const refused = await main({ 'expect-digest': other }, service.env.v2)
  expect([refused.code, refused.outputs]).toEqual([1, {}])
  expect(refused.stdout).toContain(
    `The image in the Actions cache is ignored: it is ${first.outputs['image-id']}, but ${other} is expected`,
  )
  expect(readdirSync(refused.runner.temp)).toEqual([])
})

test('an image in an engine is taken by the digest that the engine knows, or by another that is known to be the same', async () => {
  const id = `sha256:${'1'.repeat(64)}`
  const said: string[] = []
  const phase = { say: (line: string) => said.push(line), warn() {}, signal: new AbortController().signal }
  const image: Partial<Image> = { id, names: [], labels: {}, layers: 2 }
  const engine: Partial<Engine> = {
    name: 'docker',
    labelled: async () => [id],
    find: async () => image as Image,
    prove: async () => ({ cleared: Promise.resolve() }),
  }
  const take = async (expectDigest: string, others: Record<string, string> = {}) => {
    const order: Pick<Order, 'phase' | 'uname' | 'name' | 'expectDigest'> = { phase, uname: 'ddk', name: () => 'ddk:1', expectDigest }
    return (await fromEngine(engine as Engine, 'key', order, async (known) => others[known]))?.image?.id
  }
  expect(await take(id)).toBe(id)
  expect(await take(other, { [id]: other })).toBe(id)
  expect(await take(other)).toBeUndefined()
  expect(said.at(-1)).toBe(`The image that docker has is ignored: it is ${id}, but ${other} is expected`)
})
