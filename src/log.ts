import * as core from '@actions/core'
import { oneLine } from './bytes/text.ts'

// The log of a step. Every line of it is written here, because the runner takes commands out of the log, and much of what is said comes from
// others: names in an ISO, a server's answers, an engine's words, the log of the cache.

export function say(line: string): void {
  core.info(oneLine(line))
}

/** Shown beside the job's result as well. */
export function notice(line: string): void {
  core.notice(oneLine(line))
}

/** Shown beside the job's result as well. */
export function warn(line: string): void {
  core.warning(oneLine(line))
}

/** Shown beside the job's result as well; the step fails. */
export function fail(sentence: string): void {
  core.setFailed(oneLine(sentence))
}

/** Only for someone who debugs the job. */
export function debug(text: string): void {
  if (core.isDebug()) for (const line of text.split('\n')) core.debug(oneLine(line))
}

/** Folds what `use` says under a title. */
export function group<T>(title: string, use: () => Promise<T>): Promise<T> {
  return core.group(oneLine(title), use)
}

/** A command to the runner, of our own making. */
export function command(line: string): void {
  core.info(line)
}
