import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { chosenDaemon, type Deadlines, type EngineCommand, engineCommand, usualDeadlines } from '../../src/engine/command.ts'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine, Image } from '../../src/engine/engine.ts'
import { removeImports } from '../../src/engine/import.ts'
import { provide } from '../../src/engine/provide.ts'
import { checkFirstUse } from '../../src/shell/checks.ts'
import { removeShell } from '../../src/shell/remove.ts'
import { setUpShell } from '../../src/shell/set-up.ts'
import { until } from '../support/tools.ts'

// What ends an engine's calls: their deadlines, and the end of the job. The engine is a script that answers as Docker does.

const environment = { ...process.env }
let dir = ''
let stop = new AbortController()
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-supervision-'))
  stop = new AbortController()
  for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT']) delete process.env[name]
  process.env.PATH = `${dir}:${environment.PATH}`
})
afterEach(() => {
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

const inspected = JSON.stringify([{ Id: 'sha256:1', RepoTags: ['a:1'], Os: 'linux', Architecture: 'amd64', Config: {} }])

/** Writes the script. `extra`: what it does first, with the call's words as its arguments. */
function fakeDocker(extra = ''): void {
  const script = `#!/bin/sh
echo "$*" >>'${dir}/calls'
${extra}
case $1 in
  info) echo '{"ServerVersion":"28.5.1","Driver":"overlay2"}' ;;
  image) echo '${inspected}' ;;
  images) echo sha256:1 ;;
  create) echo container ;;
  load) cat >/dev/null; touch '${dir}/loaded' ;;
esac
`
  writeFileSync(join(dir, 'docker'), script, { mode: 0o755 })
}

const calls = () => (existsSync(join(dir, 'calls')) ? readFileSync(join(dir, 'calls'), 'utf8').trimEnd().split('\n') : [])
const names = () => calls().map((call) => call.split(' ', 1)[0])
const deadlines: Deadlines = { greeting: 1, question: 1, change: 2 }
const docker = async () => (await detectEngine('docker', undefined, { signal: stop.signal, deadlines }))!
const archived = () => ({ path: join(dir, 'archive'), name: 'a:1', configDigest: 'sha256:1', manifestDigest: 'sha256:2' })
const image: Image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/amd64', layers: 2, entrypoint: [] }

describe('a daemon that hangs', () => {
  test('is given ten seconds to say that it is there, half a minute for a question, and two minutes for a change', () => {
    expect([usualDeadlines, engineCommand('docker').deadlines]).toEqual([{ greeting: 10, question: 30, change: 120 }, usualDeadlines])
  })

  test('is none', async () => {
    fakeDocker('exec sleep 150')
    await expect(detectEngine('docker', undefined, { deadlines })).rejects.toThrow(/^docker didn't answer within 1 seconds$/)
  })

  test('ends a call with a sentence that says what was tried, for how long, and which daemon it is', async () => {
    process.env.DOCKER_HOST = 'ssh://build.example'
    fakeDocker('exec sleep 60')
    const { lastWord, timedOut } = await engineCommand('docker', { deadlines }).call(['image', 'inspect', 'a:1'])
    expect([timedOut, lastWord]).toEqual([
      true,
      "it didn't answer within 1 seconds (DOCKER_HOST is ssh://build.example: check it, or unset it)",
    ])
  })

  test('does not keep a program of an image going', async () => {
    fakeDocker('exec sleep 150')
    expect(await engineCommand('docker', { deadlines }).follow(['start', '--attach', 'x'], 0.5)).toMatchObject({ timedOut: true })
  })

  test('has the time of a change to remove an imported layer', async () => {
    fakeDocker('if [ "$1 $2" = "image rm" ]; then exec sleep 150; fi')
    await expect(removeImports(engineCommand('docker', { deadlines }), 'mark')).rejects.toThrow(
      "docker couldn't remove the image sha256:1, which held an imported layer: it didn't answer within 2 seconds",
    )
  })

  test('fails whatever is asked of it', async () => {
    fakeDocker()
    const engine = await docker()
    fakeDocker('exec sleep 150')
    const container = { id: 'x', name: 'ddk.sh', folder: join(dir, 'shells', 'x'), bin: dir }
    const said: string[] = []
    await Promise.all([
      expect(engine.find('a:1')).rejects.toThrow("docker couldn't look for the image a:1: it didn't answer within 1 seconds"),
      expect(engine.labelled('x', 'y')).rejects.toThrow(
        "docker couldn't look for an image with the label x: it didn't answer within 1 seconds",
      ),
      expect(engine.tag('a:1', 'b:1')).rejects.toThrow("docker couldn't name the image a:1 b:1: it didn't answer within 2 seconds"),
      expect(engine.remove('a:1')).rejects.toThrow("docker couldn't remove the image a:1: it didn't answer within 2 seconds"),
      removeShell({ ...container, container: { engine: 'docker', name: 'x', giveBack: [] } }, (line) => said.push(line), { deadlines }),
    ])
    expect(said).toEqual(["docker couldn't list the containers of ddk.sh: it didn't answer within 1 seconds"])
  })
})

describe('cancelling the job', () => {
  test('before the first call: nothing is called', async () => {
    fakeDocker()
    stop.abort(new Error('Cancelled'))
    await expect(docker()).rejects.toThrow('Cancelled')
    expect(calls()).toEqual([])
  })

  /** The job ends while the engine is busy with a call that begins with these words. */
  async function endDuring(words: string, use: (engine: Engine) => Promise<unknown>): Promise<void> {
    fakeDocker()
    const engine = await docker()
    rmSync(join(dir, 'calls'))
    fakeDocker(`case "$*" in ${words.replace(' ', '\\ ')}*) touch '${dir}/busy'; until [ -e '${dir}/over' ]; do sleep 0.05; done ;; esac`)
    const ended = expect(use(engine)).rejects.toThrow('Cancelled')
    await until(() => existsSync(join(dir, 'busy')))
    stop.abort(new Error('Cancelled'))
    writeFileSync(join(dir, 'over'), '')
    await ended
  }

  test('while images are listed: nothing else is called', async () => {
    await endDuring('images', async (engine) => {
      const [id] = await engine.labelled('x', 'y')
      await engine.find(id!)
    })
    expect(names()).toEqual(['images'])
  })

  test('before a load: it never begins', async () => {
    writeFileSync(join(dir, 'archive'), '')
    await endDuring('image inspect', (engine) => provide(engine, archived(), () => {}))
    expect(names()).toEqual(['image'])
  })

  test('during a load: the load runs to its end, and nothing follows', async () => {
    writeFileSync(join(dir, 'archive'), '')
    await endDuring('load', (engine) => provide(engine, archived(), () => {}))
    expect([names(), existsSync(join(dir, 'loaded'))]).toEqual([['image', 'load'], true])
  })

  test('while imported layers are removed: the rest is removed as well', async () => {
    fakeDocker()
    stop.abort(new Error('Cancelled'))
    await removeImports(engineCommand('docker', { signal: stop.signal }), 'a-mark')
    expect(calls()).toEqual([
      'images --quiet --no-trunc --filter label=io.github.xenserver-ddk-action.import=a-mark',
      // Without force, so that it stays if another name has been given to it.
      'image rm sha256:1',
    ])
  })

  test('while a container is created as a proof: it is removed', async () => {
    await endDuring('create', async (engine) => {
      const { cleared } = await engine.prove((await engine.find('a:1'))!)
      await cleared
      await engine.find('a:1')
    })
    expect(names()).toEqual(['image', 'create', 'rm'])
    expect(calls().at(-1)).toBe('rm --force container')
  })

  test('while a container runs for a check: it is ended at once, and removed', async () => {
    await endDuring('start', (engine) => {
      fakeDocker(`if [ $1 = start ]; then touch '${dir}/busy'; exec sleep 150; fi`)
      return checkFirstUse(engine, image, dir)
    })
    expect(names()).toEqual(['create', 'start', 'rm'])
  })

  test.each([
    ['created: it is never started, and removed', 'create', ['--memory', '1g']],
    ['created and started in one call: it is removed', 'run', []],
  ])("while the shell's container is %s", async (_what, verb, runOptions) => {
    const request = { name: 'ddk.sh', volumes: [], env: [], runOptions, user: 'root' } as const
    const surroundings = {
      temp: dir,
      workspace: dir,
      say() {},
      warn() {},
      installed: async () => {},
      explanation: '',
      supervision: { signal: stop.signal },
    }
    await endDuring(verb, (engine) => setUpShell(engine, image, request, surroundings))
    // One of its arguments has two lines.
    expect(names().filter((name) => name !== 'while')).toEqual([verb, 'rm'])
  })
})

test('each call is traced, before it and after it', async () => {
  fakeDocker()
  const lines: string[] = []
  await engineCommand('docker', { debug: (line) => lines.push(line) }).call(['tag', 'a:1', 'b:1'])
  expect(lines).toEqual(['[command] docker tag a:1 b:1', expect.stringMatching(/^docker tag ended with exit code 0 after \d+ ms$/)])
})

test.each<[string, string, (command: EngineCommand) => Promise<unknown>, string]>([
  ['was too slow', 'exec sleep 150', (command) => command.call(['tag', 'a:1', 'b:1']), 'docker tag was too slow after'],
  ['has no exit code', 'kill -9 $$', (command) => command.follow(['start', 'x'], 60), 'docker start has no exit code after'],
  ['is fed', 'exit 3', (command) => command.pour(['import', '-']).end(), 'docker import ended with exit code 3 after'],
])('the trace of a call that %s says so, with the time that it took', async (_title, script, use, wanted) => {
  fakeDocker(script)
  const lines: string[] = []
  const start = performance.now()
  await use(engineCommand('docker', { deadlines, debug: (line) => lines.push(line) }))
  const [, said, milliseconds] = /^(.*) (\d+) ms$/.exec(lines[1]!)!
  expect([lines.length, said]).toEqual([2, wanted])
  expect(Number(milliseconds)).toBeLessThanOrEqual(Math.ceil(performance.now() - start))
})

test('a call that does not answer names the daemon that was chosen', () => {
  expect(chosenDaemon()).toBe('')
  process.env.DOCKER_CONTEXT = 'a-context'
  expect(chosenDaemon()).toBe(' (DOCKER_CONTEXT is a-context: check it, or unset it)')
  process.env.DOCKER_HOST = ''
  expect(chosenDaemon()).toBe(' (DOCKER_CONTEXT is a-context: check it, or unset it)')
  // Docker, too, prefers this one.
  process.env.DOCKER_HOST = 'ssh://x'
  expect(chosenDaemon()).toBe(' (DOCKER_HOST is ssh://x: check it, or unset it)')
})

describe('once the job is cancelled', () => {
  test.each<[string, (command: EngineCommand) => unknown]>([
    ['no program of an image is started', (command) => command.follow(['start', 'x'], 60)],
    ['nothing is loaded', (command) => command.feed(['load'], 0, 60)],
    ['nothing is imported', async (command) => command.pour(['import', '-'])],
    ['nothing is asked', (command) => command.call(['info'])],
  ])('%s', async (_title, use) => {
    fakeDocker()
    stop.abort(new Error('Cancelled'))
    await expect(use(engineCommand('docker', { signal: stop.signal }))).rejects.toThrow('Cancelled')
    expect(calls()).toEqual([])
  })
})
