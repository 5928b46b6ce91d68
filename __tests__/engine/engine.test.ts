import { randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, LoadProgress } from '../../src/engine/engine.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { provide } from '../../src/engine/provide.ts'
import { keyLabel } from '../../src/image/config/labels.ts'
import { run } from '../support/tools.ts'
import { type ArchiveOptions, makeArchive, makeBrokenLayer, makeLayer, sha256 } from './archive.ts'
import { describeEngines } from './engines.ts'
import { allEngines } from './start-engine.ts'

const temp = mkdtempSync(join(tmpdir(), 'ddk-engine-test-'))
const environment = { ...process.env }
/** Others may be at work in the same engine. */
const unique = `ddk-engine-test-${randomUUID()}`

const layer = makeLayer(temp)
const diffId = `sha256:${sha256(readFileSync(layer))}`
let count = 0

/** An archive whose image nobody else has, and its digests. */
function archive(options: Partial<ArchiveOptions> = {}) {
  const dir = join(temp, `image-${++count}`)
  const path = `${dir}.tar`
  const tag = `${unique}:${count}`
  const labels = { 'test.image': `${unique}-${count}` }
  const all = { layer, diffId, tag, labels, ...options }
  const { config, manifest } = makeArchive(dir, path, all)
  return { path, tag: all.tag, labels, made: { path, name: all.tag, configDigest: config, manifestDigest: manifest } }
}

const silent = (sentence: string) => {
  throw new Error(`an unexpected message: ${sentence}`)
}

afterAll(() => {
  rmSync(temp, { recursive: true, force: true })
})

