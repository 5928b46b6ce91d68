import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { engineCommand } from '../../src/engine/command.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { dockerLayerStore } from '../../src/engine/import.ts'
import { fakeTimers, untilSo } from '../support/fake-timers.ts'

// Imports by a script that answers as Docker does; import.test.ts has real engines.

const digest = `sha256:${'1a'.repeat(32)}`
let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-layer-store-'))
})
afterEach(() => {
  jest.useRealTimers()
  rmSync(dir, { recursive: true, force: true })
})

/** @param extra lines of shell that come first */
function store(extra = '', signal?: AbortSignal) {
  const script = `#!/bin/sh
cd '${dir}'
echo "$*" >>calls
${extra}
case "$1 $2" in
  'import --change') cat >imported; echo sha256:image ;;
  'image inspect') echo ${digest} ;;
esac
`
  writeFileSync(join(dir, 'engine'), script, { mode: 0o755 })
  return dockerLayerStore(engineCommand(join(dir, 'engine'), { signal }))
}
const calls = () => (existsSync(join(dir, 'calls')) ? readFileSync(join(dir, 'calls'), 'utf8').trimEnd().split('\n') : [])
const couldnt = (what: string) => `${join(dir, 'engine')} couldn't ${what}`

describe('an import', () => {
  test('gets all pieces in their order, and has the digest that the engine tells of the image', async () => {
    const layer = store().import('a-mark')
    await layer.write(Buffer.from('one '))
    await layer.write(Buffer.from('two'))
    expect(await layer.finish()).toBe(digest)
    expect(readFileSync(join(dir, 'imported'), 'utf8')).toBe('one two')
    expect(calls()).toEqual([
      'import --change LABEL io.github.xenserver-ddk-action.import=a-mark -',
      'image inspect --format {{index .RootFS.Layers 0}} -- sha256:image',
    ])
  })

  test.each([`x${digest}`, `${digest}0`, digest.slice(0, -1), digest.toUpperCase(), 'sha512:1', ''])(
    'is an error if the engine says %j instead of a digest',
    async (answer) => {
      const layer = store(`if [ $1 = image ]; then echo '${answer}'; exit; fi`).import('a-mark')
      const message = couldnt(`tell the digest of the layer that it imported: it said ${answer}`)
      await expect(layer.finish()).rejects.toThrow(new EngineError(message))
    },
  )

  test('that the engine refuses in the middle is an error with its last word, at the next piece', async () => {
    const layer = store('echo "it is Tuesday" >&2; exit 1').import('a-mark')
    const writing = (async () => {
      for (;;) await layer.write(Buffer.alloc(1 << 20))
    })()
    await expect(writing).rejects.toThrow(new EngineError(couldnt('import the root filesystem: it is Tuesday')))
  })

  test('that the engine refuses at its end is an error, although it printed an image', async () => {
    const layer = store('cat >/dev/null; echo sha256:image; echo "it is Tuesday" >&2; exit 1').import('a-mark')
    await layer.write(Buffer.from('x'))
    await expect(layer.finish()).rejects.toThrow(new EngineError(couldnt('import the root filesystem: it is Tuesday')))
    expect(calls()).toHaveLength(1)
  })

  test('is not started once the job is cancelled', () => {
    const { import: start } = store('', AbortSignal.abort(new Error('Cancelled')))
    expect(() => start('a-mark')).toThrow('Cancelled')
    expect(calls()).toEqual([])
  })

  test('that is given up is ended, and its image is not asked for', async () => {
    const layer = store('echo $$ >pid; exec sleep 1000').import('a-mark')
    const pid = join(dir, 'pid')
    while (!existsSync(pid) || readFileSync(pid, 'utf8') === '') await new Promise((resolve) => setTimeout(resolve, 5))
    await layer.abort()
    expect(() => process.kill(Number(readFileSync(pid, 'utf8')), 0)).toThrow('ESRCH')
    expect(calls()).toHaveLength(1)
  })
})

describe('an engine that takes nothing more for half an hour', () => {
  const late = () => couldnt('import the root filesystem: it took nothing more for 30 minutes')
  const halfAnHour = 30 * 60_000
  // It reads nothing, and a pipe takes no more than 64 KiB of a piece.
  const stuck = 'touch begun; exec sleep 1000'
  const begun = () => untilSo(() => existsSync(join(dir, 'begun')))

  test('in the middle of a layer is ended', async () => {
    fakeTimers()
    const layer = store(stuck).import('a-mark')
    await begun()
    const writing = layer.write(Buffer.alloc(1 << 20))
    jest.advanceTimersByTime(halfAnHour)
    await expect(writing).rejects.toThrow(new EngineError(late()))
  })

  test('at the end of a layer is ended', async () => {
    fakeTimers()
    const layer = store(stuck).import('a-mark')
    await begun()
    const finishing = layer.finish()
    jest.advanceTimersByTime(halfAnHour - 1)
    jest.advanceTimersByTime(1)
    await expect(finishing).rejects.toThrow(new EngineError(late()))
  })

  test('because it has got nothing more is left alone', async () => {
    fakeTimers()
    const layer = store().import('a-mark')
    jest.advanceTimersByTime(2 * halfAnHour)
    await layer.write(Buffer.from('x'))
    jest.advanceTimersByTime(2 * halfAnHour)
    await layer.write(Buffer.from('y'))
    expect(jest.getTimerCount()).toBe(0)
    jest.useRealTimers()
    expect(await layer.finish()).toBe(digest)
  })
})

describe('the images of imports', () => {
  test('are removed once each, even when the job is cancelled', async () => {
    const listed = 'if [ $1 = images ]; then printf "sha256:1\\n\\nsha256:2\\nsha256:1\\n"; fi'
    await store(listed, AbortSignal.abort(new Error('Cancelled'))).removeImports('a-mark')
    expect(calls()).toEqual([
      'images --quiet --no-trunc --filter label=io.github.xenserver-ddk-action.import=a-mark',
      'image rm sha256:1',
      'image rm sha256:2',
    ])
  })

  test('are none if the engine lists none', async () => {
    await store().removeImports('a-mark')
    expect(calls()).toHaveLength(1)
  })

  test('that cannot be listed, or removed, are an error', async () => {
    await expect(store('echo "it is away" >&2; exit 1').removeImports('a-mark')).rejects.toThrow(
      new EngineError(couldnt('look for imported layers: it is away')),
    )
    const inUse = 'if [ $1 = images ]; then echo sha256:1; exit; fi; echo "it is in use" >&2; exit 1'
    await expect(store(inUse).removeImports('a-mark')).rejects.toThrow(
      new EngineError(couldnt('remove the image sha256:1, which held an imported layer: it is in use')),
    )
  })
})
