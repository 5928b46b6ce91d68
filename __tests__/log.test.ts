import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { oneLine, shortLine } from '../src/bytes/text.ts'
import { jsonText } from '../src/commands/json-text.ts'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { makeSmallRoot } from './fixtures/small-root.ts'
import { bundle, cli } from './support/cli.ts'
import { logCommands } from './support/log-commands.ts'
import { makeRunner, type Runner } from './support/runner.ts'
import { parseLines, sh } from './support/tools.ts'

// What others say reaches the log, and never becomes a command to the runner there.

const evil = '##[add-path]x'
const source = join(dirname(fileURLToPath(import.meta.url)), '../src')

let dir = ''
let runner: Runner
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-log-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
})
beforeEach(() => {
  runner = makeRunner(dir, join(dir, 'dist/main.cjs'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('a line', () => {
  test.each([
    ['::add-path::x', '\\u003a:add-path::x'],
    [' \t::add-path::x', ' \\u0009::add-path::x'],
    ['  ::add-path::x', '  \\u003a:add-path::x'],
    ['\u2003::add-path::x', '\u2003\\u003a:add-path::x'],
    ['a ##[add-path]x', 'a \\u0023#[add-path]x'],
    ['###[add-path]x##[debug]', '#\\u0023#[add-path]x\\u0023#[debug]'],
    ['a\n::add-path::x', 'a\\u000a::add-path::x'],
    ['\x1b[2J\x9b2J\x07\x7f', '\\u001b[2J\\u009b2J\\u0007\\u007f'],
    ['a\u202etxt.iso\u2066', 'a\\u202etxt.iso\\u2066'],
  ])('%j', (text, shown) => {
    expect(oneLine(text)).toBe(shown)
    expect(logCommands(shown)).toEqual([])
    expect(oneLine(shown)).toBe(shown)
  })
  test.each(['a :: b', 'C::D', '# [x]', '#[x]', ':x'])('%j stays', (text) => expect(oneLine(text)).toBe(text))
})

test('an extremely long line is shortened', () => {
  const long = shortLine(`begin${'\x1b'.repeat(20_000_000)}end`)
  expect(long).toMatch(/^begin(\\u001b)+ … 19990008 characters … (\\u001b)+end$/)
  expect(long.length).toBeLessThan(100_000)
  expect(shortLine('a'.repeat(4096))).toHaveLength(4096)
})

test('JSON controls no terminal, and its value stays', () => {
  const value = { '\x1b[2J\x9b\u2028\u202e': ['##[add-path]x', '\x7f', 'ü😀'] }
  const json = jsonText(value, 2)
  expect(json).not.toMatch(/[^\P{Cc}\n]|[\p{Zl}\p{Bidi_Control}]|##\[/u)
  expect(JSON.parse(json)).toEqual(value)
})

test('only one file writes to the log of a step', () => {
  const writers = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => /core\.(info|notice|warning|error|setFailed|debug|group|startGroup)\(/.test(readFileSync(join(source, name), 'utf8')))
  expect(writers).toEqual(['log.ts'])
})

/** The step's own commands are those that any run has. */
function expectHarmless(log: string): void {
  expect(log).toContain('#[add-path]x')
  expect(logCommands(log).filter(({ name }) => !['group', 'endgroup', 'error', 'warning', 'notice'].includes(name))).toEqual([])
  expect(log).not.toContain(evil)
}

describe('a name in an ISO', () => {
  const named: Record<string, string> = {}
  beforeAll(async () => {
    // In an error: the folder with a chunk too few. In a warning: a kernel without headers.
    named.folder = join(dir, 'folder.iso')
    await makeDdkIso({
      iso: named.folder,
      directory: `${evil}/xvda`,
      chunkBytes: 3_000_000,
      editFolder: (folder) => rmSync(join(folder, evil, 'xvda', 'chunk-000000000.gz')),
    })
    const root = join(dir, 'root')
    mkdirSync(root)
    makeSmallRoot(root, { version: '6.5.0', build: '90233c', kernel: '3.10.0+2', architecture: 'x86_64' })
    for (const name of readdirSync(join(root, 'lib/modules'))) rmSync(join(root, 'lib/modules', name), { recursive: true })
    mkdirSync(join(root, 'lib/modules', evil), { recursive: true })
    named.kernel = join(dir, 'kernel.iso')
    await makeDdkIso({ iso: named.kernel, root })
  })

  test.each(['folder', 'kernel'])('to the action: %s', async (name) => {
    const { stdout, stderr } = await runner.main({ iso: named[name]!, engine: 'none' })
    expectHarmless(stdout + stderr)
  })
  test.each(['inspect', 'inspect --json', 'list', 'list --json', 'convert -o image.tar', 'raw -o disk.raw'])(
    'to the command line: %s',
    (words) => {
      const [command, ...options] = words.replace(/\S+\.(tar|raw)/, (file) => join(dir, file)).split(' ')
      for (const iso of Object.values(named)) {
        const { stdout, stderr } = cli(command!, iso, ...options)
        expect(logCommands(stdout + stderr)).toEqual([])
        expect(stdout + stderr).not.toContain(evil)
      }
    },
  )
  test('is the same to a reader of JSON', () => {
    expect(parseLines(cli('list', named.kernel!, '--json').stdout).map(({ path }) => path)).toContain(`lib/modules/${evil}`)
  })
})

describe("an engine's words", () => {
  test.each([
    ['info', `echo '::add-path::x ${evil}' >&2; exit 1`],
    // More than a line of the log can be of use.
    ['many words', `head -c 5000000 /dev/zero | tr '\\0' x >&2; echo ' ${evil}' >&2; exit 1`],
    ['version', `printf %s '{"ServerVersion":"28 ${evil}\\n::add-path::x","Driver":"${evil}"}'`],
  ])('%s', async (_what, script) => {
    const bin = join(mkdtempSync(join(dir, 'bin-')))
    writeFileSync(join(bin, 'docker'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, 'docker'), 0o755)
    const withEngine = makeRunner(dir, join(dir, 'dist/main.cjs'), { PATH: `${bin}:${process.env.PATH}` })
    const { stdout, stderr } = await withEngine.main({ iso: import.meta.filename, engine: 'docker' })
    expectHarmless(stdout + stderr)
  })
})

describe("a server's answer", () => {
  let server: Server
  beforeAll(async () => {
    server = createServer((request, response) => {
      const text = `${evil} ::add-path::x`
      if (request.method === 'HEAD') response.writeHead(200, { 'content-type': text, 'content-length': '10', etag: `"${text}"` }).end()
      else response.writeHead(403, text, { 'content-type': text }).end(`::add-path::x\n${text}`)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  test('an error', async () => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${encodeURIComponent('##[add-path]x')}.iso`
    const { code, stdout, stderr } = await runner.main({ iso: address, engine: 'none' })
    expect(code).toBe(1)
    expect(logCommands(stdout + stderr).map(({ name }) => name)).not.toContain('add-path')
    expect(stdout + stderr).not.toContain(evil)
  })
})
