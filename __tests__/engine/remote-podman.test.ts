import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, LoadProgress } from '../../src/engine/engine.ts'
import { provide } from '../../src/engine/provide.ts'
import { run, until } from '../support/tools.ts'
import { makeArchive, makeBrokenLayer, makeLayer, sha256 } from './archive.ts'
import { describeEngines } from './engines.ts'

// Podman behind a socket, as on macOS, where it is in a virtual machine: `pull` can't reach a file of this side there.

const temp = mkdtempSync(join(tmpdir(), 'ddk-remote-podman-'))
const environment = { ...process.env }
const unique = `ddk-remote-podman-${randomUUID()}`
const silent = (sentence: string) => {
  throw new Error(`an unexpected message: ${sentence}`)
}
afterAll(() => rmSync(temp, { recursive: true, force: true }))

function archiveOf(layer: string, tag: string) {
  const dir = mkdtempSync(join(temp, 'image-'))
  const { config, manifest } = makeArchive(dir, `${dir}.tar`, { layer, diffId: `sha256:${sha256(readFileSync(layer))}`, tag })
  return { path: `${dir}.tar`, name: tag, configDigest: config, manifestDigest: manifest }
}

describeEngines(['podman'], ({ env, stop }) => {
  let engine: Engine
  let service: ChildProcess
  beforeAll(async () => {
    Object.assign(process.env, env)
    const socket = join(temp, 'podman.sock')
    service = spawn('podman', ['system', 'service', '--time', '0', `unix://${socket}`], { env: process.env, stdio: 'ignore' })
    await until(() => existsSync(socket))
    process.env.CONTAINER_HOST = `unix://${socket}`
    engine = (await detectEngine('podman', silent))!
  })
  afterAll(async () => {
    const ended = new Promise((resolve) => service.once('close', resolve))
    service.kill()
    await ended
    process.env = { ...environment }
    stop()
  })

  test('gets the archive through its socket, and has the image that was made', async () => {
    expect(JSON.parse(run('podman', ['info', '--format', 'json'], { env: process.env })).host.serviceIsRemote).toBe(true)
    const made = archiveOf(makeLayer(mkdtempSync(join(temp, 'layer-')), unique), `${unique}:1`)
    const progress: LoadProgress[] = []
    const image = await provide(engine, made, silent, (now) => progress.push(now))
    expect(image.id).toBe(made.configDigest)
    const last = progress.at(-1)!
    expect(last.given).toBe(last.size)
    // The client sends limits of its own, which the service may not be allowed to set.
    const limits = ['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=1024:4096']
    const args = ['run', '--rm', '--network', 'none', ...limits, image.id, '/bin/busybox', 'echo', 'it runs']
    expect(run('podman', args, { env: process.env })).toBe('it runs\n')
  })

  test('is refused if its image is another', async () => {
    const made = archiveOf(makeLayer(mkdtempSync(join(temp, 'layer-')), `${unique}-2`), `${unique}:2`)
    const other = `sha256:${'0'.repeat(64)}`
    await expect(provide(engine, { ...made, configDigest: other }, silent)).rejects.toThrow(
      `${made.name} is the image ${made.configDigest} in podman after the load, but ${other} was loaded`,
    )
  })

  test('keeps nothing of a layer that cannot be unpacked', async () => {
    const made = archiveOf(makeBrokenLayer(mkdtempSync(join(temp, 'bad-'))), `${unique}:3`)
    await expect(provide(engine, made, silent)).rejects.toThrow(/^podman couldn't load \S+: \S/)
    expect(await engine.find(made.name)).toBeUndefined()
  })
})
