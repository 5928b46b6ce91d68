import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { cli } from '../support/cli.ts'
import { sh } from '../support/tools.ts'

// The commands among other programs: input from a pipe, output for a program.

let dir = ''
let iso = ''
const at = (name: string) => join(dir, name)
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-pipes-'))
  iso = at('small.iso')
  await makeDdkIso({ iso })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const command = `'${process.execPath}' src/cli.ts`

test('INPUT from standard input is what it is in a file', () => {
  const temp = mkdtempSync(at('temp-'))
  const expected = cli('inspect', iso, '--json').stdout.replaceAll(iso, 'standard input')
  expect(sh(`cat '${iso}' | ${command} inspect - --json --temp-dir '${temp}'`)).toBe(expected)
  expect(sh(`${command} inspect - --json < '${iso}'`)).toBe(expected)
  const list = cli('list', iso).stdout
  expect(sh(`cat '${iso}' | ${command} list - --temp-dir '${temp}'`)).toBe(list)
  sh(
    `cat '${iso}' | ${command} raw - -o '${at('piped.raw')}' --temp-dir '${temp}'; ${command} raw '${iso}' -o - | cmp - '${at('piped.raw')}'`,
  )
  const converted = cli('convert', iso, '-o', at('by-name.tar')).stdout
  expect(sh(`cat '${iso}' | ${command} convert - -o '${at('piped.tar')}' --temp-dir '${temp}' 2>&1 | tail -n 1`)).toBe(converted)
  sh(`cmp '${at('by-name.tar')}' '${at('piped.tar')}'`)
  expect(readdirSync(temp)).toEqual([])
})

test.each([
  ['a pipe', 'echo no disk |'],
  ['a file', `echo no disk > text;`],
])('what is wrong with standard input is said of standard input, not of its copy: %s', (name, before) => {
  const script = `cd '${dir}'; ${before} '${process.execPath}' '${process.cwd()}/src/cli.ts' list - ${name === 'a file' ? '< text' : ''} 2>&1 || echo "code $?"`
  expect(sh(script)).toMatch(/^xenserver-ddk: standard input: .*\n(See .*\n)?code 7\n$/)
})

test('standard input that has no room is told of with the folder', () => {
  expect(sh(`cat '${iso}' | ${command} list - --temp-dir /none 2>&1 || echo "code $?"`)).toMatch(
    /^xenserver-ddk: \/none: no temporary file can be created there: no such file or directory\n(See .*\n)?code 6\n$/,
  )
})

test('a reader that has enough ends a command quietly', () => {
  const script = `${command} list '${iso}' --json 2>'${at('said')}' | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`
  expect(sh(`set +o pipefail; ${script}`)).toBe('0\n')
  expect(readFileSync(at('said'), 'utf8')).toBe('')
})

test('convert --json prints one object, and messages elsewhere', () => {
  const archive = at('image.tar')
  const plain = cli('convert', iso, '-o', archive)
  const { code, stdout, stderr } = cli('convert', iso, '-o', archive, '--json')
  const { layers, ...result } = JSON.parse(stdout)
  expect(code).toBe(0)
  expect(stderr).toContain('Archive: ')
  expect(plain.stdout).toBe(`${result.image} ${result.digest}\n`)
  const { manifests } = JSON.parse(sh(`tar -xOf '${archive}' index.json`))
  const [{ Config, Layers }] = JSON.parse(sh(`tar -xOf '${archive}' manifest.json`))
  expect(result).toEqual({
    image: 'xenserver-ddk:6.5.0-90233c',
    digest: `sha256:${Config.split('/').at(-1)}`,
    archive: { path: archive, size: statSync(archive).size, manifestDigest: manifests[0].digest },
    inputSha256: sh(`sha256sum '${iso}'`).split(' ')[0],
    identity: JSON.parse(cli('inspect', iso, '--json').stdout).identity,
    root: { type: 'ext3', entries: expect.any(Number), contentSize: expect.any(Number) },
  })
  expect(layers.map(({ digest, size }: { digest: string; size: number }) => [digest, size])).toEqual(
    Layers.map((path: string) => [
      `sha256:${path.split('/').at(-1)}`,
      sh(`tar -xOf '${archive}' '${path}'`, { encoding: 'latin1' }).length,
    ]),
  )
  expect(Object.keys(layers[0])).toEqual(['diffId', 'uncompressedSize', 'digest', 'size'])
})
