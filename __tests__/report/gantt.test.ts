import { expect, test } from '@jest/globals'
import { ganttOf } from '../../src/report/gantt.ts'

const start = Date.UTC(2026, 10, 25, 8, 30)

test('a chart counts the time from the first task, and leaves out what would be no bar', () => {
  const tasks = [
    { title: 'Identify the ISO', start, end: start + 400 },
    { title: 'A moment', start: start + 400, end: start + 410 },
    { title: 'Make the image', start: start + 410, end: start + 83_500 },
  ]
  expect(ganttOf(tasks)).toBe(`gantt
  dateFormat YYYY-MM-DD HH:mm:ss.SSS
  axisFormat %M:%S
  Make the image (1 min 23 s) :2000-01-01 00:00:00.410, 2000-01-01 00:01:23.500`)
})

test('a part that takes all of the time of its whole is left out, also if it is a little shorter', () => {
  const whole = { title: 'Make the image', start, end: start + 60_000 }
  const titles = (part: { start: number; end: number }) =>
    [...ganttOf([whole, { title: 'Convert', ...part }]).matchAll(/^ {2}(\w[\w ]*) \(/gm)].map(([, title]) => title)
  expect(titles({ start: start + 200, end: start + 59_800 })).toEqual(['Make the image'])
  expect(titles({ start, end: start + 50_000 })).toEqual(['Make the image', 'Convert'])
  expect(titles({ start: start + 10_000, end: start + 60_000 })).toEqual(['Make the image', 'Convert'])
})

test('a title has nothing that Mermaid would interpret', () => {
  const [, , , bar] = ganttOf([{ title: 'Set up a:b;c#d%%{e}\nf', start, end: start + 1 }]).split('\n')
  expect(bar).toBe('  Set up a b c d   e  f (0.0 s) :2000-01-01 00:00:00.000, 2000-01-01 00:00:00.001')
})

test('a chart of more than an hour has hours', () => {
  expect(ganttOf([{ title: 'a', start, end: start + 3_600_000 }])).toContain('axisFormat %H:%M:%S')
})
