import { expect, test } from '@jest/globals'
import type { Engine, Image } from '../../src/engine/engine.ts'
import type { ProgressState } from '../../src/phase/progress.ts'
import { loadWithProgress } from '../../src/report/steps.ts'

const image: Image = { id: 'sha256:1', names: ['a:1'], labels: {}, platform: 'linux/386', layers: 2, entrypoint: [] }

test('a load shows how much the engine has read, then that it unpacks, and at last the image', async () => {
  let loaded = false
  const engine: Partial<Engine> = {
    ...{ name: 'docker', command: 'docker', store: 'overlay2' },
    async find() {
      return loaded ? image : undefined
    },
    async load(_path, onProgress) {
      for (const given of [{ given: 1 }, { given: 3 }, { given: 4 }, {}]) onProgress?.({ ...given, size: 4, milliseconds: 0 })
      loaded = true
    },
    async prove() {
      return { cleared: Promise.resolve() }
    },
  }
  const said: string[] = []
  const shown: ProgressState[] = []
  const archived = { path: '/srv/ddk.tar', name: 'a:1', configDigest: 'sha256:1', manifestDigest: 'sha256:2' }
  const say = (line: string) => said.push(line)
  expect(await loadWithProgress(engine as Engine, archived, say, (progress) => shown.push(progress))).toBe(image)
  expect(shown).toEqual([
    { doing: 'docker is reading', done: 1, total: 4 },
    { doing: 'docker is reading', done: 3, total: 4 },
    { doing: 'docker is unpacking' },
    { doing: 'docker is unpacking' },
  ])
  expect(said).toEqual([expect.stringMatching(/^Loaded a:1 \(sha256:1\) in \d+\.\d s, and checked it by creating a container$/)])
})
