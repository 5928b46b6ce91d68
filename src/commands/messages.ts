import { shortLine } from '../bytes/text.ts'
import type { ShowProgress } from '../phase/progress.ts'
import { progressLines } from '../phase/progress-line.ts'
import { canRedraw, ProgressBar } from '../phase/terminal/bar.ts'

// What a command tells people, on standard error. Its output is on standard output.

/** Paths in messages, and what to call them instead. */
const names = new Map<string, string>()

/** From now on, messages call a path by another name. */
export function callPath(path: string, name: string): void {
  names.set(path, name)
}

/** A message in which paths are called by their names. */
export function named(text: string): string {
  // `/dev/fd/2` isn't a part of `/dev/fd/21`.
  return [...names].reduce((result, [path, name]) => result.replaceAll(new RegExp(`${path}(?![0-9])`, 'g'), name), text)
}

const bar = canRedraw(process.stderr) ? new ProgressBar(process.stderr) : undefined

/** Prints a line. In a job, the runner reads it as well. */
export function say(line: string): void {
  const print = () => void process.stderr.write(`${shortLine(named(line))}\n`)
  if (bar) bar.interrupt(print)
  else print()
}

export function warn(sentence: string): void {
  say(`warning: ${sentence}`)
}

/** Shows progress on a terminal: as a bar, or as lines if the terminal can't redraw one. */
export const showOnTerminal: ShowProgress = bar ? (state) => bar.show(state) : process.stderr.isTTY ? progressLines(say, true) : () => {}

/** Shows progress everywhere: as lines if standard error isn't a terminal. */
export const show: ShowProgress = process.stderr.isTTY ? showOnTerminal : progressLines(say)

/** Erases the bar. */
export function endProgress(): void {
  bar?.end()
}
