import { describe, expect, test } from '@jest/globals'
import { type CallOptions, engineCommand } from '../../src/engine/command.ts'
import type { Image } from '../../src/engine/engine.ts'
import { BrokenImageError, EngineError } from '../../src/engine/errors.ts'
import { images } from '../../src/engine/images.ts'
import { cantLoad } from '../../src/engine/layer-support.ts'
import type { Finished } from '../../src/programs/finished.ts'

// What is read from an engine's answers. The engine has only words.

/** Answers each call with the next of these, and keeps the calls. */
function engineOf(answers: readonly Partial<Finished>[], { platformOption = true } = {}) {
  const calls: { readonly words: string; readonly options: CallOptions }[] = []
  const command = {
    ...engineCommand('docker'),
    async call(args: readonly string[], options: CallOptions = {}): Promise<Finished> {
      calls.push({ words: args.join(' '), options })
      return { code: 0, stdout: '', lastWord: '', missing: false, timedOut: false, ...answers[calls.length - 1] }
    },
  }
  return { engine: images(command, platformOption), calls }
}

const failed = (lastWord: string, code?: number) => ({ lastWord, code: code as number })
const thrown = (error: unknown) => error
const full = {
  Id: 'sha256:1',
  RepoTags: ['a:1', 'b:2'],
  Size: 1234,
  RootFS: { Layers: ['sha256:2', 'sha256:3'] },
  Os: 'linux',
  Architecture: '386',
  Config: { Labels: { a: 'b' }, Entrypoint: ['/bin/sh', '-c'] },
}

describe('an image is described', () => {
  const described = async (json: unknown) => {
    const { engine, calls } = engineOf([{ stdout: JSON.stringify(json) }])
    const image = await engine.find('-a:1')
    expect(calls.map(({ words }) => words)).toEqual(['image inspect -- -a:1'])
    return image
  }

  test('with all that is known of it', async () => {
    expect(await described([full])).toEqual({
      id: 'sha256:1',
      names: ['a:1', 'b:2'],
      labels: { a: 'b' },
      platform: 'linux/386',
      layers: 2,
      size: 1234,
      entrypoint: ['/bin/sh', '-c'],
    })
  })

  test.each([
    { RepoTags: null, RootFS: null, Config: null },
    { RootFS: { Layers: null }, Config: { Labels: null, Entrypoint: null } },
    { RootFS: {}, Config: {} },
  ])('without what an engine leaves out, as %j', async (parts) => {
    const image = { names: [], labels: {}, platform: 'linux/amd64', layers: 0, size: undefined, entrypoint: [] }
    // Podman's IDs have no algorithm.
    expect(await described([{ Id: 'abc', Os: 'linux', Architecture: 'amd64', ...parts }])).toEqual({ id: 'sha256:abc', ...image })
  })

  test('not at all if the engine says nothing of it', async () => {
    await expect(described([])).rejects.toThrow(new EngineError('docker reports no details about the image -a:1'))
  })
})

describe('an image is missing', () => {
  test.each(['Error: No such image: a:1', 'Error response from daemon: no such object: a:1', 'Error: a:1: image not known'])(
    'if the engine says %j',
    async (lastWord) => {
      expect(await engineOf([failed(lastWord, 1)]).engine.find('a:1')).toBeUndefined()
      await expect(engineOf([failed(lastWord, 1)]).engine.imageId('a:1')).rejects.toThrow(new EngineError('docker has no image a:1'))
    },
  )

  test.each([
    ['permission denied', 1, 'permission denied'],
    ['', 3, 'it ended with exit code 3'],
  ])('is not what %j with the status %d means', async (lastWord, code, reason) => {
    await expect(engineOf([failed(lastWord, code)]).engine.find('a:1')).rejects.toThrow(
      new EngineError(`docker couldn't look for the image a:1: ${reason}`),
    )
  })
})

