import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, LayerImport } from '../../src/engine/engine.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { provide } from '../../src/engine/provide.ts'
import { run, until } from '../support/tools.ts'
import { makeArchive, makeBrokenLayer, makeLayer, sha256 } from './archive.ts'
import { describeEngines } from './engines.ts'

const temp = mkdtempSync(join(tmpdir(), 'ddk-import-test-'))
const environment = { ...process.env }
const pieceSize = 1 << 18
const importLabel = 'io.github.xenserver-ddk-action.import'
// Long enough for an engine to be in the middle of it.
writeFileSync(join(temp, 'random'), randomBytes(6 << 20).toString('hex'))
const layer = readFileSync(makeLayer(temp, readFileSync(join(temp, 'random'), 'latin1')))
const silent = (sentence: string) => {
  throw new Error(`an unexpected message: ${sentence}`)
}

afterAll(() => rmSync(temp, { recursive: true, force: true }))

/** Writes the bytes from `from` on, in pieces. */
async function write(into: LayerImport, bytes: Buffer, from = 0, to = bytes.length): Promise<void> {
  for (let at = from; at < to; at += pieceSize) await into.write(bytes.subarray(at, Math.min(to, at + pieceSize)))
}

describeEngines(['docker', 'newer docker, classic store'], ({ command, env, stop }) => {
  let engine: Engine
  const cli = (...args: string[]) => run(command, args, { env: process.env }).trim()
  const withMark = (mark: string) => cli('images', '--quiet', '--filter', `label=${importLabel}=${mark}`)

  beforeAll(async () => {
    Object.assign(process.env, env)
    engine = (await detectEngine(command, silent))!
  })
  afterAll(() => {
    process.env = { ...environment }
    stop()
  })

  test('a layer that was imported may be missing in the archive, and the image is the one of the whole archive', async () => {
    const mark = randomUUID()
    const tag = `ddk-import-test-${mark}:1`
    const started = engine.layers!.import(mark)
    await write(started, layer)
    expect(await started.finish()).toBe(`sha256:${sha256(layer)}`)
    expect(withMark(mark)).not.toBe('')

    const empty = join(temp, 'empty')
    writeFileSync(empty, '')
    const dir = join(temp, mark)
    const { config, manifest } = makeArchive(dir, `${dir}.tar`, { layer: empty, diffId: `sha256:${sha256(layer)}`, tag })
    const made = { path: `${dir}.tar`, name: tag, configDigest: config, manifestDigest: manifest }
    expect((await provide(engine, made, silent)).id).toBe(config)

    await engine.layers!.removeImports(mark)
    expect(withMark(mark)).toBe('')
    expect(cli('run', '--rm', '--network', 'none', config, '/bin/busybox', 'echo', 'it runs')).toBe('it runs')
    cli('image', 'rm', '--force', config)
  })

  test.each([0, 0.3, 0.9, 1])('given up when %d of it is written, it leaves nothing, and the engine goes on', async (share) => {
    const mark = randomUUID()
    const started = engine.layers!.import(mark)
    await write(started, layer, 0, Math.floor((layer.length * share) / 512) * 512)
    await started.abort()
    await engine.layers!.removeImports(mark)
    expect(withMark(mark)).toBe('')

    const next = engine.layers!.import(mark)
    await write(next, layer)
    await next.finish()
    expect(withMark(mark)).not.toBe('')
    await engine.layers!.removeImports(mark)
  })

  test('what a killed process leaves is found by its mark', async () => {
    const mark = randomUUID()
    const script = `
      const { detectEngine } = await import(${JSON.stringify(new URL('../../src/engine/detect.ts', import.meta.url).href)})
      const engine = await detectEngine(${JSON.stringify(command)})
      const started = engine.layers.import(${JSON.stringify(mark)})
      await started.write((await import('node:fs')).readFileSync(${JSON.stringify(join(temp, 'layer.tar'))}).subarray(0, 1 << 20))
      console.log('written')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], {
      env: process.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    // The client in its own session reads the end of its input, and ends.
    await until(() => !run('ps', ['-eo', 'args']).includes(`${importLabel}=${mark}`))
    await engine.layers!.removeImports(mark)
    expect(withMark(mark)).toBe('')
  })

  test('what the engine cannot unpack is an error with its own last word', async () => {
    const mark = randomUUID()
    const started = engine.layers!.import(mark)
    const bytes = readFileSync(makeBrokenLayer(mkdtempSync(join(temp, 'broken-'))))
    await write(started, bytes).catch(() => {})
    const failed = started.finish()
    await expect(failed).rejects.toThrow(EngineError)
    await expect(failed).rejects.toThrow(/^docker couldn't import the root filesystem: .*no such file or directory/)
    expect(withMark(mark)).toBe('')
  })
})

describeEngines(['podman', 'newer docker, containerd store'], ({ command, env, stop }) => {
  beforeAll(() => void Object.assign(process.env, env))
  afterAll(() => {
    process.env = { ...environment }
    stop()
  })

  test('loads archives faster than it imports, so it imports nothing', async () => {
    expect((await detectEngine(command, silent))!.layers).toBeUndefined()
  })
})
