import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Supervision } from '../../src/engine/command.ts'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { BrokenImageError, EngineError } from '../../src/engine/errors.ts'
import { provide } from '../../src/engine/provide.ts'
import { imageName } from '../../src/image/config/name.ts'

// An engine that isn't alone, or isn't well. It is a script that has images by name and ID, and answers as Docker does.

const environment = { ...process.env }
const made = { configDigest: 'sha256:config', manifestDigest: 'sha256:manifest' }
let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-provide-'))
  process.env.PATH = `${dir}:${environment.PATH}`
  delete process.env.DOCKER_HOST
  writeFileSync(join(dir, 'archive'), '')
})
afterEach(() => {
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

interface Fake {
  /** What has the name once the archive is loaded. */
  readonly loads: string
  /** What has the name before. */
  readonly had?: string
  readonly containerd?: boolean
  /** An ID that the engine has from the beginning. */
  readonly has?: string
  /** Lines of shell by which calls of `create` and `rm` fail. */
  readonly create?: string
  readonly rm?: string
  /** The same for an image. */
  readonly removal?: string
}

async function provideBy(
  { loads, had, containerd = false, has = '-', create = 'echo container', rm = '', removal = ':' }: Fake,
  supervision?: Supervision,
) {
  const info = {
    ServerVersion: '28.5.1',
    Driver: 'overlayfs',
    DriverStatus: containerd ? [['driver-type', 'io.containerd.snapshotter.v1']] : [],
  }
  const script = `#!/bin/sh
echo "$*" >>'${dir}/calls'
shown() { echo '[{"Id":"'$1'","RepoTags":["a:1"],"Os":"linux","Architecture":"amd64","Config":{}}]'; }
case "$*" in
  info*) echo '${JSON.stringify(info)}' ;;
  'image inspect -- ${has}') shown $4 ;;
  'image inspect -- ${loads}' | 'image inspect -- a:1')
    if [ -e '${dir}/loaded' ]; then shown ${loads}; ${had === undefined ? '' : `elif [ $4 = a:1 ]; then shown ${had}; `}else echo 'Error: No such image: a:1' >&2; exit 1; fi ;;
  'image inspect'*) echo 'Error: No such image' >&2; exit 1 ;;
  load) touch '${dir}/loaded' ;;
  create*) ${create} ;;
  'image rm'*) ${removal} ;;
  rm*) ${rm || ':'} ;;
esac
`
  writeFileSync(join(dir, 'docker'), script, { mode: 0o755 })
  const said: string[] = []
  const engine = (await detectEngine('docker', undefined, supervision))!
  const outcome = await provide(engine, { path: join(dir, 'archive'), name: 'a:1', ...made }, (line) => said.push(line)).then(
    ({ id }) => id,
    (error: Error) => error.message,
  )
  const calls = existsSync(join(dir, 'calls')) ? readFileSync(join(dir, 'calls'), 'utf8').trimEnd().split('\n') : []
  return { outcome, said, removed: calls.filter((call) => call.startsWith('image rm')), calls }
}

describe('the image that has the name after a load', () => {
  test.each([
    ['the configuration that was made', { loads: made.configDigest }, made.configDigest],
    ['the manifest that was made, in the containerd store', { loads: made.manifestDigest, containerd: true }, made.manifestDigest],
  ])('%s', async (_title, fake, id) => {
    expect(await provideBy(fake)).toMatchObject({ outcome: id, said: [], removed: [] })
  })

  test.each([
    ['another image', { loads: 'sha256:other' }, made.configDigest],
    ['a manifest where configurations are shown', { loads: made.manifestDigest }, made.configDigest],
    ['another image in the containerd store', { loads: made.configDigest, containerd: true }, made.manifestDigest],
  ])('%s is refused, and not removed', async (_title, fake, wanted) => {
    expect(await provideBy(fake)).toMatchObject({
      outcome:
        `a:1 is the image ${fake.loads} in docker after the load, but ${wanted} was loaded; ` +
        'another job may have taken the name meanwhile: give the images of each job a name of their own',
      removed: [],
    })
  })
})

test('an image that loses its name is named, unless it is the same', async () => {
  const loads = made.configDigest
  expect(await provideBy({ loads, had: 'sha256:older' })).toMatchObject({
    outcome: loads,
    said: ['a:1 was the name of the image sha256:older before'],
    removed: [],
  })
  rmSync(join(dir, 'loaded'))
  expect(await provideBy({ loads, had: loads })).toMatchObject({ outcome: loads, said: [] })
})

test('an archive in which the engine finds no image of that name is an error', async () => {
  const engine = { command: 'docker', store: 'overlay2', find: async () => undefined, load: async () => {} } as unknown as Engine
  await expect(provide(engine, { path: '/a.tar', name: 'a:1', ...made }, () => {})).rejects.toThrow(
    new EngineError('docker loaded /a.tar, but has no image a:1'),
  )
})

test('what else goes wrong with a load is passed on as it is', async () => {
  for (const error of [new EngineError('it is full', 'no-room'), new Error('ENOENT')]) {
    const load = () => Promise.reject(error)
    const engine = { command: 'docker', store: 'overlay2', find: async () => undefined, load } as unknown as Engine
    expect(await provide(engine, { path: '/a.tar', name: 'a:1', ...made }, () => {}).catch((thrown) => thrown)).toBe(error)
  }
})

test('a broken image has an error of its own kind, also once it is removed', async () => {
  const removed: string[] = []
  let isLoaded = false
  const engine = {
    ...{ command: 'docker', store: 'overlay2' },
    load: async () => {
      isLoaded = true
    },
    find: async () => (isLoaded ? { id: made.configDigest } : undefined),
    prove: () => Promise.reject(new BrokenImageError('no such file')),
    remove: async (id: string) => void removed.push(id),
  } as unknown as Engine
  const failed = provide(engine, { path: '/a.tar', name: 'a:1', ...made }, () => {})
  await expect(failed).rejects.toMatchObject({ kind: 'broken-image', message: 'no such file' })
  expect(removed).toEqual([made.configDigest])
})

describe('cleaning up', () => {
  const sound = { loads: made.configDigest }

  test('an image is proven by its ID, and nothing is ever pulled', async () => {
    const { calls } = await provideBy(sound)
    expect(calls.filter((call) => call.startsWith('create'))).toEqual([
      'create --pull never --label io.github.xenserver-ddk-action.proof=true --network none --platform linux/amd64 sha256:config /bin/true',
    ])
  })

  test("a container that can't be removed doesn't make the image unusable", async () => {
    expect(await provideBy({ ...sound, rm: 'echo "Error: device or resource busy" >&2; exit 1' })).toMatchObject({
      outcome: made.configDigest,
      said: ["docker couldn't remove the container container, which proved that the image is sound: Error: device or resource busy"],
      removed: [],
    })
  })

  test('a broken image is removed', async () => {
    const { outcome, removed } = await provideBy({ ...sound, create: 'echo "layer: no such file" >&2; exit 1' })
    expect(outcome).toBe("docker couldn't create a container from the image sha256:config: layer: no such file")
    expect(removed).toEqual(['image rm --force sha256:config'])
  })

  test('a broken image that cannot be removed is an error that says both', async () => {
    const create = 'echo "layer: no such file" >&2; exit 1'
    const { outcome } = await provideBy({ ...sound, create, removal: 'echo "it is in use" >&2; exit 1' })
    expect(outcome).toBe(
      "docker couldn't create a container from the image sha256:config: layer: no such file; " +
        "and docker couldn't remove the image sha256:config: it is in use",
    )
  })

  test('a broken image that had the name before the load stays', async () => {
    const { removed } = await provideBy({ ...sound, had: made.configDigest, create: 'echo "layer: no such file" >&2; exit 1' })
    expect(removed).toEqual([])
  })

  test.each([
    ['there is no room for a container', { create: 'echo "mkdir: no space left on device" >&2; exit 1' }],
    ['the engine had the image already', { create: 'echo "layer: no such file" >&2; exit 1', has: made.configDigest }],
  ])('an image stays if %s', async (_title, fake) => {
    const { outcome, removed } = await provideBy({ ...sound, ...fake })
    expect(outcome).toMatch(/^docker couldn't create a container/)
    expect(removed).toEqual([])
  })
})

test('an image stays if the engine is too slow to create a container, for which it has the time of a change', async () => {
  const deadlines = { greeting: 60, question: 60, change: 1 }
  const { outcome, removed } = await provideBy({ loads: made.configDigest, create: 'exec sleep 150' }, { deadlines })
  expect(outcome).toBe("docker couldn't create a container from the image sha256:config: it didn't answer within 1 seconds")
  expect(removed).toEqual([])
})

test('two images of one DDK have two names', () => {
  const identity = { product: 'x', version: '6.5.0', build: '90233c', kernelVersion: undefined, architecture: undefined }
  expect([imageName(identity, 'ddk'), imageName(identity, 'host')]).toEqual([
    'xenserver-ddk:6.5.0-90233c',
    'xenserver-ddk:6.5.0-90233c-host',
  ])
})
