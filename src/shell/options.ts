import { splitWords } from './words.ts'

/** The user that runs the steps' scripts in the container. */
const shellUsers = ['root', 'runner'] as const

export type ShellUser = (typeof shellUsers)[number]

/** A folder or an engine's volume that is mounted in the container. */
export interface Mount {
  /** Absolute path on the host, or the name of a volume. */
  readonly source: string
  /** Absolute path in the container. */
  readonly target: string
  /** In the engines' notation: `ro`, `z` …; empty if there are none. */
  readonly options: string
}

/** @throws Error with one sentence */
export function parseShellName(text: string): string {
  // Any other name, such as bash or docker, could hide a program that steps or the shell itself need.
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*\.sh$/.test(text)) return text
  throw new Error(`"${text}" is not a valid shell name; use letters, digits, ".", "_" and "-", with ".sh" at the end, e.g. ddk-6.5.sh`)
}

/** How each side sees the other side's mounts (mount_namespaces(7)). */
export const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']

const folderOptions = ['ro', 'rw', 'z', 'Z', ...propagations]

/**
 * Parses one volume per line: `HOST:CONTAINER` or `HOST:CONTAINER:OPTIONS`.
 * @throws Error with one sentence that contains the line
 */
export function parseVolumes(text: string): Mount[] {
  return lines(text).map((line) => {
    const [source = '', target = '', options = '', ...more] = line.split(':')
    const wrong = (why: string, example = '') =>
      new Error(`"${line}" ${why}; write HOST:CONTAINER or HOST:CONTAINER:ro, one volume a line${example}`)
    if (source === '' || target === '' || more.length > 0) throw wrong('is not a volume')
    if (!target.startsWith('/')) throw wrong(`has no absolute path for the container`)
    if (!source.startsWith('/') && !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(source))
      throw wrong(`has neither an absolute path nor a volume's name`, `, e.g. \${{ github.workspace }}/src:/src`)
    const unknown = source.startsWith('/')
      ? options.split(',').find((option) => option !== '' && !folderOptions.includes(option))
      : undefined
    if (unknown !== undefined) throw wrong(`has the option "${unknown}", and a folder may have ${folderOptions.join(', ')}`)
    return { source, target, options }
  })
}

/** Variables that affect the engine's command, bash, or the shell itself. */
const notForContainers = /^(PATH|HOME|PWD|SHELLOPTS|IFS|BASH.*|LD_.*|DOCKER_.*|CONTAINER_.*|CONTAINERS_.*|XDG_.*|_.*)$/

/** Bash doesn't allow setting these, or sets them itself. */
const bashOwn = /^(UID|EUID|PPID|GROUPS|DIRSTACK|FUNCNAME|RANDOM|SRANDOM|SECONDS|LINENO|HISTCMD|EPOCHSECONDS|EPOCHREALTIME)$/

/** Characters. A line of a key in PEM has 64. */
const longestShown = 40

/**
 * Parses one variable per line: `NAME` or `NAME=VALUE`. Blank lines are ignored.
 * @throws Error with one sentence that contains the name, but never a value
 */
export function parseEnv(text: string): string[] {
  return lines(text).map((line) => {
    const name = line.split('=', 1)[0]!
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      // It may be the second line of a secret.
      const what = name.length > longestShown ? 'a long line' : `"${name}"`
      const wayOut = 'write NAME or NAME=VALUE, one variable a line, and set a value of several lines in the env: of the step'
      throw new Error(`${what} is not a valid variable name; ${wayOut}`)
    }
    if (notForContainers.test(name) || bashOwn.test(name))
      throw new Error(`${name} can't be passed to the container; set it in the step's script`)
    return line
  })
}

/** @throws Error with one sentence */
export function parseNetwork(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.:=,-]*$/.test(text)) return text
  throw new Error(`"${text}" is not a valid network; use host, none, bridge or the name of a network`)
}

/**
 * Parses options for the engine's `create`.
 * @throws Error with one sentence
 */
export function parseRunOptions(text: string): string[] {
  const words = splitWords(text)
  if (words[0] !== undefined && !/^-./.test(words[0])) {
    throw new Error(`it begins with "${words[0]}"; give options of "docker run", such as --memory 4g`)
  }
  return words
}

/** @throws Error with one sentence */
export function parseShellUser(text: string): ShellUser {
  const user = shellUsers.find((name) => name === text)
  if (!user) throw new Error(`"${text}" is not one of ${shellUsers.join(', ')}`)
  return user
}

function lines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
