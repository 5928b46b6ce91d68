import { expect, test } from '@jest/globals'
import type { LayerImport } from '../../src/engine/engine.ts'
import { RootImport } from '../../src/engine/root-import.ts'

const digest = `sha256:${'1'.repeat(64)}`

/** An import that writes down the marks that it is given. */
function importInto(marks: string[]): RootImport {
  const layer: LayerImport = { async write() {}, finish: async () => digest, async abort() {} }
  const store = {
    import(mark: string) {
      marks.push(mark)
      return layer
    },
    async removeImports(mark: string) {
      marks.push(`removed ${mark}`)
    },
  }
  return new RootImport(store, 'a-mark')
}

test('the engine has the layer once the import is finished, and not while another one is under way', async () => {
  const marks: string[] = []
  const root = importInto(marks)
  const first = root.sink!()
  expect(root.done).toBe(false)
  expect(await first.finish()).toBe(digest)
  expect(root.done).toBe(true)
  root.sink!()
  expect([root.done, marks]).toEqual([false, ['a-mark', 'a-mark']])
  await root.cleanUp()
  expect(marks.at(-1)).toBe('removed a-mark')
})

test('the engine does not have the layer as long as it is at work with its end, nor if it fails', async () => {
  let fail = (_error: Error) => {}
  const end = new Promise<string>((_resolve, reject) => {
    fail = reject
  })
  const layer: LayerImport = { async write() {}, finish: () => end, async abort() {} }
  const root = new RootImport({ import: () => layer, async removeImports() {} }, 'a-mark')
  const finishing = root.sink!().finish()
  await new Promise((resolve) => setImmediate(resolve))
  expect(root.done).toBe(false)
  fail(new Error('it is Tuesday'))
  await expect(finishing).rejects.toThrow('it is Tuesday')
  expect(root.done).toBe(false)
})

test('once imports are given up, archives are whole: nothing is imported, nor is what was imported used', async () => {
  const root = importInto([])
  await root.sink!().finish()
  root.giveUp()
  expect([root.done, root.sink]).toEqual([false, undefined])
})