test('images with a label are listed once each, whatever ends the lines', async () => {
  const { engine, calls } = engineOf([{ stdout: 'sha256:1\nsha256:2\r\nsha256:1\n\n sha256:3\n' }, { stdout: '\n' }])
  expect(await engine.labelled('a', 'b')).toEqual(['sha256:1', 'sha256:2', 'sha256:3'])
  expect(await engine.labelled('a', 'b')).toEqual([])
  expect(calls[0]!.words).toBe('images --all --quiet --no-trunc --filter label=a=b')
})

test('what changes an image has the time of a change', async () => {
  const { engine, calls } = engineOf([{}, {}, { stdout: JSON.stringify([full]) }])
  await engine.tag('sha256:1', 'a:1')
  await engine.remove('sha256:1')
  expect(await engine.imageId('a:1')).toBe('sha256:1')
  expect(calls).toEqual([
    { words: 'tag sha256:1 a:1', options: { deadline: 'change' } },
    { words: 'image rm --force sha256:1', options: { deadline: 'change' } },
    { words: 'image inspect -- a:1', options: {} },
  ])
})

describe('a proof', () => {
  const image: Image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/386', layers: 2, entrypoint: [] }
  const create = 'create --pull never --label io.github.xenserver-ddk-action.proof=true --network none'

  test.each([
    [true, `${create} --platform linux/386 sha256:1 /bin/true`],
    [false, `${create} sha256:1 /bin/true`],
  ])('names the platform if the engine has an option for it: %s', async (platformOption, first) => {
    const { engine, calls } = engineOf([{ stdout: 'container-1\n' }], { platformOption })
    await (await engine.prove(image)).cleared
    expect(calls).toEqual([
      { words: first, options: { deadline: 'change' } },
      { words: 'rm --force container-1', options: { deadline: 'change', evenIfCancelled: true } },
    ])
  })

  test('that leaves its container is one sentence, and a proof all the same', async () => {
    const said: string[] = []
    const { engine } = engineOf([{ stdout: 'container-1\n' }, failed('it is busy', 1)])
    await (await engine.prove(image, (line) => said.push(line))).cleared
    expect(said).toEqual(["docker couldn't remove the container container-1, which proved that the image is sound: it is busy"])
    await (await engineOf([{}, failed('it is busy', 1)]).engine.prove(image)).cleared
  })

  const refused = async (lastWord: string, code?: number) => {
    const { engine, calls } = engineOf([failed(lastWord, code)])
    const error = (await engine.prove(image).catch(thrown)) as EngineError
    expect(calls).toHaveLength(1)
    return { name: error.constructor, kind: error.kind, message: error.message }
  }
  const message = "docker couldn't create a container from the image sha256:1:"

  test('that fails is the fault of the image', async () => {
    expect(await refused('no such file', 1)).toEqual({ name: BrokenImageError, kind: 'broken-image', message: `${message} no such file` })
    expect(await refused('', 125)).toMatchObject({ name: BrokenImageError, message: `${message} it ended with exit code 125` })
  })

  test.each([
    ['there is no room', 'write /x: No space left on device', 1, 'no-room', '; free some space on the disk of its data folder'],
    ['the engine did not answer', "it didn't answer within 120 seconds", undefined, 'engine', ''],
  ])('is none of the image if %s', async (_title, lastWord, code, kind, wayOut) => {
    expect(await refused(lastWord, code)).toEqual({ name: EngineError, kind, message: `${message} ${lastWord}${wayOut}` })
  })
})

describe('layers that are compressed with zstd', () => {
  const docker = { name: 'docker', version: '20.10.24', loadsZstd: false } as Parameters<typeof cantLoad>[0]

  test('are refused by an engine that is too old, and only these', () => {
    expect(cantLoad(docker, 'zstd')).toBe(
      "docker 20.10.24 can't load layers that are compressed with zstd, which takes Docker 23 or later; choose gzip or none",
    )
    expect(['gzip', 'none'].map((compression) => cantLoad(docker, compression))).toEqual([undefined, undefined])
    expect(cantLoad({ ...docker, loadsZstd: true }, 'zstd')).toBeUndefined()
  })
})
