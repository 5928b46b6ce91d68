import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type EngineCommand, engineCommand } from '../../src/engine/command.ts'
import type { LoadProgress } from '../../src/engine/engine.ts'
import { dockerLoad, load } from '../../src/engine/load.ts'
import { until, withTempDir } from '../support/tools.ts'

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
