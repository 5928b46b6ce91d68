import { jest } from '@jest/globals'

/**
 * Makes time a test's own, as far as timers are concerned: `jest.advanceTimersByTime` fires them. Everything else goes on as usual: the clock,
 * connections, child processes. `jest.useRealTimers` ends it.
 */
export function fakeTimers(): void {
  const others = ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const
  jest.useFakeTimers({ doNotFake: [...others] })
}

/** Waits until it is so, while timers are a test's own. */
export async function untilSo(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
