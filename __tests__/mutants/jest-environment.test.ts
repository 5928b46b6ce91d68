import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'

const jest = join(import.meta.dirname, '../../node_modules/jest/bin/jest.js')
let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-jest-environment-'))
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
})
afterEach(() => rmSync(dir, { recursive: true }))

/** Runs a test file in the environment. */
function run(text: string) {
  writeFileSync(join(dir, 'a.test.js'), text)
  const config = { rootDir: dir, testEnvironment: join(import.meta.dirname, 'jest-environment.ts'), transform: {} }
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--experimental-vm-modules', jest, '--runInBand', '--config', JSON.stringify(config)],
    { cwd: dir, encoding: 'utf8' },
  )
  return { status, stderr }
}

test('ends jest at the first failure, which it names', () => {
  const after = join(dir, 'after')
  const second = `test('second', async () => (await import('node:fs')).writeFileSync('${after}', ''))`
  const { status, stderr } = run(`describe('outer', () => { test('first', () => expect(0).toBe(1)) })\n${second}`)
  expect(status).toBe(1)
  expect(stderr).toContain('FAIL a.test.js\n  ● outer › first\n')
  expect(existsSync(after)).toBe(false)
})
