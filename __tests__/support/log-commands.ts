/** A command that the runner takes out of a line of a step's log. */
export interface LogCommand {
  readonly name: string
  readonly line: string
}

/** Those that its ActionCommandManager knows. */
const known = [
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
]

/** Reads a log as the runner does (actions/runner, ActionCommand.cs): first as `::name::`, after blanks, then as `##[name]`, anywhere. */
export function logCommands(log: string): LogCommand[] {
  return log.split(/\r\n|\r|\n/).flatMap((line) => {
    const name = newForm(line) ?? oldForm(line)
    return name === undefined ? [] : [{ name, line }]
  })
}

function newForm(line: string): string | undefined {
  const text = line.trimStart()
  const end = text.indexOf('::', 2)
  return text.startsWith('::') && end >= 0 ? nameIn(text.slice(2, end)) : undefined
}

function oldForm(line: string): string | undefined {
  const start = line.indexOf('##[')
  const end = line.indexOf(']', start)
  return start >= 0 && end >= 0 ? nameIn(line.slice(start + 3, end)) : undefined
}

function nameIn(info: string): string | undefined {
  const name = info.trim().split(' ')[0]!.toLowerCase()
  return known.includes(name) ? name : undefined
}
