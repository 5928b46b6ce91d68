import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { bundle, cli } from '../support/cli.ts'
import { run } from '../support/tools.ts'

// The package that `npm pack` makes: it has to work where there is nothing but Node, and no network.

let dir = ''
let iso = ''
let tarball = ''
const at = (name: string) => join(dir, name)
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-package-'))
  iso = at('small.iso')
  await makeDdkIso({ iso })
  for (const folder of ['source', 'packed', 'installed', 'empty']) mkdirSync(at(folder))
  for (const name of ['package.json', 'README.md', 'LICENSE']) cpSync(name, join(at('source'), name))
  bundle(join(at('source'), 'dist'))
  npm('source', 'npm', 'pack', '--silent', '--pack-destination', at('packed'))
  tarball = join(at('packed'), readdirSync(at('packed'))[0]!)
  writeFileSync(join(at('installed'), 'package.json'), '{}')
  npm('installed', 'npm', 'install', '--offline', '--no-audit', '--no-fund', tarball)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Runs npm or npx in a folder, without the user's settings. */
function npm(folder: string, program: string, ...args: string[]): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
  return run(program, args, { cwd: at(folder), env: { ...env, npm_config_cache: at('cache'), npm_config_userconfig: at('npmrc') } })
}

const installed = (...args: string[]) => npm('installed', join(at('installed'), 'node_modules/.bin/xenserver-ddk'), ...args)

test('installing it installs nothing else', () => {
  expect(readdirSync(at('installed/node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['xenserver-ddk-action'])
})

test('it has every file that its programs look for', () => {
  const dist = at('installed/node_modules/xenserver-ddk-action/dist')
  const wanted = readdirSync(dist).flatMap((name) =>
    [...readFileSync(join(dist, name), 'utf8').matchAll(/"\.\/([a-z-]+\.(?:cjs|sh))"/g)].map(([, file]) => file!),
  )
  expect(wanted).toEqual(expect.arrayContaining(['bar-thread.cjs', 'convert-worker.cjs', 'inflate-worker.cjs', 'uname.sh']))
  expect(wanted.filter((name) => !existsSync(join(dist, name)))).toEqual([])
})

test("it is small, and has nothing of the action's own programs", () => {
  expect(statSync(tarball).size).toBeLessThan(500_000)
  expect(run('tar', ['-tzf', tarball])).not.toMatch(/main|post|cache-process|src\//)
})

test('--version, inspect and convert do what they do in a checkout', () => {
  expect(installed('--version')).toBe(cli('--version').stdout)
  expect(installed('inspect', iso)).toBe(cli('inspect', iso).stdout)
  expect(installed('convert', iso, '-o', at('installed.tar'))).toBe(cli('convert', iso, '-o', at('image.tar')).stdout)
  run('cmp', [at('installed.tar'), at('image.tar')])
})

test('npx runs it from the tarball, in an empty folder', () => {
  // npx takes an absolute path for a program's.
  expect(npm('empty', 'npx', '--offline', '--yes', relative(at('empty'), tarball), 'inspect', iso, '--json')).toBe(
    cli('inspect', iso, '--json').stdout,
  )
  expect(readdirSync(at('empty'))).toEqual([])
})
