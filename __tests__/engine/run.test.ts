import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { LoadProgress } from '../../src/engine/engine.ts'
import { dockerLoad, load } from '../../src/engine/load.ts'
import { run } from '../../src/engine/run.ts'
import { withTempDir } from '../support/tools.ts'

describe('run', () => {
  test('gives the output, the exit code and the last word', async () => {
    const finished = await run('sh', ['-c', 'echo out; echo first >&2; printf "a bar\\rlast word  \\n\\n" >&2; exit 7'])
    expect(finished).toEqual({ code: 7, stdout: 'out\n', lastWord: 'last word', missing: false, timedOut: false })
  })

  test('gives arguments as they are', async () => {
    expect((await run('printf', ['%s', '$HOME "* \n'])).stdout).toBe('$HOME "* \n')
  })

  test('knows a program that is missing from one that fails', async () => {
    expect(await run('no-such-program', [])).toMatchObject({ missing: true })
    expect(await run('/', [])).toMatchObject({ missing: false, lastWord: expect.stringContaining('EACCES') })
  })

  test('names the signal that ended it', async () => {
    expect((await run('sh', ['-c', 'kill -TERM $$'])).lastWord).toBe('ended by SIGTERM')
  })

  test('does not wait beyond its time, not even for a grandchild', async () => {
    const start = performance.now()
    expect(await run('sh', ['-c', 'sleep 20 & sleep 20'], { timeout: 200 })).toMatchObject({ timedOut: true, lastWord: '' })
    expect(performance.now() - start).toBeLessThan(5000)
  })

  test('gives a process group of its own if asked', async () => {
    const group = async (detached: boolean) =>
      (await run('sh', ['-c', 'ps -o pgid= -p $$; echo $$'], { detached })).stdout.split(/\s+/).filter(Boolean)
    const [itsGroup, itself] = await group(true)
    expect(itsGroup).toBe(itself)
    const [ourGroup, other] = await group(false)
    expect(ourGroup).not.toBe(other)
  })
})

describe('load', () => {
  test('tells how far the engine has read', async () => {
    await withTempDir(async (dir) => {
      const archive = join(dir, 'archive.tar')
      writeFileSync(archive, Buffer.alloc(3 << 20))
      // An engine that reads a third, thinks for a while, and reads the rest.
      const engine = join(dir, 'engine')
      writeFileSync(engine, '#!/bin/sh\nhead -c 1048576 >/dev/null; sleep 1.4; cat >/dev/null\n', { mode: 0o755 })
      const progress: LoadProgress[] = []
      await load(engine, dockerLoad, archive, (now) => progress.push(now))
      expect(progress.map(({ given }) => given)).toEqual([1 << 20, 3 << 20])
      expect(progress.every(({ size }) => size === 3 << 20)).toBe(true)
    })
  })
})
