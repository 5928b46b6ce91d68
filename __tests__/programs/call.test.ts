import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { callProgram } from '../../src/programs/call.ts'
import { run, withTempDir } from '../support/tools.ts'

const environment = { ...process.env }
afterEach(() => {
  process.env = { ...environment }
})

/** Seconds; far more than any of these programs takes. */
const ample = 20

/** Runs `use` with a PATH that has these programs and no other. */
async function withPath(programs: Readonly<Record<string, string>>, use: () => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(dir, name))
    process.env.PATH = dir
    await use()
  })
}

const pathOf = (program: string) => run('sh', ['-c', `command -v ${program}`], { env: environment }).trim()

/** Where `timeout` comes from; without one, Node ends the program. */
const machines: [string, Record<string, string>][] = [
  ['with timeout of coreutils', { sh: '/bin/sh', timeout: pathOf('timeout') }],
  ['with timeout of BusyBox', { sh: '/bin/sh', timeout: '/bin/busybox' }],
  ['without timeout', { sh: '/bin/sh' }],
]

describe.each(machines)('%s', (_title, programs) => {
  test('returns the output, the exit code and the last line of standard error', async () => {
    await withPath(programs, async () => {
      const script = 'echo out; echo first >&2; printf "a bar\\rlast word  \\n\\n" >&2; exit 7'
      expect(await callProgram('sh', ['-c', script], ample)).toEqual({
        code: 7,
        stdout: 'out\n',
        lastWord: 'last word',
        missing: false,
        timedOut: false,
      })
    })
  })

  test('passes arguments unchanged', async () => {
    await withPath(programs, async () => {
      expect((await callProgram('sh', ['-c', 'printf %s "$1"', 'sh', '$HOME "* \n'], ample)).stdout).toBe('$HOME "* \n')
    })
  })

  test('knows a program that is missing from one that fails', async () => {
    await withPath(programs, async () => {
      expect(await callProgram('no-such-program', [], ample)).toMatchObject({ missing: true })
      const notAProgram = await callProgram('/', [], ample)
      expect(notAProgram).toMatchObject({ missing: false, lastWord: expect.stringMatching(/EACCES|Permission denied/) })
      expect(notAProgram.code).toBeUndefined()
      const own = await callProgram('sh', ['-c', 'echo "sh: no such container" >&2; exit 127'], ample)
      expect(own).toMatchObject({ code: 127, missing: false, lastWord: 'sh: no such container' })
    })
  })

  test('ends a program that takes too long, even if it ignores SIGTERM', async () => {
    await withPath({ ...programs, sleep: pathOf('sleep') }, async () => {
      // Either is longer than this test may take.
      for (const script of ['exec sleep 150', "trap '' TERM; while :; do sleep 1; done"]) {
        expect(await callProgram('sh', ['-c', script], 1)).toMatchObject({ timedOut: true, lastWord: '' })
      }
    })
  })

  test('adds nothing to the environment', async () => {
    await withPath({ ...programs, env: pathOf('env') }, async () => {
      const names = (await callProgram('env', [], ample)).stdout.match(/^\w+(?==)/gm)!
      expect(names.filter((name) => !Object.hasOwn(process.env, name))).toEqual([])
    })
  })
})

test('ends what the program has started as well', async () => {
  await withTempDir(async (dir) => {
    const late = join(dir, 'late')
    const script = `(sleep 2; echo >'${late}') & echo $! >'${dir}/pid'; sleep 30`
    expect(await callProgram('sh', ['-c', script], 1)).toMatchObject({ timedOut: true })
    expect(Number(readFileSync(join(dir, 'pid'), 'utf8'))).toBeGreaterThan(1)
    await sleep(2000)
    expect(existsSync(late)).toBe(false)
  })
})

test('says that a signal ended it', async () => {
  const finished = await callProgram('sh', ['-c', 'kill -TERM $$'], ample)
  expect(finished).toMatchObject({ lastWord: 'ended by a signal', timedOut: false })
  expect(finished.code).toBeUndefined()
})
