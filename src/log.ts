import * as core from '@actions/core'
import { shortLine } from './bytes/text.ts'

// The log of a step. All of its lines are written here, because the runner finds commands in the log, and much of its text comes from
// others: names in an ISO, a server's answers, an engine's messages, the log of the cache.

export function say(line: string): void {
  core.info(shortLine(line))
}

/** Also shown beside the job's result. */
export function notice(line: string): void {
  core.notice(shortLine(line))
}

/** Also shown beside the job's result. */
export function warn(line: string): void {
  core.warning(shortLine(line))
}

/** Also shown beside the job's result. The step fails. */
export function fail(sentence: string): void {
  core.setFailed(shortLine(sentence))
}

/** Only shown if the job runs in debug mode. */
export function debug(text: string): void {
  if (core.isDebug()) for (const line of text.split('\n')) core.debug(shortLine(line))
}

/** Folds the output of `use` under a title. */
export function group<T>(title: string, use: () => Promise<T>): Promise<T> {
  return core.group(shortLine(title), use)
}

/** A command of our own to the runner. */
export function command(line: string): void {
  core.info(line)
}
