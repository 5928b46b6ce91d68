import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { noise } from '../fetch/server.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeSmallRoot } from '../fixtures/small-root.ts'
import { bundle, runNode } from '../support/cli.ts'

// What a conversion costs in things that can be counted, whatever the machine: bytes, system calls, memory, programs. Each limit has a
// margin of about a quarter over what was counted when it was set.

const fileCount = 4000
const averageSize = 12_000

let dir = ''
let iso = ''
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-costs-'))
  bundle(join(dir, 'dist'))
  const root = join(dir, 'root')
  makeSmallRoot(root, { version: '6.5.0', build: '90233c', kernel: '3.10.0+2', architecture: 'x86_64' })
  const bytes = noise(2 * averageSize)
  for (let number = 0; number < fileCount; number++) {
    const folder = join(root, 'usr/share/many', String(number % 40))
    if (number < 40) mkdirSync(folder, { recursive: true })
    // Half of each file compresses well, as a program does.
    const size = (number * 7919) % (2 * averageSize)
    writeFileSync(join(folder, `${number}`), Buffer.concat([bytes.subarray(0, size / 2), Buffer.alloc(size / 2, number)]))
  }
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso, root })
  rmSync(root, { recursive: true })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

interface Costs {
  /** Bytes and calls of the whole process, from /proc/self/io. */
  readonly rchar: number
  readonly wchar: number
  readonly syscr: number
  /** Bytes of memory at most. */
  readonly peak: number
}

/** Runs the command line, without a PATH in which it would find programs. */
function costsOf(...args: string[]): Costs {
  const report = join(dir, 'costs.json')
  const atExit = `process.on('exit', () => {
    const { readFileSync, writeFileSync } = process.getBuiltinModule('fs')
    const io = readFileSync('/proc/self/io', 'utf8').matchAll(/(\\w+): (\\d+)/g)
    const [, peak] = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
    const counts = Object.fromEntries(Array.from(io, ([, name, value]) => [name, Number(value)]))
    writeFileSync(${JSON.stringify(report)}, JSON.stringify({ ...counts, peak: peak * 1024 }))
  })`
  const ended = runNode(['--import', `data:text/javascript,${encodeURIComponent(atExit)}`, join(dir, 'dist/cli.cjs'), ...args], {
    PATH: '',
  })
  expect([ended.code, ended.stderr]).toEqual([0, expect.anything()])
  return JSON.parse(readFileSync(report, 'utf8')) as Costs
}

test('an ISO is read once, its disk is written and read once, and the archive is written once, in little memory', () => {
  const archive = join(dir, 'image.tar')
  const start = costsOf('--help')
  const costs = costsOf('convert', iso, '-o', archive)
  const rootSize = fileCount * averageSize
  // The disk has more bytes than the files: the rest of their last blocks, inodes, directories.
  expect((costs.rchar - start.rchar - statSync(iso).size) / rootSize).toBeLessThan(1.6)
  expect((costs.wchar - statSync(archive).size) / rootSize).toBeLessThan(1.5)
  // Each time that a thread wakes another counts as a call as well, and how often that happens depends on the machine.
  expect((costs.syscr - start.syscr) / fileCount).toBeLessThan(3.5)
  expect(costs.peak).toBeLessThan(200e6)
})
