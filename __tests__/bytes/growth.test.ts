import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from '@jest/globals'
import { Progress } from '../../src/bytes/growth.ts'

/** Runs a piece of JavaScript with `progress` in another thread. Whoever needs to know that it runs may wait for that. */
function inThread(progress: Progress, code: string): Promise<unknown> {
  const module = new URL('../../src/bytes/growth.ts', import.meta.url).href
  const script = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(${JSON.stringify(module)}).then(({ Progress }) => { const progress = new Progress(workerData); ${code}; parentPort.postMessage('') })`
  const worker = new Worker(script, { eval: true, workerData: progress.shared })
  worker.unref()
  return once(worker, 'message')
}

describe('Progress', () => {
  test('counts bytes and completion for each file', () => {
    const progress = new Progress(3)
    progress.advance(1, 5_000_000_000)
    progress.advance(1, 7)
    progress.complete(2)
    expect([0, 1, 2].map((index) => progress.available(index))).toEqual([0, 5_000_000_007, 0])
    expect([0, 1, 2].map((index) => progress.isComplete(index))).toEqual([false, false, true])
    expect(progress.waitFor(1, 5_000_000_007)).toBe(5_000_000_007)
    expect(progress.waitFor(2, 1)).toBe(0)
  })

  test('wakes a reader in another thread', () => {
    const progress = new Progress(1)
    inThread(
      progress,
      'setTimeout(() => progress.advance(0, 10), 50); setTimeout(() => { progress.advance(0, 10); progress.complete(0) }, 100)',
    )
    expect(progress.waitFor(0, 15)).toBe(20)
    expect(progress.waitFor(0, Number.POSITIVE_INFINITY)).toBe(20)
  })

  test('gives what is there, and then the first failure', () => {
    const progress = new Progress(2)
    progress.advance(0, 10)
    progress.complete(1)
    inThread(progress, "progress.fail('chunk é', 'the first\\nreason'); progress.fail('chunk b', 'another')")
    expect(() => progress.waitFor(0, 11)).toThrow('chunk é: the first\\u000areason')
    expect(progress.waitFor(0, 10)).toBe(10)
    expect(progress.waitFor(1, 99)).toBe(0)
  })

  test('keeps the beginning of a message that is too long', () => {
    const progress = new Progress(1)
    progress.fail('x'.repeat(5000), 'é'.repeat(5000))
    expect(() => progress.waitFor(0, 1)).toThrow(/^x{500}: é{700,}$/)
  })

  test('gives up on a writer without a sign of life', () => {
    const progress = new Progress(1, 2)
    expect(() => progress.waitFor(0, 1)).toThrow('no sign of life for 2 seconds')
  })

  test('waits as long as there is a heartbeat', async () => {
    const progress = new Progress(1, 2)
    await inThread(progress, 'setInterval(() => progress.beat(), 300).unref(); setTimeout(() => progress.complete(0), 3500)')
    expect(progress.waitFor(0, 1)).toBe(0)
  })

  test('stop waits for the end, whether the writer failed or not', () => {
    for (const failure of ['', "progress.fail('a', 'b');"]) {
      const progress = new Progress(1)
      inThread(
        progress,
        `${failure} const poll = setInterval(() => { if (progress.stopRequested) { progress.end(); clearInterval(poll) } }, 20)`,
      )
      expect(progress.stop()).toBe(true)
    }
    expect(new Progress(1, 1).stop()).toBe(false)
  })
})
