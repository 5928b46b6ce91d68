import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { bundle, type Ended, runNode } from './support/cli.ts'
import { run, sh } from './support/tools.ts'

// The bundle, started as the runner starts it.

let dir = ''
let iso = ''
let isoSha256 = ''
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-main-'))
  bundle(join(dir, 'dist'))
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  isoSha256 = run('sha256sum', [iso]).split(' ')[0]!
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** What the runner gives an action, and what it reads afterwards. */
let runner: { temp: string; workspace: string; output: string; summary: string; state: string }
beforeEach(() => {
  const home = mkdtempSync(join(dir, 'runner-'))
  runner = {
    temp: join(home, 'temp'),
    workspace: join(home, 'work'),
    output: join(home, 'output'),
    summary: join(home, 'summary'),
    state: join(home, 'state'),
  }
  for (const folder of [runner.temp, runner.workspace]) mkdirSync(folder)
  for (const file of [runner.output, runner.summary, runner.state]) writeFileSync(file, '')
})

function step(inputs: Record<string, string>, state: Record<string, string> = {}): Ended {
  const { DOCKER_HOST, PATH } = process.env
  const env: NodeJS.ProcessEnv = {
    PATH,
    ...(DOCKER_HOST && { DOCKER_HOST }),
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: runner.output,
    GITHUB_STEP_SUMMARY: runner.summary,
    GITHUB_STATE: runner.state,
    GITHUB_WORKSPACE: runner.workspace,
    RUNNER_TEMP: runner.temp,
  }
  for (const [name, value] of Object.entries(inputs)) env[`INPUT_${name.toUpperCase()}`] = value
  for (const [name, value] of Object.entries(state)) env[`STATE_${name}`] = value
  return runNode([join(dir, 'dist/main.cjs')], env)
}

/** Reads a file of commands: `name<<delimiter`, the value, and the delimiter again. */
function values(file: string): Record<string, string> {
  const text = readFileSync(file, 'utf8')
  return Object.fromEntries([...text.matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n\2$/gm)].map(([, name, , value]) => [name, value]))
}

const post = () => step({}, values(runner.state))

describe('without an engine', () => {
  test('the image is left as an archive, with everything said about it', () => {
    const ended = step({ iso, engine: 'none', 'xenserver-version': '6.5', 'iso-sha256': isoSha256.toUpperCase() })
    expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining('::group::Make the image')])
    const outputs = values(runner.output)
    expect(outputs).toEqual({
      image: 'xenserver-ddk:6.5.0-90233c',
      'image-id': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      archive: expect.stringContaining(runner.temp),
      'xenserver-version': '6.5.0',
      'build-number': '90233c',
      'kernel-version': '3.10.0+2',
      architecture: 'x86_64',
      'iso-sha256': isoSha256,
      'iso-path': iso,
      'cache-hit': 'false',
      source: 'file',
      'cache-key': expect.stringContaining(isoSha256),
    })
    expect(readFileSync(runner.summary, 'utf8')).toContain('xenserver-ddk:6.5.0-90233c')
    expect(post().code).toBe(0)
    expect(readdirSync(runner.temp).map((name) => join(runner.temp, name))).toEqual([outputs.archive])
    const labels = JSON.parse(run('skopeo', ['inspect', `oci-archive:${outputs.archive}`])).Labels
    expect(labels['org.opencontainers.image.version']).toBe('6.5.0-90233c')
  })

  test('the archive goes where it is wanted', () => {
    const archive = join(runner.workspace, 'new folder', 'image.tar')
    expect(step({ iso, engine: 'none', archive, image: 'vendor/ddk:mine' }).code).toBe(0)
    expect(values(runner.output)).toMatchObject({ archive, image: 'vendor/ddk:mine' })
    expect(existsSync(archive)).toBe(true)
    post()
    expect(readdirSync(runner.temp)).toEqual([])
  })
})

describe('what stops the step says so in one sentence', () => {
  test.each<[string, Record<string, string>, string]>([
    ['no ISO', {}, 'Neither "iso" nor "xenserver-version" is given'],
    ['no such ISO', { iso: '/nowhere/ddk.iso', engine: 'none' }, '/nowhere/ddk.iso: there is no such file'],
    [
      'another version',
      { 'xenserver-version': '7.0', engine: 'none' },
      'XenServer 7.0 was asked for, but the ISO is XenServer DDK 6.5.0-90233c',
    ],
    ['another build', { 'xenserver-version': '6.5.0-1c', engine: 'none' }, 'XenServer 6.5.0-1c was asked for'],
    ['no version', { 'xenserver-version': 'newest' }, 'Input "xenserver-version": "newest" is not a XenServer version'],
    ['another checksum', { 'iso-sha256': 'f'.repeat(64), engine: 'none' }, `has the SHA-256 `],
    ['no checksum', { 'iso-sha256': 'abc' }, 'Input "iso-sha256": "abc" is not a SHA-256'],
    ['no engine of that name', { engine: 'lxc' }, 'Input "engine": it is "lxc"; it may be auto, docker, podman, none'],
    ['no image name', { image: 'Vendor/DDK' }, 'Input "image": the image name "Vendor/DDK" can'],
  ])('%s', (what, inputs, sentence) => {
    const ended = step({ ...(what !== 'no ISO' && { iso }), ...inputs })
    const errors = ended.stdout.split('\n').filter((line) => line.startsWith('::error::'))
    expect(errors).toEqual([expect.stringContaining(sentence)])
    expect(ended).toMatchObject({ code: 1, stderr: '' })
    expect(readFileSync(runner.output, 'utf8')).toBe('')
    expect(post()).toMatchObject({ code: 0, stderr: '' })
    expect(readdirSync(runner.temp)).toEqual([])
  })
})

const hasDocker = (() => {
  try {
    run('docker', ['version'])
    return true
  } catch {
    return false
  }
})()

test('Docker gets the image, and a container of it runs', () => {
  if (!hasDocker) return console.log('no Docker daemon answers: not tried')
  const ended = step({ iso, engine: 'docker', image: 'xenserver-ddk-test:main' })
  expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining('Loaded xenserver-ddk-test:main')])
  const outputs = values(runner.output)
  expect(outputs.archive).toBe('')
  try {
    const container = `docker run --rm --network none --ulimit nofile=1024:4096 ${outputs['image-id']}`
    expect(sh(`${container} /bin/sh -c 'cat /etc/redhat-release'`)).toContain('XenServer DDK release 6.5.0-90233c')
  } finally {
    run('docker', ['image', 'rm', '--force', 'xenserver-ddk-test:main'])
  }
  expect(post().code).toBe(0)
  expect(readdirSync(runner.temp)).toEqual([])
})
