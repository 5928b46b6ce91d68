import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { startCacheService } from './support/cache-service.ts'
import { bundle } from './support/cli.ts'
import { callsOf, fakeDocker } from './support/fake-docker.ts'
import { olderNode } from './support/machine.ts'
import { makeRunner, type Runner } from './support/runner.ts'
import { unless } from './support/skip.ts'
import { sh } from './support/tools.ts'

// However a step ends: one sentence, and nothing left behind.

let dir = ''
let iso = ''
let runner: Runner
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-ending-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(() => {
  runner = makeRunner(dir, join(dir, 'dist/main.cjs'))
})

/** Without the links to their explanations. */
const errorsIn = (log: string) => {
  const errors = log.split('\n').filter((line) => line.startsWith('::error::'))
  return errors.map((line) => line.replace(/\. See docs\/troubleshooting\.md#[\w-]+$/, ''))
}

/** Has every thread and process of the bundle run a script first. */
function preloaded(script: string): NodeJS.ProcessEnv {
  const file = join(mkdtempSync(join(dir, 'preload-')), 'preload.cjs')
  writeFileSync(file, `const { isMainThread, workerData } = require('node:worker_threads')\n${script}`)
  return { NODE_OPTIONS: `--require=${file}` }
}

describe('an uncaught error is one sentence, and the step fails', () => {
  const thrown = (when: string, how: string) => `if (${when}) setTimeout(() => { ${how} }, 1)`
  // The thread that converts makes no pause before it is done with so small a root.
  const thrownAtOnce = (when: string, how: string) => `if (${when}) process.nextTick(() => { ${how} })`
  const fromMain = 'isMainThread && process.argv[1].endsWith("/main.cjs")'
  const fromConverter = '!isMainThread && workerData.input'
  const fromInflater = '!isMainThread && workerData.files'
  test.each([
    ['an exception in the main thread', thrown(fromMain, 'throw new Error("it is broken")'), 'it is broken'],
    ['a rejection in the main thread', thrown(fromMain, 'Promise.reject(new Error("it is broken"))'), 'it is broken'],
    ['a rejection with no error', thrown(fromMain, 'Promise.reject("nothing")'), 'it failed: nothing'],
    ['an exception in the thread that converts', thrownAtOnce(fromConverter, 'throw new Error("it is broken")'), 'it is broken'],
    ['an exception in the thread that inflates', thrown(fromInflater, 'throw new Error("it is broken")'), 'unpacking: it is broken'],
    ["the system's own", thrown(fromMain, 'fs.readFileSync("/nowhere/x")'), "/nowhere/x: it can't be opened (no such file or directory)"],
  ])('%s', async (_what, script, sentence) => {
    const broken = makeRunner(dir, join(dir, 'dist/main.cjs'), preloaded(`const fs = require('node:fs')\n${script}`))
    const { code, stdout, stderr } = await broken.main({ iso, engine: 'none' })
    expect([code, stderr, errorsIn(stdout)]).toEqual([1, '', [`::error::${sentence}`]])
    expect((await broken.post()).code).toBe(0)
    expect(readdirSync(broken.temp)).toEqual([])
  })

  test('in the post step it is a line, and the job stays green', async () => {
    const script = thrown('process.argv[1].endsWith("/post.cjs")', 'throw new Error("it is broken")')
    // It has something to wait for, or it would be done before.
    const broken = makeRunner(dir, join(dir, 'dist/main.cjs'), preloaded(`${script}\nsetTimeout(() => {}, 50)`))
    expect(await broken.post()).toEqual({ code: 0, stdout: 'Cleaning up failed: it is broken\n', stderr: '' })
  })
})

describe('an unfinished archive is removed, however the step ends', () => {
  /** Does `what` when the first bytes of the archive are written. */
  const whenBegun = (what: string) => `const fs = require('node:fs')
    const write = fs.writeSync
    let done = !isMainThread
    fs.writeSync = (fd, ...rest) => {
      const written = write(fd, ...rest)
      if (done || !fs.readlinkSync('/proc/self/fd/' + fd).endsWith('.part')) return written
      done = true
      ${what}
      return written
    }
    require('node:module').syncBuiltinESMExports()`
  const kill = (signal: string) => `process.kill(process.pid, '${signal}');`
  test.each([
    ['SIGINT', kill('SIGINT'), 'Cancelled (SIGINT)'],
    ['SIGTERM', kill('SIGTERM'), 'Cancelled (SIGTERM)'],
    ['SIGHUP', kill('SIGHUP'), 'Cancelled (SIGHUP)'],
    ['SIGINT twice', kill('SIGINT') + kill('SIGINT'), undefined],
    ['an exception', 'setImmediate(() => { throw new Error("it is broken") })', 'it is broken'],
    [
      'standard output that nobody reads',
      'setImmediate(() => process.stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE", errno: -32, syscall: "write" })))',
      undefined,
    ],
  ])('%s', async (_how, what, sentence) => {
    const ending = makeRunner(dir, join(dir, 'dist/main.cjs'), preloaded(whenBegun(what)))
    const { code, stdout } = await ending.main({ iso, engine: 'none', archive: join(ending.workspace, 'image.tar') })
    expect(code).not.toBe(0)
    if (sentence !== undefined) expect(errorsIn(stdout)).toEqual([`::error::${sentence}`])
    expect(readdirSync(ending.workspace)).toEqual([])
    expect(await ending.post()).toMatchObject({ code: 0 })
    expect(readdirSync(ending.temp)).toEqual([])
  })
})

test('a disk that is too small for the archive is noticed before it is full', async () => {
  const script = `require('node:fs').statfsSync = () => ({ bavail: 1, bsize: 4096 })`
  const full = makeRunner(dir, join(dir, 'dist/main.cjs'), { ...preloaded(script), RUNNER_DEBUG: '1' })
  const archive = join(full.workspace, 'image.tar')
  writeFileSync(archive, 'an older one')
  const { code, stdout } = await full.main({ iso, engine: 'none', archive })
  expect([code, errorsIn(stdout)]).toEqual([
    1,
    [
      expect.stringMatching(
        /^::error::The archive of the image needs \d.* of disk at .*\/work, but only 4\.1 kB are free; free some space/,
      ),
    ],
  ])
  expect(stdout).toMatch(/^::debug:: {4}at /m)
  expect([readdirSync(full.workspace), readFileSync(archive, 'utf8')]).toEqual([['image.tar'], 'an older one'])
  expect(await full.post()).toMatchObject({ code: 0 })
})

test('an archive of which no later step would know is removed, also if it is complete', async () => {
  const shells = join(runner.temp, 'xenserver-ddk-shells')
  writeFileSync(shells, '')
  const { code, stdout } = await runner.main({ iso, engine: 'none' })
  expect([code, errorsIn(stdout)]).toEqual([1, [expect.stringContaining(`::error::${shells}: no folder can be made there`)]])
  expect(stdout).toContain('Archive: ')
  expect(runner.outputs()).toEqual({})
  expect(await runner.post()).toMatchObject({ code: 0 })
  expect(readdirSync(runner.temp)).toEqual(['xenserver-ddk-shells'])
})

describe("one of the runner's files can't be written", () => {
  test.each([
    ['STEP_SUMMARY', "the job's summary"],
    ['OUTPUT', 'the outputs, so later steps find them empty'],
    ['STATE', 'what the post step has to remove (tempDir)'],
    ['PATH', 'the folder of ddk.sh for PATH, so no step can use it'],
  ])('%s', async (name, what) => {
    const folder = join(runner.temp, '..', 'no file')
    mkdirSync(folder)
    const crippled = makeRunner(dir, join(dir, 'dist/main.cjs'), { [`GITHUB_${name}`]: folder })
    const { code, stdout, stderr } = await crippled.main({ iso, engine: 'none' })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`::warning::The runner doesn't get ${what}: `)
    expect(stdout).toContain('illegal operation on a directory')
  })
  test('a missing one', async () => {
    const crippled = makeRunner(dir, join(dir, 'dist/main.cjs'), { GITHUB_OUTPUT: '/nowhere/output' })
    const { code, stdout } = await crippled.main({ iso, engine: 'none' })
    expect([code, stdout]).toEqual([0, expect.stringContaining("::warning::The runner doesn't get the outputs")])
  })
})

test("the summary's cells are text", async () => {
  const named = join(dir, 'named.iso')
  await makeDdkIso({
    iso: named,
    root: rootWithRelease('<img src=x onerror="a()">&amp; release 6.5.0-90233c (xenenterprise)'),
  })
  expect((await runner.main({ iso: named, engine: 'none' })).code).toBe(0)
  expect(runner.summary()).toContain('&#60;img src&#61;x onerror&#61;&#34;a&#40;&#41;&#34;&#62;&#38;amp&#59;')
  expect(runner.summary()).not.toContain('<img')
})

function rootWithRelease(line: string): string {
  const root = mkdtempSync(join(dir, 'root-'))
  for (const folder of ['etc', 'usr/bin', 'bin', 'lib/modules/3.10.0+2/build']) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'etc/redhat-release'), `${line}\n`)
  return root
}

