import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Engine, Image } from '../../../src/engine/engine.ts'
import { keyLabel } from '../../../src/image/config/labels.ts'
import { fromEngine } from '../../../src/supply/engine/from-engine.ts'
import { knownImages, rememberFacts, rememberImage } from '../../../src/supply/engine/known-images.ts'
import type { Order } from '../../../src/supply/order.ts'

// An engine that others use too: anybody can give an image the label by which one is found again.

const environment = { ...process.env }
let toolCache = ''
let said: string[] = []
beforeEach(() => {
  toolCache = mkdtempSync(join(tmpdir(), 'ddk-known-images-'))
  process.env.RUNNER_TOOL_CACHE = toolCache
  said = []
})
afterEach(() => {
  process.env = { ...environment }
  rmSync(toolCache, { recursive: true, force: true })
})

const image = (id: string): Image => ({
  id,
  names: [],
  labels: { [keyLabel]: 'v1-key' },
  platform: 'linux/amd64',
  layers: id.includes('derived') ? 3 : 2,
  entrypoint: [],
})

/** An engine that has these images, the newest first. */
function engineWith(...ids: string[]): Engine {
  const has: Partial<Engine> = {
    name: 'docker',
    labelled: async () => ids,
    find: async (id) => (ids.includes(id) ? image(id) : undefined),
    prove: async () => ({ cleared: Promise.resolve() }),
    tag: async () => {},
  }
  return has as Engine
}

async function look(...ids: string[]): Promise<string | undefined> {
  const phase = { say: (line: string) => said.push(line), warn() {}, signal: new AbortController().signal }
  const order: Partial<Order> = { phase, uname: 'ddk', name: () => 'ddk:1' }
  return (await fromEngine(engineWith(...ids), 'v1-key', order as Order))?.image?.id
}

test('of several with the label, the one that was loaded here is taken', async () => {
  rememberImage(image('sha256:ours'))
  expect(await look('sha256:planted', 'sha256:ours')).toBe('sha256:ours')
})

test('one that was loaded here is found without a look for the label, and its own name is not looked up', async () => {
  rememberImage(image('sha256:gone'))
  rememberImage(image('sha256:ours'))
  const asked: string[] = []
  const find = async (reference: string) => {
    asked.push(reference)
    return reference === 'sha256:ours' ? { ...image(reference), names: ['ddk:1'] } : undefined
  }
  const labelled = async () => {
    throw new Error('not to be asked')
  }
  expect(await lookIn({ find, labelled })).toEqual({ id: 'sha256:ours', tagged: [] })
  expect(asked).toEqual(['sha256:ours'])
})

test('one that was loaded here and has another label now is not used', async () => {
  rememberImage(image('sha256:ours'))
  const find = async (id: string) => ({ ...image(id), labels: { [keyLabel]: 'another' } })
  expect(await lookIn({ find, labelled: async () => [] })).toEqual({ id: undefined, tagged: [] })
})

test('an image is recorded once', () => {
  for (const id of ['sha256:ours', 'sha256:ours-as-well', 'sha256:ours']) rememberImage(image(id))
  expect(knownImages('v1-key')).toEqual([{ id: 'sha256:ours' }, { id: 'sha256:ours-as-well' }])
})

test('what was found out about an image comes back with it, and nothing is lost when more is found out', async () => {
  rememberImage(image('sha256:ours'), { userland: 'glibc 2.5' })
  rememberImage(image('sha256:ours-as-well'))
  rememberFacts(image('sha256:ours'), { packages: 412 })
  rememberImage(image('sha256:ours'), { userland: undefined })
  expect(knownImages('v1-key')).toEqual([{ id: 'sha256:ours', userland: 'glibc 2.5', packages: 412 }, { id: 'sha256:ours-as-well' }])
  const order: Partial<Order> = { phase: { say() {}, warn() {}, signal: new AbortController().signal }, uname: 'ddk', name: () => 'ddk:1' }
  const supply = await fromEngine(engineWith('sha256:ours'), 'v1-key', order as Order)
  expect(supply?.facts).toEqual({ userland: 'glibc 2.5', packages: 412 })
})