describeEngines(allEngines, ({ command, env, stop }) => {
  let engine: Engine
  const cli = (...args: string[]) => run(command, args, { env: process.env }).trim()

  beforeAll(async () => {
    Object.assign(process.env, env)
    engine = (await detectEngine(command, silent))!
    process.stderr.write(`${engine.name} ${engine.version}, store ${engine.store}\n`)
  })

  afterAll(() => {
    for (const id of new Set(cli('images', '--quiet', '--no-trunc', '--filter', `reference=*${unique}*`).split('\n'))) {
      if (id !== '') cli('image', 'rm', '--force', id)
    }
    process.env = { ...environment }
    stop()
  })

  test('says what it is', () => {
    expect(engine.name).toBe(command)
    expect(engine.version).toMatch(/^\d+\.\d+\.\d+/)
    expect(engine.store).toMatch(/^(overlay2?|vfs|containerd)$/)
  })

  test('loads an image, finds it, runs it by its ID, leaves no container', async () => {
    const { tag, labels, made } = archive()
    const progress: LoadProgress[] = []
    const image = await provide(engine, made, silent, (now) => progress.push(now))
    expect(image.id).toBe(engine.store === 'containerd' ? made.manifestDigest : made.configDigest)
    expect(image.labels).toEqual(labels)
    expect(image.platform).toBe('linux/amd64')
    expect(image.names.some((name) => name.endsWith(tag))).toBe(true)
    expect(await engine.imageId(tag)).toBe(image.id)
    expect(await engine.find(image.id)).toEqual(image)
    expect(await engine.labelled('test.image', labels['test.image'])).toEqual([image.id])
    const limits = ['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=1024:4096']
    expect(cli('run', '--rm', '--network', 'none', ...limits, image.id, '/bin/busybox', 'echo', 'it runs')).toBe('it runs')
    expect(
      cli('ps', '--all', '--quiet', '--filter', 'label=io.github.xenserver-ddk-action.proof', '--filter', `ancestor=${image.id}`),
    ).toBe('')
    const last = progress.at(-1)!
    expect(last.size).toBeGreaterThan(10_000)
    expect(last.given).toBe(command === 'docker' ? last.size : undefined)
  })

  test('proves an image of another platform than the host', async () => {
    const { made } = archive({ architecture: '386' })
    expect((await provide(engine, made, silent)).platform).toBe('linux/386')
  })

  test('refuses a layer that cannot be unpacked, and keeps nothing of it', async () => {
    const bad = makeBrokenLayer(mkdtempSync(join(temp, 'bad-')))
    const { made, tag } = archive({ layer: bad, diffId: `sha256:${sha256(readFileSync(bad))}` })
    const failure = provide(engine, made, silent)
    await expect(failure).rejects.toThrow(EngineError)
    await expect(failure).rejects.toThrow(new RegExp(`^${command} couldn't (load|create a container).*: .*no such file`))
    expect(await engine.find(tag)).toBeUndefined()
  })

  test('refuses an archive that is cut short', async () => {
    const { path, tag, made } = archive()
    truncateSync(path, 100_000)
    await expect(provide(engine, made, silent)).rejects.toThrow(/couldn't load .*: \S/)
    expect(await engine.find(tag)).toBeUndefined()
  })

  test('loads zstd layers if it says so', async () => {
    // Not the layer of the other images: an engine that has it already doesn't look at this one.
    const another = makeLayer(mkdtempSync(join(temp, 'zstd-')), `${unique} in ${command} ${engine.version} ${engine.store}`)
    run('zstd', ['-q', another])
    const { made } = archive({ layer: `${another}.zst`, layerType: 'tar+zstd', diffId: `sha256:${sha256(readFileSync(another))}` })
    const loaded = await provide(engine, made, silent).then(
      () => true,
      () => false,
    )
    expect(loaded).toBe(engine.loadsZstd)
  })

  test('says which image lost its name to the new one', async () => {
    const first = archive()
    const second = archive({ tag: first.tag })
    const { id } = await provide(engine, first.made, silent)
    const said: string[] = []
    const image = await provide(engine, second.made, (sentence) => said.push(sentence))
    expect(said).toEqual([`${first.tag} was the name of the image ${id} before`])
    expect(await engine.imageId(first.tag)).toBe(image.id)
    // The same once more is nothing to talk about.
    await provide(engine, second.made, silent)
    cli('image', 'rm', '--force', id)
  })

  test('the line in docs/cache.md prunes what has lost its name, and nothing else', async () => {
    const document = readFileSync(new URL('../../docs/cache.md', import.meta.url), 'utf8')
    const [, words] = /^docker (image prune --force --filter label=\S+)/m.exec(document)!
    const labels = { [keyLabel]: unique }
    const first = archive({ labels })
    const second = archive({ labels: { ...labels, newer: 'yes' }, tag: first.tag })
    const stranger = archive({ labels: { someone: 'else' } })
    const newer = archive({ labels: { someone: 'else', newer: 'yes' }, tag: stranger.tag })
    const ids: string[] = []
    for (const { made } of [first, second, stranger, newer]) ids.push((await provide(engine, made, () => {})).id)
    cli(...words!.split(' '))
    const [of, newest, ofStranger, newestOfStranger] = await Promise.all(ids.map(async (id) => (await engine.find(id)) !== undefined))
    expect([of, newest, newestOfStranger]).toEqual([false, true, true])
    // Docker's containerd store may drop an image with its last name.
    if (engine.store !== 'containerd') expect(ofStranger).toBe(true)
  })

  test("refuses an image that isn't the one that was made", async () => {
    const { made } = archive()
    const other = `sha256:${'0'.repeat(64)}`
    const { id } = await provide(engine, made, silent)
    await expect(provide(engine, { ...made, configDigest: other, manifestDigest: other }, silent)).rejects.toThrow(
      new RegExp(`^${made.name} is the image ${id} in ${command} after the load, but ${other} was loaded; another job may have`),
    )
    // It isn't this load's to remove.
    expect(await engine.imageId(made.name)).toBe(id)
  })

  test('names and removes images', async () => {
    const { tag, made } = archive()
    const { id } = await provide(engine, made, silent)
    const another = `${unique}:another`
    await engine.tag(id, another)
    expect(await engine.imageId(another)).toBe(id)
    await engine.remove(id)
    expect(await engine.find(tag)).toBeUndefined()
    expect(await engine.find(another)).toBeUndefined()
  })

  test('says so if there is no such image', async () => {
    expect(await engine.find('no-such-image:1')).toBeUndefined()
    expect(await engine.labelled('test.image', 'none')).toEqual([])
    await expect(engine.imageId('no-such-image:1')).rejects.toThrow(`${command} has no image no-such-image:1`)
    await expect(engine.tag('no-such-image:1', 'x:1')).rejects.toThrow(/couldn't name the image no-such-image:1 x:1: \S/)
  })

  test('loads an archive whose path looks like an option or has spaces', async () => {
    const { path, made } = archive()
    const odd = join(temp, '-i an archive:1.tar')
    cpSync(path, odd)
    await provide(engine, { ...made, path: odd }, silent)
  })
})