describe("the system's errors are sentences", () => {
  const at = (...parts: string[]) => join(runner.temp, '..', ...parts)
  test('a folder that can not be made for the archive', async () => {
    writeFileSync(at('file'), '')
    const { code, stdout, stderr } = await runner.main({ iso, engine: 'none', archive: at('file', 'x', 'image.tar') })
    expect([code, stderr, errorsIn(stdout)]).toEqual([
      1,
      '',
      [`::error::Input "archive": ${at('file', 'x', 'image.tar')}: a part of this path is a file, not a folder; give another name`],
    ])
    expect((await runner.post()).code).toBe(0)
    expect(readdirSync(runner.temp)).toEqual([])
  })
  test('an archive in a file', async () => {
    writeFileSync(at('file'), '')
    const { code, stdout } = await runner.main({ iso, engine: 'none', archive: at('file', 'image.tar') })
    expect([code, errorsIn(stdout)]).toEqual([
      1,
      [`::error::Input "archive": ${at('file', 'image.tar')}: a part of this path is a file, not a folder; give another name`],
    ])
    await runner.post()
    expect(readdirSync(runner.temp)).toEqual([])
  })
  test('no RUNNER_TEMP', async () => {
    rmSync(runner.temp, { recursive: true })
    const { code, stdout, stderr } = await runner.main({ iso, engine: 'none' })
    expect([code, stderr, errorsIn(stdout)]).toEqual([
      1,
      '',
      [expect.stringMatching(/^::error::.*\/temp\/xenserver-ddk-[-0-9a-f]+: no folder can be made there \(no such file or directory\)$/)],
    ])
    expect(await runner.post()).toEqual({ code: 0, stdout: '', stderr: '' })
  })
  test('a loop of links', async () => {
    sh(`ln -s loop '${at('loop')}'`)
    const { code, stdout } = await runner.main({ iso: at('loop'), engine: 'none' })
    expect([code, errorsIn(stdout)]).toEqual([1, [expect.stringMatching(/\/loop: .*too many symbolic links encountered/)]])
    expect(stdout).not.toContain('ELOOP')
  })
})