test('an image whose label is only trusted does not get into the record when its packages are counted', async () => {
  rememberFacts(image('sha256:planted'), { packages: 412 })
  expect([knownImages('v1-key'), readdirSync(toolCache)]).toEqual([[], []])
  rememberImage(image('sha256:ours'))
  rememberFacts(image('sha256:planted'), { packages: 412 })
  expect(knownImages('v1-key')).toEqual([{ id: 'sha256:ours' }])
})

test('an image with a record of another form counts as not recorded', () => {
  rememberImage(image('sha256:ours'))
  const record = join(toolCache, 'xenserver-ddk-images', 'v1-key.json')
  const ours = { id: 'sha256:ours' }
  writeFileSync(record, JSON.stringify([null, 'sha256:text', {}, { ...ours, userland: 1 }, { ...ours, packages: '412' }, ours]))
  expect(knownImages('v1-key')).toEqual([ours])
})

test('one that was planted is not used, and that is said', async () => {
  rememberImage(image('sha256:ours'))
  rememberImage(image('sha256:ours-as-well'))
  expect(await look('sha256:planted')).toBeUndefined()
  expect(said).toEqual([
    "docker has the image sha256:planted, whose label says that it is this DDK's. It isn't used: this runner loaded sha256:ours or sha256:ours-as-well",
  ])
})

test('without a record, the oldest is used, because an image built on it inherits its labels, and the log says so', async () => {
  expect(await look('sha256:derived', 'sha256:older')).toBe('sha256:older')
  expect(said[0]).toBe('This runner has no record of the image sha256:older, so its label is trusted')
})

test('one that was built on the image is not used, also if the image is gone', async () => {
  expect(await look('sha256:derived')).toBeUndefined()
  expect(said.at(-1)).toBe("The image that docker has is ignored: it has 3 layers, and the DDK's has 2 (sha256:derived)")
})

test('one with the uname of the host has a layer less', async () => {
  const look = async (layers: number) => {
    const phase = { say: (line: string) => said.push(line), warn() {}, signal: new AbortController().signal }
    const order: Partial<Order> = { phase, uname: 'host', name: () => 'ddk:1' }
    const engine = { ...engineWith('sha256:ours'), find: async (id: string) => ({ ...image(id), layers }) }
    return (await fromEngine(engine, 'v1-key', order as Order))?.image?.id
  }
  expect([await look(1), await look(2)]).toEqual(['sha256:ours', undefined])
  expect(said.at(-1)).toBe("The image that docker has is ignored: it has 2 layers, and the DDK's has 1 (sha256:ours)")
})

/** Looks in an engine that has one image, which is unlike others in this. */
async function lookIn(changes: Partial<Engine>, labels: Record<string, string> = {}, signal = new AbortController().signal) {
  const ours = image('sha256:ours')
  rememberImage(ours)
  const tagged: string[][] = []
  const engine: Partial<Engine> = {
    ...engineWith('sha256:ours'),
    find: async () => ({ ...ours, labels: { ...ours.labels, ...labels } }),
    tag: async (...names) => void tagged.push(names),
    ...changes,
  }
  const phase = { say: (line: string) => said.push(line), warn() {}, signal }
  const order: Partial<Order> = { phase, uname: 'ddk', name: () => 'ddk:1' }
  const supply = await fromEngine(engine as Engine, 'v1-key', order as Order)
  return { id: supply?.image?.id, tagged }
}

test('one of which no container can be created is not used, unless the job has ended', async () => {
  const prove = async () => {
    throw new Error('it is broken')
  }
  expect(await lookIn({ prove })).toEqual({ id: undefined, tagged: [] })
  expect(said).toEqual(['The image that docker has is ignored: it is broken'])
  await expect(lookIn({ prove }, {}, AbortSignal.abort(new Error('Cancelled')))).rejects.toThrow('Cancelled')
})

test('one with labels that this action does not write is not used', async () => {
  expect(await lookIn({}, { 'io.github.xenserver-ddk-action.iso-sha256': '$(id)' })).toEqual({ id: undefined, tagged: [] })
  expect(said).toEqual(["The image that docker has is ignored: it has labels that this action doesn't write (sha256:ours)"])
})

