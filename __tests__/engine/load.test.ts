import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, jest, test } from '@jest/globals'
import { type EngineCommand, engineCommand } from '../../src/engine/command.ts'
import type { LoadProgress } from '../../src/engine/engine.ts'
import { dockerLoad, type LoadMethod, load, podmanPull, podmanRemoteLoad } from '../../src/engine/load.ts'
import { fakeTimers } from '../support/fake-timers.ts'
import { until, withTempDir } from '../support/tools.ts'

afterEach(() => {
  jest.useRealTimers()
})

test('tells how far the engine has read', async () => {
  await withTempDir(async (dir) => {
    const archive = join(dir, 'archive.tar')
    writeFileSync(archive, Buffer.alloc(3 << 20))
    // An engine that reads a third, thinks until that has been told, and reads the rest.
    const engine = join(dir, 'engine')
    const told = join(dir, 'told')
    const script = `head -c 1048576 >/dev/null; until [ -e '${told}' ]; do sleep 0.05; done; cat >/dev/null`
    writeFileSync(engine, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const progress: LoadProgress[] = []
    await load(engineCommand(engine), dockerLoad, archive, (now) => {
      progress.push(now)
      if (now.given === 1 << 20) writeFileSync(told, '')
    })
    const given = progress.map(({ given }) => given)
    expect(given).toEqual(given.toSorted((a, b) => a! - b!))
    expect(given).toContain(1 << 20)
    expect(given.at(-1)).toBe(3 << 20)
    expect(progress.every(({ size }) => size === 3 << 20)).toBe(true)
  })
})

test.each<[string, (engine: string, archive: string) => Promise<unknown>]>([
  ['a load', (engine, archive) => load(engineCommand(engine), dockerLoad, archive)],
  ['an import', (engine) => engineCommand(engine).pour(['import', '-']).end()],
])('%s has a process group of its own, which a signal to this one does not reach', async (_what, use) => {
  await withTempDir(async (dir) => {
    const [engine, archive, seen] = ['engine', 'archive.tar', 'seen'].map((name) => join(dir, name)) as [string, string, string]
    writeFileSync(archive, '')
    // Its own number and its group's (proc_pid_stat(5)).
    writeFileSync(engine, `#!/bin/sh\nread -r pid _ _ _ group _ </proc/$$/stat\necho "$pid $group" >'${seen}'\n`, { mode: 0o755 })
    await use(engine, archive)
    const [pid, group] = readFileSync(seen, 'utf8').trim().split(' ')
    expect(group).toBe(pid)
  })
})

test('a load that is late is no longer awaited, but goes on', async () => {
  await withTempDir(async (dir) => {
    const [engine, go, loaded] = ['engine', 'go', 'loaded'].map((name) => join(dir, name)) as [string, string, string]
    writeFileSync(engine, `#!/bin/sh\nuntil [ -e '${go}' ]; do sleep 0.05; done\ntouch '${loaded}'\n`, { mode: 0o755 })
    const fd = openSync('/dev/null', 'r')
    expect(await engineCommand(engine).feed(['load'], fd, 0.2)).toMatchObject({ timedOut: true })
    closeSync(fd)
    writeFileSync(go, '')
    await until(() => existsSync(loaded))
  })
})

test('a load has half an hour, and one that takes longer is an error that says so', async () => {
  const deadlines: number[] = []
  const slow: EngineCommand = {
    ...engineCommand('docker'),
    async feed(_args, _stdin, deadline) {
      deadlines.push(deadline)
      return { stdout: '', lastWord: '', missing: false, timedOut: true }
    },
  }
  await expect(load(slow, dockerLoad, '/dev/null')).rejects.toThrow(
    "docker couldn't load /dev/null: it wasn't done after 30 minutes, and is left to itself",
  )
  expect(deadlines).toEqual([1800])
})

/** An engine whose loads end so, once `meanwhile` is over. */
function ending(code: number, meanwhile = async () => {}): EngineCommand {
  return {
    ...engineCommand('docker'),
    async feed() {
      await meanwhile()
      return { code, stdout: '', lastWord: 'it is full', missing: false, timedOut: false }
    },
  }
}

test.each([
  [0, undefined],
  [1, "docker couldn't load /dev/null: it is full"],
])('a load that ends with %i leaves no open file, and nothing that reports', async (code, error) => {
  await withTempDir(async (dir) => {
    const archive = join(dir, 'archive.tar')
    writeFileSync(archive, '')
    fakeTimers()
    const failed = await load(ending(code), dockerLoad, archive).then(
      () => undefined,
      ({ message }: Error) => message.replace(archive, '/dev/null'),
    )
    expect([failed, jest.getTimerCount()]).toEqual([error, 0])
    // Files that others have closed meanwhile have no link.
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return []
      }
    })
    expect(open).not.toContain(archive)
  })
})

test.each<[string, LoadMethod, number | undefined]>([
  ['Docker', dockerLoad, 0],
  ['Podman on another machine', podmanRemoteLoad, 0],
  ['Podman, which reads here and there', podmanPull, undefined],
])('reports each second, and at the end of a load, but not if it fails: %s', async (_title, method, given) => {
  fakeTimers()
  const progress: LoadProgress[] = []
  const seconds = async () => void jest.advanceTimersByTime(3000)
  const start = performance.now()
  await load(ending(0, seconds), method, '/dev/null', (now) => progress.push(now))
  const took = performance.now() - start
  expect(progress.map(({ given, size }) => [given, size])).toEqual(Array(4).fill([given, 0]))
  for (const { milliseconds } of progress) {
    expect(milliseconds).toBeGreaterThanOrEqual(0)
    expect(milliseconds).toBeLessThanOrEqual(Math.ceil(took))
  }
  await expect(load(ending(1, seconds), method, '/dev/null', (now) => progress.push(now))).rejects.toThrow('it is full')
  expect(progress).toHaveLength(7)
})

test('an archive that is not there is an error', async () => {
  await expect(load(engineCommand('docker'), dockerLoad, '/nonexistent/archive.tar')).rejects.toThrow('ENOENT')
})
