import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { makeFolder } from '../../src/host/make-folder.ts'
import { sentenceOf } from '../../src/host/system-error.ts'

const module = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-make-folder-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('makes those above it, with the mode, and leaves one that is there', () => {
  makeFolder(join(dir, 'a/b/c'), 0o700)
  expect(['a', 'a/b', 'a/b/c'].map((name) => statSync(join(dir, name)).mode & 0o777)).toEqual([0o700, 0o700, 0o700])
  makeFolder(join(dir, 'a/b'), 0o777)
  symlinkSync('a', join(dir, 'link'))
  makeFolder(join(dir, 'link'))
  makeFolder(join(dir, 'link/b/d/'))
  expect(readdirSync(join(dir, 'a/b')).sort()).toEqual(['c', 'd'])
  expect(statSync(join(dir, 'a/b')).mode & 0o777).toBe(0o700)
})

describe('if none can be made, the reason is given', () => {
  const sentence = (path: string) => {
    try {
      makeFolder(path)
      return ''
    } catch (error) {
      return sentenceOf(error)
    }
  }
  test('a file', () => {
    writeFileSync(join(dir, 'file'), '')
    expect(sentence(join(dir, 'file'))).toBe(`${join(dir, 'file')}: no folder can be made there (file already exists)`)
    expect(sentence(join(dir, 'file/a/b'))).toBe(`${join(dir, 'file')}: no folder can be made there (file already exists)`)
  })
  test('a link to nothing', () => {
    symlinkSync('nowhere', join(dir, 'link'))
    expect(sentence(join(dir, 'link'))).toBe(`${join(dir, 'link')}: no folder can be made there (file already exists)`)
  })
  // In another process: what never returns couldn't be ended from here.
  test.each([
    ['/proc/xenserver-ddk/a/b', '/proc/xenserver-ddk: no folder can be made there (no such file or directory)'],
    ['/proc/xenserver-ddk', '/proc/xenserver-ddk: no folder can be made there (no such file or directory)'],
    ['/proc/self/fd/999/a', '/proc/self/fd/999: no folder can be made there (no such file or directory)'],
    ['/dev/null/a', '/dev/null: no folder can be made there (file already exists)'],
  ])('%s', (path, expected) => {
    const script = `const { makeFolder } = await import(${JSON.stringify(module('host/make-folder.ts'))})
      const { sentenceOf } = await import(${JSON.stringify(module('host/system-error.ts'))})
      try { makeFolder(${JSON.stringify(path)}) } catch (error) { console.log(sentenceOf(error)) }`
    const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    expect([signal, stdout]).toEqual([null, `${expected}\n`])
  })
})

test('nothing in the sources uses what may never return', () => {
  const source = module('')
  const users = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|cjs)$/.test(name))
    .filter((name) => /mkdir(Sync)?\([^\n]*recursive/.test(readFileSync(join(source, name), 'utf8')))
  expect(users).toEqual([])
})
