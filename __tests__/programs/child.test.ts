import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { runChild } from '../../src/programs/child.ts'
import { until, withTempDir } from '../support/tools.ts'

const deadline = 20

describe('runChild', () => {
  test('returns the output, the exit code and the last line of standard error', async () => {
    const finished = await runChild('sh', ['-c', 'echo out; echo first >&2; printf "a bar\\rlast word  \\n\\n" >&2; exit 7'], { deadline })
    expect(finished).toEqual({ code: 7, stdout: 'out\n', lastWord: 'last word', missing: false, timedOut: false })
  })

  test('knows a program that is missing from one that fails', async () => {
    expect(await runChild('no-such-program', [], { deadline })).toMatchObject({ missing: true })
    expect(await runChild('/', [], { deadline })).toMatchObject({ missing: false, lastWord: expect.stringContaining('EACCES') })
  })

  test('names the signal that ended it', async () => {
    expect((await runChild('sh', ['-c', 'kill -TERM $$'], { deadline })).lastWord).toBe('ended by SIGTERM')
  })

  test("doesn't wait after the deadline, not even for a grandchild", async () => {
    // Longer than this test may take.
    expect(await runChild('sh', ['-c', 'sleep 150 & sleep 150'], { deadline: 0.2 })).toMatchObject({ timedOut: true, lastWord: '' })
  })

  test('limits the output that is kept', async () => {
    const { code, stdout } = await runChild('sh', ['-c', 'head -c 40000000 /dev/zero'], { deadline })
    expect(code).toBe(0)
    expect(stdout.length).toBeLessThanOrEqual(16 << 20)
  })

  test('runs the program in its own process group if requested', async () => {
    const group = async (detached: boolean) =>
      (await runChild('sh', ['-c', 'ps -o pgid= -p $$; echo $$'], { deadline, detached })).stdout.split(/\s+/).filter(Boolean)
    const [itsGroup, itself] = await group(true)
    expect(itsGroup).toBe(itself)
    const [ourGroup, other] = await group(false)
    expect(ourGroup).not.toBe(other)
  })

  test('is ended by a signal, and not started after one', async () => {
    const stop = new AbortController()
    const running = runChild('sleep', ['150'], { deadline: 150, signal: stop.signal })
    setTimeout(() => stop.abort(new Error('Cancelled')), 100)
    await expect(running).rejects.toThrow('Cancelled')
    await withTempDir(async (dir) => {
      const touched = join(dir, 'touched')
      await expect(runChild('touch', [touched], { deadline, signal: stop.signal })).rejects.toThrow('Cancelled')
      await sleep(100)
      expect(() => readFileSync(touched)).toThrow('ENOENT')
    })
  })

  test('leaves a late program running if requested, without keeping this process alive', async () => {
    await withTempDir(async (dir) => {
      const module = pathToFileURL(join(import.meta.dirname, '../../src/programs/child.ts')).href
      const script = `until [ -e ${dir}/go ]; do sleep 0.05; done; echo >${dir}/done`
      const call = `runChild('sh', ['-c', '${script}'], { deadline: 0.2, atDeadline: 'leave', detached: true })`
      const program = `import('${module}').then((it) => it.${call}).then(({ timedOut }) => console.log(timedOut))`
      expect(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })).toBe('true\n')
      expect(existsSync(join(dir, 'done'))).toBe(false)
      writeFileSync(join(dir, 'go'), '')
      await until(() => existsSync(join(dir, 'done')))
    })
  })
})
