import { expect, test } from '@jest/globals'
import { Timeline } from '../../src/phase/timeline.ts'

test('a timeline has the tasks that succeeded, in the order of their beginnings', async () => {
  const timeline = new Timeline()
  const value = await timeline.measure('outer', async () => {
    await expect(timeline.measure('failed', () => Promise.reject(new Error('x')))).rejects.toThrow('x')
    return timeline.measure('inner', async () => 42)
  })
  expect(value).toBe(42)
  expect(timeline.tasks.map(({ title }) => title).sort()).toEqual(['inner', 'outer'])
  for (const { start, end } of timeline.tasks) expect(end).toBeGreaterThanOrEqual(start)
})
