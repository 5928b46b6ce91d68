import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { expect, test } from '@jest/globals'

const module = new URL('../../src/host/low-priority.ts', import.meta.url).href

/** Lowers its priority, and prints the nice values that a program inherits which it starts then: its session's and its own. */
const script = `
  const { spawnSync } = await import('node:child_process')
  const { lowerPriority } = await import(${JSON.stringify(module)})
  lowerPriority()
  const values = 'sed "s/.* nice //" /proc/self/autogroup; nice'
  process.stdout.write(spawnSync('sh', ['-c', values], { encoding: 'utf8' }).stdout)`

function inherited(program: string, ...args: string[]): string[] {
  const { stdout } = spawnSync(program, [...args, process.execPath, '--input-type=module', '-e', script], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean)
}

/** Linux may be built without groups. The file is empty for a process whose session is as old as the machine: it is in no group. */
const sessions = '/proc/self/autogroup'
function sessionsValue(): string[] {
  const nice = existsSync(sessions) ? /nice (-?\d+)/.exec(readFileSync(sessions, 'latin1')) : null
  return nice ? [nice[1]!] : []
}

test('a process with a session of its own lowers the priority of both', () => {
  expect(inherited('setsid', '--wait')).toEqual([...(existsSync(sessions) ? ['19'] : []), '19'])
})

test('a process in the session of others lowers only its own', () => {
  expect(inherited('env')).toEqual([...sessionsValue(), '19'])
})

test('the priority of the process that starts it stays', () => {
  const before = [getPriority(), ...sessionsValue()]
  inherited('setsid', '--wait')
  expect([getPriority(), ...sessionsValue()]).toEqual(before)
})
