import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { startEngine } from '../engine/start-engine.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { bundle } from '../support/cli.ts'
import { makeRunner, type Runner } from '../support/runner.ts'
import { unless } from '../support/skip.ts'
import { run, sh } from '../support/tools.ts'

// Somebody else who may use the engine of a self-hosted runner makes an image with the labels and the name of the DDK's.

const docker = startEngine('docker')
if ('env' in docker) Object.assign(process.env, docker.env)
const cli = (...args: string[]) => run('docker', args, { env: process.env }).trim()
const name = `xenserver-ddk-planted-${process.pid}:1`
const { test } = unless('skip' in docker ? docker.skip : undefined)

let dir = ''
let iso = ''
let ours = ''
let planted = ''
let labels: Record<string, string> = {}
/** What a workflow builds on the DDK's image. */
let derived = ''
let machine: Runner
const freshMachine = () => makeRunner(mkdtempSync(join(dir, 'machine-')), join(dir, 'dist/main.cjs'))

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-planted-'))
  if ('skip' in docker) return
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  machine = freshMachine()
  ours = (await job(machine)).outputs['image-id']!
  labels = JSON.parse(cli('image', 'inspect', '--format', '{{json .Config.Labels}}', ours)) as Record<string, string>
})
afterAll(() => {
  if ('skip' in docker) return
  removeAll()
  docker.stop()
  rmSync(dir, { recursive: true, force: true })
})

function build(steps: string, labels: Record<string, string>): string {
  const context = mkdtempSync(join(dir, 'context-'))
  // All at once: each line makes an image of its own.
  const words = Object.entries(labels).map(([label, value]) => `"${label}"="${value}"`)
  writeFileSync(join(context, 'Dockerfile'), `${steps}\n${words.length > 0 ? `LABEL ${words.join(' ')}\n` : ''}`)
  sh(`cp "$(command -v busybox)" '${context}/busybox'`)
  return run('docker', ['build', '--quiet', '--network', 'none', context], { env: { ...process.env, DOCKER_BUILDKIT: '0' } }).trim()
}

async function job(runner: Runner): Promise<{ outputs: Record<string, string>; stdout: string }> {
  const { code, stdout } = await runner.main({ iso, engine: 'docker', image: name, cache: 'none', network: 'none' })
  expect([code, (await runner.post()).code]).toEqual([0, 0])
  return { outputs: runner.outputs(), stdout }
}

function removeAll(): void {
  for (const image of [name, derived, ours, planted]) sh(`docker image rm --force '${image}' 2>/dev/null || true`, { env: process.env })
}

/** Makes sure that the engine has these images, and none of the others. */
async function have(...images: ('ours' | 'planted' | 'derived')[]): Promise<void> {
  removeAll()
  if (images.includes('ours')) expect((await job(machine.nextJob())).outputs['image-id']).toBe(ours)
  if (images.includes('derived')) derived = build(`FROM ${ours}\nADD busybox /added`, {})
  if (images.includes('planted')) planted = build('FROM scratch\nADD busybox /bin/sh\nADD busybox /bin/true', labels)
}

test('a runner that loaded the image takes its own, and takes the name back', async () => {
  await have('ours', 'planted')
  cli('tag', planted, name)
  const { outputs, stdout } = await job(machine.nextJob())
  expect(outputs).toMatchObject({ 'image-id': ours, source: 'engine' })
  expect(stdout).toContain(`${name} was the name of the image ${planted} before`)
  expect(cli('image', 'inspect', '--format', '{{.Id}}', name)).toBe(ours)
})

test("a runner that has no record takes no image that is built on the DDK's", async () => {
  await have('ours', 'derived')
  cli('tag', derived, name)
  const { outputs } = await job(freshMachine())
  expect(outputs).toMatchObject({ 'image-id': ours, source: 'engine' })
})

test('a runner that has no record trusts the label, says so, and makes no record of it', async () => {
  await have('planted')
  const fresh = freshMachine()
  for (const runner of [fresh, fresh.nextJob()]) {
    const { outputs, stdout } = await job(runner)
    expect(outputs).toMatchObject({ 'image-id': planted, source: 'engine' })
    expect(stdout).toContain(`This runner has no record of the image ${planted}, so its label is trusted`)
  }
})

test('if only the planted one is left, a runner that loaded the image makes it again', async () => {
  await have('planted')
  const { outputs, stdout } = await job(machine.nextJob())
  expect(outputs).toMatchObject({ 'image-id': ours, source: 'file' })
  expect(stdout).toContain(
    `docker has the image ${planted}, whose label says that it is this DDK's. It isn't used: this runner loaded ${ours}`,
  )
})
