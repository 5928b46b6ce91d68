import { afterAll, beforeAll, jest } from '@jest/globals'

/** Keeps the debug lines that the toolkit writes for a runner out of the output of a file's tests. */
export function hideDebugLines(): void {
  let spy: { mockRestore(): void }
  beforeAll(() => {
    const write = process.stdout.write.bind(process.stdout)
    spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => String(text).startsWith('::debug::') || write(text))
  })
  afterAll(() => spy.mockRestore())
}
