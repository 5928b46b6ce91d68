import * as core from '@actions/core'
import { shortLine } from './bytes/text.ts'
import { durationText, rateText } from './phase/units.ts'

// The log of a step. All of its lines are written here, because the runner finds commands in the log, and much of its text comes from
// others: names in an ISO, a server's answers, an engine's messages, the log of the cache.

/** When the last line was written, in milliseconds since 1970. */
let lastLine = Date.now()

export function say(line: string): void {
  lastLine = Date.now()
  core.info(shortLine(line))
}

/** Something worth knowing. Also shown beside the job's result. */
export function notice(line: string): void {
  annotate('notice', core.notice, line)
}

/** Something to act on. Also shown beside the job's result. */
export function warn(line: string): void {
  annotate('warning', core.warning, line)
}

/** Also shown beside the job's result. The step fails. */
export function fail(sentence: string): void {
  core.setFailed(shortLine(sentence))
}

/** Only shown if the job runs in debug mode. */
export function debug(text: string): void {
  if (core.isDebug()) for (const line of text.split('\n')) core.debug(shortLine(line))
}

/** A command of our own to the runner. */
export function command(line: string): void {
  core.info(line)
}

/**
 * How many annotations of a kind this step makes. The runner shows 10 of a step and 50 of a job, and a compiler's errors in later steps need
 * some of those.
 */
const maxAnnotations = 5

const annotations = { notice: new Set<string>(), warning: new Set<string>() }

/** Repeats nothing. What is too much is only in the log. */
function annotate(kind: keyof typeof annotations, write: (line: string) => void, line: string): void {
  const made = annotations[kind]
  if (made.has(line)) return
  made.add(line)
  if (made.size > maxAnnotations) say(`${kind}: ${line}`)
  else {
    lastLine = Date.now()
    const more = made.size === maxAnnotations ? ` (if there are more ${kind}s, they are in this step's log)` : ''
    write(`${shortLine(line)}${more}`)
  }
}

/** What a group has achieved, as one line. */
export interface Achieved {
  readonly text: string
  /** How many bytes it dealt with, if that is what took the time. */
  readonly bytes?: number | undefined
}

/** Milliseconds without a line after which a group says that it goes on; the second number is for all lines but the first. */
const silence = { first: 3000, next: 10_000 }

/**
 * Folds the output of `use` under a title. The line after the group says what it has achieved and how long that took, so the folded log
 * reads as a table of contents.
 */
export async function group<T>(title: string, use: () => Promise<T>, achieved: (value: T) => Achieved): Promise<T> {
  const start = Date.now()
  const elapsed = () => Date.now() - start
  const timer = breakSilence(() => `${title}: ${durationText(elapsed())} so far`)
  let value: T
  core.startGroup(shortLine(title))
  lastLine = start
  try {
    value = await use()
  } finally {
    clearInterval(timer)
    core.endGroup()
  }
  const { text, bytes } = achieved(value)
  say(`${text}${bytes === undefined ? ` (${durationText(elapsed())})` : `: ${rateText(bytes, elapsed())}`}`)
  return value
}

function breakSilence(text: () => string): NodeJS.Timeout {
  let limit = silence.first
  return setInterval(() => {
    if (Date.now() - lastLine < limit) return
    limit = silence.next
    say(text())
  }, 500)
}
