import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { oneOf } from '../choice.ts'

/** The command line can't be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What a command understands. */
export interface CommandLine<T extends ParseArgsOptionsConfig> {
  readonly name: string
  readonly help: string
  readonly options: T
}

const helpOption = { help: { type: 'boolean', short: 'h' } } as const

/** Parses a command's arguments: one input, and options. If help is requested, prints it and returns undefined. */
export function parseWords<T extends ParseArgsOptionsConfig>({ name, help, options }: CommandLine<T>, words: string[]) {
  const seeHelp = `see xenserver-ddk ${name} --help`
  const config = { ...options, ...helpOption }
  const { values, positionals, tokens } = parseArgs({ args: words, options: config, allowPositionals: true, strict: false, tokens: true })
  // `parseArgs` would check them too, but in sentences of several lines.
  for (const token of tokens) if (token.kind === 'option') checkOption(token, config, seeHelp)
  if (values.help) {
    process.stdout.write(help)
    return undefined
  }
  const [input, ...more] = positionals
  if (!input) throw new UsageError(`INPUT is missing; ${seeHelp}`)
  if (more.length > 0) throw new UsageError(`only one INPUT is allowed; remove "${more[0]}"`)
  return { input, values: values as ReturnType<typeof parseArgs<{ options: T }>>['values'] }
}

interface OptionToken {
  readonly name: string
  /** As it was written, e.g. `-o`. */
  readonly rawName: string
  readonly value: string | undefined
  /** Whether the value was given as in `--output=FILE`. */
  readonly inlineValue: boolean | undefined
}

function checkOption({ name, rawName, value, inlineValue }: OptionToken, options: ParseArgsOptionsConfig, seeHelp: string): void {
  const option = Object.hasOwn(options, name) ? options[name] : undefined
  if (!option) throw new UsageError(`unknown option ${rawName}; ${seeHelp}`)
  if (option.type === 'boolean') {
    if (value !== undefined) throw new UsageError(`the option ${rawName} takes no value; remove "${value}"`)
    return
  }
  const isOption = value !== undefined && !inlineValue && value.length > 1 && value.startsWith('-')
  if (value === undefined || isOption) throw new UsageError(`the option ${rawName} needs a value; ${seeHelp}`)
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

/** @throws UsageError that lists the choices, unless the option's `text` is one of them */
export function choiceOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  return usage(() => oneOf(text, choices), option)
}
