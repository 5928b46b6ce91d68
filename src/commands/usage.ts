import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { plainJson, shortLine } from '../bytes/text.ts'
import { oneOf } from '../choice.ts'

/** The command line can't be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Parses a command's arguments: one input, and options. If help is requested, prints `help` and returns undefined. */
export function parseWords<T extends ParseArgsOptionsConfig>(words: string[], options: T, help: string) {
  const parsed = usage(() =>
    parseArgs({ args: words, options: { ...options, help: { type: 'boolean', short: 'h' } }, allowPositionals: true }),
  )
  const values = parsed.values as ReturnType<typeof parseArgs<{ options: T }>>['values']
  if ((parsed.values as { help?: boolean }).help) {
    process.stdout.write(help)
    return undefined
  }
  const [input, ...more] = parsed.positionals
  if (!input) throw new UsageError('INPUT is missing; see --help')
  if (more.length > 0) throw new UsageError(`only one INPUT is allowed; remove "${more[0]}"`)
  return { input, values }
}

/** Returns the result of `parse`, and turns its errors into usage errors that begin with the option's name, if one is given. */
export function usage<T>(parse: () => T, option?: string): T {
  try {
    return parse()
  } catch (error) {
    const { message } = error as Error
    throw new UsageError(option === undefined ? message : `${option}: ${message}`)
  }
}

/** Prints a line for people to standard error, away from the output. In a job, the runner reads it as well. */
export function sayOnStderr(line: string): void {
  process.stderr.write(`${shortLine(line)}\n`)
}

export function warnOnStderr(sentence: string): void {
  sayOnStderr(`warning: ${sentence}`)
}

/** JSON in which neither the runner nor a terminal finds a command. */
export function jsonText(value: object, indent?: number): string {
  return plainJson(JSON.stringify(value, undefined, indent))
}

/** @throws UsageError that lists the choices, unless the option's `text` is one of them */
export function choiceOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  return usage(() => oneOf(text, choices), option)
}
