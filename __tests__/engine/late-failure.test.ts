import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import { provide } from '../../src/engine/provide.ts'
import { run } from '../support/tools.ts'
import { makeArchive, makeBrokenLayer, sha256 } from './archive.ts'
import { describeEngines } from './engines.ts'

// Why an image is proven by a container: a load that has succeeded may have unpacked nothing.

const temp = mkdtempSync(join(tmpdir(), 'ddk-late-failure-'))
const environment = { ...process.env }
afterAll(() => rmSync(temp, { recursive: true, force: true }))

describeEngines(['newer docker, containerd store'], ({ env, stop }) => {
  beforeAll(() => void Object.assign(process.env, env))
  afterAll(() => {
    process.env = { ...environment }
    stop()
  })

  test('unpacks a layer only after its load has succeeded; a layer that it cannot unpack is an error all the same', async () => {
    const layer = makeBrokenLayer(mkdtempSync(join(temp, 'layer-')))
    const [dir, name] = [mkdtempSync(join(temp, 'image-')), 'ddk-late-failure:1']
    const options = { layer, diffId: `sha256:${sha256(readFileSync(layer))}`, tag: name }
    const { config, manifest } = makeArchive(dir, `${dir}.tar`, options)
    const made = { path: `${dir}.tar`, name, configDigest: config, manifestDigest: manifest }
    // `run` throws if it fails: that it doesn't is why there is a check.
    run('docker', ['load', '--input', made.path], { env: process.env })
    const engine = (await detectEngine('docker'))!
    expect((await engine.find(made.name))?.id).toBe(made.manifestDigest)
    await engine.remove(made.name)

    const failed = provide(engine, made, () => {})
    await expect(failed).rejects.toThrow(/^docker couldn't create a container from the image sha256:\w+: .*no such file/)
    await expect(failed).rejects.toMatchObject({ kind: 'broken-image' })
    expect(await engine.find(made.name)).toBeUndefined()
    expect(await engine.find(made.manifestDigest)).toBeUndefined()
  })
})
