import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { standIn, tarThatMoves, zstdmtWithSmallWindow } from '../../../src/cache/toolkit/stand-in.ts'

const environment = { ...process.env }
let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ddk-stand-in it's-"))
})
afterEach(() => {
  process.env = { ...environment }
  rmSync(dir, { recursive: true, force: true })
})

const call = (program: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: process.env })
  return { status, stdout, stderr }
}

test('tar moves the archive, wherever the toolkit has put it', () => {
  writeFileSync(join(dir, 'downloaded'), 'the archive')
  standIn('tar', tarThatMoves(join(dir, 'moved')), dir)
  expect(call('tar', '-xf', join(dir, 'downloaded'), '-P', '-C', '/')).toEqual({ status: 0, stdout: '', stderr: '' })
  expect([readdirSync(dir).sort(), readFileSync(join(dir, 'moved'), 'utf8')]).toEqual([['bin', 'moved'], 'the archive'])
})

test('tar refuses whatever else the toolkit may ask of it one day', () => {
  writeFileSync(join(dir, 'downloaded'), 'the archive')
  standIn('tar', tarThatMoves(join(dir, 'moved')), dir)
  expect(call('tar', '--extract', '-f', join(dir, 'downloaded'))).toEqual({
    status: 2,
    stdout: '',
    stderr: `tar: not asked to unpack in the way that is known: --extract -f ${join(dir, 'downloaded')}\n`,
  })
  expect(readdirSync(dir).sort()).toEqual(['bin', 'downloaded'])
})

test('a program that stands in finds the real ones, and only once', () => {
  const { PATH } = process.env
  for (const name of ['first', 'second']) standIn(name, 'echo "$PATH"', dir)
  expect(process.env.PATH).toBe(`${join(dir, 'bin')}:${PATH}`)
  for (const name of ['first', 'second']) expect(call(name).stdout).toBe(`${PATH}:/usr/bin:/bin\n`)
  expect(statSync(join(dir, 'bin/first')).mode & 0o022).toBe(0)
})

test.each([undefined, '', ':'])('with PATH %j, it is not looked for in the current folder', (path) => {
  if (path === undefined) delete process.env.PATH
  else process.env.PATH = path
  standIn('tar', 'echo "$PATH"', dir)
  expect(process.env.PATH).toBe(join(dir, 'bin'))
  expect(call('tar').stdout).toBe('/usr/bin:/bin\n')
})

test('zstdmt packs what it is given, whatever the toolkit asks for', () => {
  const bin = join(dir, 'real')
  standIn('zstd', 'echo "$*"', dir)
  process.env.PATH = `${join(dir, 'bin')}:${process.env.PATH}`
  standIn('zstdmt', zstdmtWithSmallWindow, join(dir, 'real'))
  expect(call(join(bin, 'bin/zstdmt'), '--long=30', '-T0').stdout).toBe('-q -1 -c\n')
})
