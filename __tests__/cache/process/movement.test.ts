import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { watchMovement } from '../../../src/cache/process/movement.ts'

// Whether a process group transfers anything. Only what it transfers is real; the time is the tests' own.

let now = 1_000_000
let groups: ChildProcess[] = []
beforeEach(() => {
  now = 1_000_000
  groups = []
  jest.spyOn(Date, 'now').mockImplementation(() => now)
})
afterEach(() => {
  jest.restoreAllMocks()
  for (const { pid } of groups) process.kill(-pid!, 'SIGKILL')
})

/** Starts a process group that gives back what it is given. */
function start(program = 'cat', args: readonly string[] = []): ChildProcess {
  const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  groups.push(child)
  return child
}

async function transfer({ stdin, stdout }: ChildProcess, bytes: number): Promise<void> {
  let back = 0
  stdin!.write(Buffer.alloc(bytes))
  while (back < bytes) {
    const [piece] = (await once(stdout!, 'data')) as [Buffer]
    back += piece.length
  }
}

test('what transfers nothing has stalled when the limit is reached', async () => {
  const hasStalled = watchMovement(start().pid!, 8000)
  now += 7999
  expect(hasStalled()).toBe(false)
  now++
  expect(hasStalled()).toBe(true)
})

test('a megabyte is a sign of life, and less is none', async () => {
  const child = start()
  const hasStalled = watchMovement(child.pid!, 8000)
  // It is counted twice: the process reads it, and writes it.
  await transfer(child, 640 << 10)
  now += 8000
  expect(hasStalled()).toBe(false)
  await transfer(child, 1 << 17)
  now += 7999
  expect(hasStalled()).toBe(false)
  now++
  expect(hasStalled()).toBe(true)
})

test('many small transfers are one, however often somebody looks', async () => {
  const child = start()
  const hasStalled = watchMovement(child.pid!, 8000)
  for (let part = 0; part < 16; part++) {
    await transfer(child, 1 << 16)
    now += 500
    expect(hasStalled()).toBe(false)
  }
  now += 500
  expect(hasStalled()).toBe(false)
})

test('all processes of the group count, and no other one', async () => {
  const child = start('sh', ['-c', 'cat; :'])
  const hasStalled = watchMovement(child.pid!, 8000)
  await transfer(start(), 1 << 22)
  now += 8000
  expect(hasStalled()).toBe(true)
  await transfer(child, 1 << 22)
  expect(hasStalled()).toBe(false)
})

test('the name of a process may contain anything', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-movement-'))
  try {
    const program = join(dir, 'a) S 1 (b')
    symlinkSync('/bin/cat', program)
    const child = start(program)
    const hasStalled = watchMovement(child.pid!, 8000)
    await transfer(child, 1 << 21)
    now += 8000
    expect(hasStalled()).toBe(false)
  } finally {
    rmSync(dir, { recursive: true })
  }
})
