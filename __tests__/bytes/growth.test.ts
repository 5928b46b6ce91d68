import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from '@jest/globals'
import { FileGrowth } from '../../src/bytes/growth.ts'

/** Runs a piece of JavaScript with `growth` in another thread. Whoever needs to know that it runs may wait for that. */
function inThread(growth: FileGrowth, code: string): Promise<unknown> {
  const module = new URL('../../src/bytes/growth.ts', import.meta.url).href
  const script = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(${JSON.stringify(module)}).then(({ FileGrowth }) => { const growth = new FileGrowth(workerData); ${code}; parentPort.postMessage('') })`
  const worker = new Worker(script, { eval: true, workerData: growth.shared })
  worker.unref()
  return once(worker, 'message')
}

describe('FileGrowth', () => {
  test('keeps length, completion and place of each file', () => {
    const growth = new FileGrowth(3)
    growth.advance(1, 5_000_000_000)
    growth.advance(1, 7)
    growth.begin(1, { fd: 9, offset: 6_000_000_000 })
    growth.begin(2, { fd: 8, offset: 4 })
    growth.complete(2)
    expect(growth.placeOf(1)).toEqual({ fd: 9, offset: 6_000_000_000 })
    expect(growth.placeOf(2)).toEqual({ fd: 8, offset: 4 })
    expect([0, 1, 2].map((index) => growth.available(index))).toEqual([0, 5_000_000_007, 0])
    expect([0, 1, 2].map((index) => growth.isComplete(index))).toEqual([false, false, true])
    expect(growth.waitFor(1, 5_000_000_007)).toBe(5_000_000_007)
    expect(growth.waitFor(2, 1)).toBe(0)
  })

  test('wakes a reader in another thread', () => {
    const growth = new FileGrowth(1)
    inThread(growth, 'setTimeout(() => growth.advance(0, 10), 50); setTimeout(() => { growth.advance(0, 10); growth.complete(0) }, 100)')
    expect(growth.waitFor(0, 15)).toBe(20)
    expect(growth.waitFor(0, Number.POSITIVE_INFINITY)).toBe(20)
  })

  test('gives what is there, and then the first failure', () => {
    const growth = new FileGrowth(2)
    growth.advance(0, 10)
    growth.complete(1)
    inThread(growth, "growth.fail('chunk é', 'the first\\nreason'); growth.fail('chunk b', 'another')")
    expect(() => growth.waitFor(0, 11)).toThrow('chunk é: the first\\u000areason')
    expect(growth.waitFor(0, 10)).toBe(10)
    expect(growth.waitFor(1, 99)).toBe(0)
  })

  test('keeps the beginning of a message that is too long', () => {
    const growth = new FileGrowth(1)
    growth.fail('x'.repeat(5000), 'é'.repeat(5000))
    expect(() => growth.waitFor(0, 1)).toThrow(/^x{500}: é{700,}$/)
  })

  test('gives up on a writer without a sign of life', () => {
    const growth = new FileGrowth(1, 2)
    expect(() => growth.waitFor(0, 1)).toThrow('no sign of life for 2 seconds')
  })

  test('waits as long as there is a heartbeat', async () => {
    const growth = new FileGrowth(1, 2)
    await inThread(growth, 'setInterval(() => growth.beat(), 300).unref(); setTimeout(() => growth.complete(0), 3500)')
    expect(growth.waitFor(0, 1)).toBe(0)
  })

  test('stop waits for the end, whether the writer failed or not', () => {
    for (const failure of ['', "growth.fail('a', 'b');"]) {
      const growth = new FileGrowth(1)
      inThread(growth, `${failure} const poll = setInterval(() => { if (growth.stopRequested) { growth.end(); clearInterval(poll) } }, 20)`)
      expect(growth.stop()).toBe(true)
    }
    expect(new FileGrowth(1, 1).stop()).toBe(false)
  })
})
