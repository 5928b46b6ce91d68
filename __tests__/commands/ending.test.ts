import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'

// However a command ends, nothing half-done is left. What ends it is put where it has begun to write, so that no test waits for the right moment.

let dir = ''
let iso = ''
let [out, temp] = ['', '']
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-command-ending-'))
  iso = join(dir, 'small.iso')
  await makeDdkIso({ iso })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(() => {
  ;[out, temp] = [mkdtempSync(join(dir, 'out-')), mkdtempSync(join(dir, 'temp-'))]
})

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** Runs a command that does `what` when it has written the first bytes of its output. `closed` are streams that nobody reads. */
async function endedBy(what: string, words: readonly string[], closed: readonly ('stdout' | 'stderr')[] = []): Promise<Ended> {
  const preload = join(mkdtempSync(join(dir, 'preload-')), 'preload.cjs')
  writeFileSync(
    preload,
    `const fs = require('node:fs')
    const { isMainThread } = require('node:worker_threads')
    const write = fs.writeSync
    let done = !isMainThread
    fs.writeSync = (fd, ...rest) => {
      const written = write(fd, ...rest)
      if (done || !fs.readlinkSync('/proc/self/fd/' + fd).endsWith('.part')) return written
      done = true
      ${what}
      return written
    }
    require('node:module').syncBuiltinESMExports()`,
  )
  const env = { ...process.env, NODE_OPTIONS: `--require=${preload}` }
  const child = spawn(process.execPath, ['src/cli.ts', ...words, '--temp-dir', temp], { env })
  let stderr = ''
  child.stderr.on('data', (text) => {
    stderr += text
  })
  for (const name of closed) child[name].destroy()
  const [code, signal] = await once(child, 'exit')
  if (!closed.includes('stderr') && !child.stderr.readableEnded) await once(child.stderr, 'end')
  return { code, signal, stderr }
}

const kill = (signal: string) => `process.kill(process.pid, '${signal}');`
const fails = "throw Object.assign(new Error('write ENOSPC'), { errno: -28, code: 'ENOSPC', syscall: 'write' })"

describe.each([
  ['convert', () => ['convert', iso, '-o', join(out, 'image.tar')]],
  ['raw', () => ['raw', iso, '-o', join(out, 'disk.raw')]],
])('%s', (_name, words) => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s', async (signal) => {
    expect(await endedBy(kill(signal), words())).toEqual({
      code: 1,
      signal: null,
      stderr: expect.stringMatching(`^(times before 1970 .*\n)?xenserver-ddk: stopped by ${signal}\n$`),
    })
    expect([readdirSync(out), readdirSync(temp)]).toEqual([[], []])
  })
  test.each([
    ['twice', kill('SIGINT') + kill('SIGINT')],
    ['another one', kill('SIGINT') + kill('SIGTERM')],
  ])('%s', async (_times, what) => {
    const { code, signal } = await endedBy(what, words())
    // The kernel may make one of two, or bring them in another order.
    expect([1, 130, 143]).toContain(code)
    expect(signal).toBeNull()
    expect([readdirSync(out), readdirSync(temp)]).toEqual([[], []])
  })
  test('standard output that nobody reads', async () => {
    expect(await endedBy("process.stdout.write('x')", words(), ['stdout'])).toMatchObject({ code: 0, signal: null })
    expect([readdirSync(out), readdirSync(temp)]).toEqual([[], []])
  })
  test('if nobody reads standard error, it continues', async () => {
    const file = words().at(-1)!
    expect(await endedBy("process.stderr.write('x')", words(), ['stderr'])).toMatchObject({ code: 0, signal: null })
    expect([readdirSync(out).map((name) => join(out, name)), readdirSync(temp)]).toEqual([[file], []])
  })
  test('an uncaught error', async () => {
    const { code, stderr } = await endedBy("setImmediate(() => { throw new Error('it is broken') })", words())
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/xenserver-ddk: it is broken\nSee docs\/troubleshooting\.md#any-other-error\n$/),
    ])
    expect([readdirSync(out), readdirSync(temp)]).toEqual([[], []])
  })
  test('the disk is full', async () => {
    const { code, stderr } = await endedBy(fails, words())
    expect([code, stderr]).toEqual([1, expect.stringContaining("it can't be written (no space left on device)\n")])
    expect([readdirSync(out), readdirSync(temp)]).toEqual([[], []])
  })
})

test('a folder for temporary files is removed as well when nothing was begun', async () => {
  mkdirSync(join(out, 'folder'))
  const { code } = await endedBy('', ['convert', iso, '-o', join(out, 'folder')])
  expect([code, readdirSync(temp)]).toEqual([1, []])
})