describe('the post step is a program of its own', () => {
  test('it runs nothing else, however early main was killed', async () => {
    // Main has said nothing: as if it had been killed before it could.
    const { code, stdout, stderr } = await runner.post()
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readdirSync(runner.temp)).toEqual([])
  })
  test.each([0, 20, 40, 60, 80])('main is killed after %i ms', async (milliseconds) => {
    const killed = new AbortController()
    setTimeout(() => killed.abort(), milliseconds)
    await runner.main({ iso, engine: 'none' }, killed.signal, 'SIGKILL')
    const { code, stdout } = await runner.post()
    expect(code).toBe(0)
    expect(stdout).not.toContain('Make the image')
    expect(readdirSync(runner.temp)).toEqual([])
  })
})

describe('the post step knows what main has made, even if main is killed as soon as it is there', () => {
  const kill = `process.kill(process.pid, 'SIGKILL')`
  /** Kills main after a call of a function of Node's whose first argument is one of these. */
  const killedAfter = (object: string, name: string, argument: RegExp) =>
    preloaded(`if (isMainThread && process.argv[1].endsWith('/main.cjs')) {
      const object = ${object}
      const original = object.${name}
      object.${name} = function (...args) {
        const result = original.apply(this, args)
        if (${argument}.test(String(args[0]))) ${kill}
        return result
      }
    }`)

  /** @param extra what the engine does first, in shell */
  async function killed(env: NodeJS.ProcessEnv, extra = '', inputs: Record<string, string> = {}) {
    const bin = mkdtempSync(join(dir, 'bin-'))
    fakeDocker(bin, extra)
    const machine = makeRunner(dir, join(dir, 'dist/main.cjs'), { PATH: `${bin}:${process.env.PATH}`, DOCKER_HOST: '', ...env })
    const main = await machine.main({ iso, engine: 'docker', cache: 'none', ...inputs })
    expect([main.code, main.stdout]).toEqual([null, expect.anything()])
    const before = callsOf(bin)
    const left = readdirSync(machine.temp)
    const post = await machine.post()
    expect([post.code, readdirSync(machine.temp)]).toEqual([0, []])
    return { log: post.stdout, left, before, after: callsOf(bin).slice(before.length) }
  }

  test('its folder', async () => {
    const { left } = await killed(killedAfter(`require('node:fs')`, 'mkdirSync', /xenserver-ddk-[-0-9a-f]{36}$/))
    expect(left).toEqual([expect.stringMatching(/^xenserver-ddk-/)])
  })

  test('an imported layer', async () => {
    const { before, after } = await killed({}, 'if [ $1 = import ]; then kill -9 $PPID; exit; fi')
    const label = /LABEL (\S+)/.exec(before.at(-1)!)![1]
    expect(after).toEqual([`images --quiet --no-trunc --filter label=${label}`])
  })

  test('a container of the shell', async () => {
    // Main starts `timeout`, which starts the engine.
    const { before, after } = await killed({}, 'if [ $1 = run ]; then kill -9 $(cut -d " " -f 4 /proc/$PPID/stat); exit; fi')
    const label = /--label (\S+)/.exec(before.at(-1)!)![1]
    expect(after).toContain(`ps --all --quiet --filter label=${label}`)
  })

  test('problem matchers', async () => {
    const { log } = await killed(killedAfter('process.stdout', 'write', /^::add-matcher::/))
    expect(log).toContain('::remove-matcher owner=')
  })

  test('a process that saves for the next run', async () => {
    const service = await startCacheService()
    try {
      const env = { ...service.env.v2, ...killedAfter(`require('node:fs')`, 'writeFileSync', /\/saving\.started$/) }
      const { log } = await killed(env, '', { cache: 'image' })
      expect(log).toContain('The Actions cache has everything for the next run')
      expect(service.keys()).toHaveLength(1)
    } finally {
      await service.close()
    }
  })
})