test('it gets the requested name, unless it has it', async () => {
  expect(await lookIn({})).toEqual({ id: 'sha256:ours', tagged: [] })
  const find = async (reference: string) => (reference === 'ddk:1' ? image('sha256:other') : image('sha256:ours'))
  expect(await lookIn({ find })).toEqual({ id: 'sha256:ours', tagged: [['sha256:ours', 'ddk:1']] })
  expect(said).toContain('ddk:1 was the name of the image sha256:other before')
})

test('it gets the requested name if no image has that, and nothing is said about another', async () => {
  const find = async (reference: string) => (reference === 'ddk:1' ? undefined : image('sha256:ours'))
  expect(await lookIn({ find })).toEqual({ id: 'sha256:ours', tagged: [['sha256:ours', 'ddk:1']] })
  expect(said).toEqual(['docker already has the image: sha256:ours'])
})

test('one that can not get the requested name is an error, because the next steps could not find it', async () => {
  const find = async (reference: string) => (reference === 'ddk:1' ? undefined : image('sha256:ours'))
  const tag = async () => {
    throw new Error('it is read-only')
  }
  await expect(lookIn({ find, tag })).rejects.toThrow('it is read-only')
})

test("Podman's names begin with a registry, so an image of the requested name isn't looked up there", async () => {
  const asked: string[] = []
  const find = async (reference: string) => {
    asked.push(reference)
    return { ...image('sha256:ours'), names: ['localhost/ddk:1'] }
  }
  expect(await lookIn({ name: 'podman', find })).toEqual({ id: 'sha256:ours', tagged: [] })
  expect(asked).toEqual(['sha256:ours'])
  await lookIn({ name: 'docker', find })
  expect(asked).toEqual(['sha256:ours', 'sha256:ours', 'ddk:1'])
})

test('an engine that fails at both questions at once is one line', async () => {
  const fail = async () => {
    throw new Error('it is broken')
  }
  const find = async (reference: string) => (reference === 'ddk:1' ? fail() : image('sha256:ours'))
  const prove = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return fail()
  }
  expect(await lookIn({ find, prove })).toEqual({ id: undefined, tagged: [] })
  expect(said).toEqual(['The image that docker has is ignored: it is broken'])
})

test('one with another digest than the expected one is not used, whichever of its digests is known', async () => {
  const phase = { say: (line: string) => said.push(line), warn() {}, signal: new AbortController().signal }
  const take = async (expectDigest: string, other?: string) => {
    const order: Partial<Order> = { phase, uname: 'ddk', name: () => 'ddk:1', expectDigest }
    return (await fromEngine(engineWith('sha256:ours'), 'v1-key', order as Order, async () => other))?.image?.id
  }
  expect(await take('sha256:ours')).toBe('sha256:ours')
  expect(await take('sha256:manifest', 'sha256:manifest')).toBe('sha256:ours')
  said = []
  expect(await take('sha256:manifest', 'sha256:other')).toBeUndefined()
  expect(await take('sha256:manifest')).toBeUndefined()
  expect(said.at(-1)).toBe('The image that docker has is ignored: it is sha256:ours, but sha256:manifest is expected')
})

test("a record that can't be read or written is ignored", async () => {
  rememberImage(image('sha256:ours'))
  const [record] = readdirSync(join(toolCache, 'xenserver-ddk-images'))
  expect(record).toBe('v1-key.json')
  writeFileSync(join(toolCache, 'xenserver-ddk-images', record!), '{"half":')
  expect(await look('sha256:newest')).toBe('sha256:newest')
  process.env.RUNNER_TOOL_CACHE = join(toolCache, 'xenserver-ddk-images', record!)
  rememberImage(image('sha256:ours'))
  delete process.env.RUNNER_TOOL_CACHE
  rememberImage(image('sha256:ours'))
  expect(await look()).toBeUndefined()
})

test('a key that is no file name has no record', () => {
  rememberImage({ ...image('sha256:ours'), labels: { [keyLabel]: '../../key' } })
  expect(readdirSync(toolCache)).toEqual([])
})
