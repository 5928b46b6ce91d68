import { splitWords } from './words.ts'

/** Who runs the steps' scripts in the container. */
export const shellUsers = ['root', 'runner'] as const

export type ShellUser = (typeof shellUsers)[number]

/** A folder, or an engine's volume, that a container sees. */
export interface Mount {
  /** Absolute path on the host, or the name of a volume. */
  readonly source: string
  /** Absolute path in the container. */
  readonly target: string
  /** As the engines write them: `ro`, `z` …; empty if there are none. */
  readonly options: string
}

/** @throws Error with one sentence */
export function parseShellName(text: string): string {
  // Whatever else a name might be, such as bash or docker, is a program that steps and the shell itself want to find.
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*\.sh$/.test(text)) return text
  throw new Error(`"${text}" can't be the shell's name; give letters, digits, ".", "_" and "-", with ".sh" at the end, such as ddk-6.5.sh`)
}

/** How mounts of one side are seen on the other (mount_namespaces(7)). */
export const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']

const folderOptions = ['ro', 'rw', 'z', 'Z', ...propagations]

/** One volume a line: `HOST:CONTAINER` or `HOST:CONTAINER:OPTIONS`. @throws Error with one sentence that has the line */
export function parseVolumes(text: string): Mount[] {
  return lines(text).map((line) => {
    const [source = '', target = '', options = '', ...more] = line.split(':')
    const wrong = (why: string) => new Error(`"${line}" ${why}; write HOST:CONTAINER or HOST:CONTAINER:ro, one volume a line`)
    if (source === '' || target === '' || more.length > 0) throw wrong('is not a volume')
    if (!target.startsWith('/')) throw wrong(`has no absolute path for the container`)
    if (!source.startsWith('/') && !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(source))
      throw wrong(`has neither an absolute path nor a volume's name`)
    const unknown = source.startsWith('/')
      ? options.split(',').find((option) => option !== '' && !folderOptions.includes(option))
      : undefined
    if (unknown !== undefined) throw wrong(`has the option "${unknown}", and a folder may have ${folderOptions.join(', ')}`)
    return { source, target, options }
  })
}

/** What the engine's own command goes by, or bash and the shell itself. */
const notForContainers = /^(PATH|HOME|PWD|SHELLOPTS|IFS|BASH.*|LD_.*|DOCKER_.*|CONTAINER_.*|CONTAINERS_.*|XDG_.*|_.*)$/

/** Bash doesn't let them be set, or gives them a value of its own. */
const bashOwn = /^(UID|EUID|PPID|GROUPS|DIRSTACK|FUNCNAME|RANDOM|SRANDOM|SECONDS|LINENO|HISTCMD|EPOCHSECONDS|EPOCHREALTIME)$/

/** One variable a line: `NAME` or `NAME=VALUE`. Blank lines don't count. @throws Error with one sentence that has the name, and never a value */
export function parseEnv(text: string): string[] {
  return lines(text).map((line) => {
    const name = line.split('=', 1)[0]!
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new Error(`"${name}" can't be a variable's name; write NAME or NAME=VALUE, one variable a line`)
    }
    if (notForContainers.test(name) || bashOwn.test(name))
      throw new Error(`${name} can't be given to the container this way; set it in the step's script`)
    return line
  })
}

/** @throws Error with one sentence */
export function parseNetwork(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.:=,-]*$/.test(text)) return text
  throw new Error(`"${text}" can't be a network; give host, none, bridge, or the name of one`)
}

/** More options for the engine's `create`. @throws Error with one sentence */
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
  if (!user) throw new Error(`"${text}" is no user that the shell knows; it may be ${shellUsers.join(' or ')}`)
  return user
}

function lines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