describe('the post step removes the rest', () => {
  test('if the problem matchers are gone', async () => {
    const folder = join(runner.temp, 'xenserver-ddk-1')
    mkdirSync(folder)
    const env = { STATE_tempDir: JSON.stringify(folder), STATE_matchers: JSON.stringify('/nowhere') }
    const { code, stdout } = await makeRunner(dir, join(dir, 'dist/main.cjs'), env).post()
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Cleaning up failed: \/nowhere\/\S+: it can't be opened .*\n$/)])
    expect(existsSync(folder)).toBe(false)
  })
})

const { test: withOlderNode } = unless(olderNode.skip)
describe('an older Node', () => {
  const start = (name: string, env: NodeJS.ProcessEnv) =>
    spawnSync(olderNode.path, [join(dir, `dist/${name}.cjs`)], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } })
  withOlderNode.each(['main', 'post', 'cli'])('%s says which it needs', (name) => {
    const { status, stdout, stderr } = start(name, {})
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^xenserver-ddk: needs Node 24, this is \d+\.\d+\.\d+ \(.*node\)\n$/)
  })
  withOlderNode('the runner gets an annotation', () => {
    const { status, stdout } = start('main', { GITHUB_ACTIONS: 'true' })
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^::error::xenserver-ddk-action needs Node 24, this is \d+/)])
  })
})
