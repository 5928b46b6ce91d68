import { randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, LoadProgress } from '../../src/engine/engine.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { proofLabel } from '../../src/engine/images.ts'
import { provide } from '../../src/engine/provide.ts'
import { run } from '../support/tools.ts'
import { type ArchiveOptions, makeArchive, makeBrokenLayer, makeLayer, sha256 } from './archive.ts'
import { allEngines, describeEngines } from './engines.ts'

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
  return { path, tag: all.tag, labels, ...makeArchive(dir, path, all) }
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
    const { path, tag, labels, config, manifest } = archive()
    const progress: LoadProgress[] = []
    const image = await provide(engine, path, tag, silent, (now) => progress.push(now))
    expect(image.id).toBe(engine.store === 'containerd' ? manifest : config)
    expect(image.labels).toEqual(labels)
    expect(image.platform).toBe('linux/amd64')
    expect(image.names.some((name) => name.endsWith(tag))).toBe(true)
    expect(await engine.imageId(tag)).toBe(image.id)
    expect(await engine.find(image.id)).toEqual(image)
    expect(await engine.findLabelled('test.image', labels['test.image'])).toEqual(image)
    const limits = ['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=1024:4096']
    expect(cli('run', '--rm', '--network', 'none', ...limits, image.id, '/bin/busybox', 'echo', 'it runs')).toBe('it runs')
    expect(cli('ps', '--all', '--quiet', '--filter', `label=${proofLabel}`, '--filter', `ancestor=${image.id}`)).toBe('')
    const last = progress.at(-1)!
    expect(last.size).toBeGreaterThan(10_000)
    expect(last.given).toBe(command === 'docker' ? last.size : undefined)
  })

  test('proves an image of another platform than the host', async () => {
    const { path, tag } = archive({ architecture: '386' })
    expect((await provide(engine, path, tag, silent)).platform).toBe('linux/386')
  })

  test('refuses a layer that cannot be unpacked, and keeps nothing of it', async () => {
    const bad = makeBrokenLayer(mkdtempSync(join(temp, 'bad-')))
    const { path, tag } = archive({ layer: bad, diffId: `sha256:${sha256(readFileSync(bad))}` })
    const failure = provide(engine, path, tag, silent)
    await expect(failure).rejects.toThrow(EngineError)
    await expect(failure).rejects.toThrow(new RegExp(`^${command} couldn't (load|create a container).*: .*no such file`))
    expect(await engine.find(tag)).toBeUndefined()
  })

  test('refuses an archive that is cut short', async () => {
    const { path, tag } = archive()
    truncateSync(path, 100_000)
    await expect(provide(engine, path, tag, silent)).rejects.toThrow(/couldn't load .*: \S/)
    expect(await engine.find(tag)).toBeUndefined()
  })

  test('loads zstd layers if it says so', async () => {
    // Not the layer of the other images: an engine that has it already doesn't look at this one.
    const another = makeLayer(mkdtempSync(join(temp, 'zstd-')), `${unique} in ${command} ${engine.version} ${engine.store}`)
    run('zstd', ['-q', another])
    const { path, tag } = archive({ layer: `${another}.zst`, layerType: 'tar+zstd', diffId: `sha256:${sha256(readFileSync(another))}` })
    const loaded = await provide(engine, path, tag, silent).then(
      () => true,
      () => false,
    )
    expect(loaded).toBe(engine.loadsZstd)
  })

  test('says which image lost its name to the new one', async () => {
    const first = archive()
    const second = archive({ tag: first.tag })
    const { id } = await provide(engine, first.path, first.tag, silent)
    const said: string[] = []
    const image = await provide(engine, second.path, first.tag, (sentence) => said.push(sentence))
    expect(said).toEqual([`${first.tag} was the name of the image ${id} before`])
    expect(await engine.imageId(first.tag)).toBe(image.id)
    // The same once more is nothing to talk about.
    await provide(engine, second.path, first.tag, silent)
    cli('image', 'rm', '--force', id)
  })

  test('names and removes images', async () => {
    const { path, tag } = archive()
    const { id } = await provide(engine, path, tag, silent)
    const another = `${unique}:another`
    await engine.tag(id, another)
    expect(await engine.imageId(another)).toBe(id)
    await engine.remove(id)
    expect(await engine.find(tag)).toBeUndefined()
    expect(await engine.find(another)).toBeUndefined()
  })

  test('says so if there is no such image', async () => {
    expect(await engine.find('no-such-image:1')).toBeUndefined()
    expect(await engine.findLabelled('test.image', 'none')).toBeUndefined()
    await expect(engine.imageId('no-such-image:1')).rejects.toThrow(`${command} has no image no-such-image:1`)
    await expect(engine.prove('no-such-image:1')).rejects.toThrow(EngineError)
    await expect(engine.tag('no-such-image:1', 'x:1')).rejects.toThrow(/couldn't name the image no-such-image:1 x:1: \S/)
  })

  test('loads an archive whose path looks like an option or has spaces', async () => {
    const { path, tag } = archive()
    const odd = join(temp, '-i an archive:1.tar')
    cpSync(path, odd)
    await provide(engine, odd, tag, silent)
  })
})
