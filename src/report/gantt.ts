import type { Task } from '../phase/timeline.ts'
import { durationText } from '../phase/units.ts'

/** Tasks that take less than this share of the time would be lines without width. */
const minShare = 0.005

/** A Gantt chart of tasks in Mermaid's language (mermaid.js.org, "Gantt diagrams"). Times are counted from the beginning of the first task. */
export function ganttOf(tasks: readonly Task[]): string {
  const first = Math.min(...tasks.map(({ start }) => start))
  const last = Math.max(...tasks.map(({ end }) => end))
  const least = (last - first) * minShare
  const coincide = (one: Task, other: Task) => Math.abs(one.start - other.start) < least && Math.abs(one.end - other.end) < least
  const bars = tasks
    .filter(({ start, end }) => end - start >= least)
    // A part that takes all of the time of its whole says nothing more.
    .filter((task, index, all) => index === 0 || !coincide(task, all[index - 1]!))
    .map(({ title, start, end }) => `  ${label(title)} (${durationText(end - start)}) :${clock(start - first)}, ${clock(end - first)}`)
  return ['gantt', '  dateFormat YYYY-MM-DD HH:mm:ss.SSS', `  axisFormat ${last - first < 3_600_000 ? '%M:%S' : '%H:%M:%S'}`, ...bars].join(
    '\n',
  )
}

/** Without the characters that end a task's name in Mermaid, or begin a comment or a directive. */
function label(title: string): string {
  return title.replace(/[:;#%{}\n]/g, ' ')
}

/** The time of a clock that was started at midnight, with a date that Mermaid needs, in no time zone. */
function clock(milliseconds: number): string {
  return new Date(Date.UTC(2000, 0, 1) + milliseconds).toISOString().replace('T', ' ').replace('Z', '')
}
