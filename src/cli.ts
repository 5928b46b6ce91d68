import { existsSync, readFileSync } from 'node:fs'
import { systemMessage, UserError } from './bytes/errors.ts'
import { convertCommand } from './commands/convert.ts'
import { exitCode } from './commands/exit-code.ts'
import { inspectCommand } from './commands/inspect.ts'
import { listCommand } from './commands/list.ts'
import { endProgress, say } from './commands/messages.ts'
import { rawCommand } from './commands/raw.ts'
import { UsageError } from './commands/usage.ts'
import { onUncaught } from './host/last-resort.ts'
import { sentenceOf } from './host/system-error.ts'
import { explanationOf } from './troubleshooting.ts'

/** A command takes the arguments after its name, and returns the exit code. */
const commands: Readonly<Record<string, (words: string[]) => number | Promise<number>>> = {
  inspect: inspectCommand,
  list: listCommand,
  convert: convertCommand,
  raw: rawCommand,
}

const help = `Usage: xenserver-ddk COMMAND INPUT [OPTION]...

Reads a XenServer DDK in user space. INPUT is a DDK ISO, a folder with ova.xml or an .xva, an .xva, a VHD,
a raw disk, or a bare filesystem; each file may be compressed with gzip or zstd, or be in a zip.
It is recognized by its content, not by its name. With - it is read from standard input.

Commands:
  inspect   show what it contains: container, disk, partitions, filesystems, version, kernel
  list      list the root filesystem
  convert   convert the root filesystem into a container image
  raw       write the disk as a raw image

xenserver-ddk COMMAND --help has the details and examples; xenserver-ddk --version prints the version.

Examples:
  xenserver-ddk inspect XenServer-6.5.0-DDK.iso          show what is in an ISO
  xenserver-ddk convert XenServer-6.5.0-DDK.iso --load   make an image, and load it into Docker or Podman

Exit codes: 0 success; 1 failure, or a part of the input can't be read; 2 wrong usage.
If the input as a whole can't be used: 3 it is damaged; 4 its format, or a feature in it, isn't supported;
5 it is encrypted; 6 it can't be read from, or unpacked to, this machine's disk; 7 it isn't a DDK.
`

async function main([name = '--help', ...words]: string[]): Promise<number> {
  switch (name) {
    case 'help':
      return words.length > 0 ? main([words[0]!, '--help']) : main(['--help'])
    case '--help':
    case '-h':
      process.stdout.write(help)
      return 0
    case '--version':
    case '-V':
      process.stdout.write(`xenserver-ddk ${version()}\n`)
      return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new UsageError(unknown(name))
  return command(words)
}

function unknown(name: string): string {
  const seeHelp = 'see xenserver-ddk --help'
  if (name.startsWith('-')) return `unknown option ${name}; ${seeHelp}`
  const choices = `${Object.keys(commands).join(', ')}; ${seeHelp}`
  return existsSync(name) ? `a command is missing before ${name}: ${choices}` : `unknown command ${name}; the commands are ${choices}`
}

/** The package's version. Its file is beside the folder of this one, in the sources and in the package. */
function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
}

// A reader such as `head` closes the pipe when it has enough; that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`xenserver-ddk: writing to standard output failed (${systemMessage(error)})\n`)
  process.exit(1)
})

// If nobody reads standard error, that is not an error either.
process.stderr.on('error', () => {})

function fail(error: unknown): void {
  endProgress()
  say(`xenserver-ddk: ${sentenceOf(error)}`)
  if (!isSelfEvident(error)) say(`See ${explanationOf(error)}`)
  if (process.env.DEBUG && error instanceof Error) for (const line of error.stack?.split('\n') ?? []) say(line)
}

/** Whether the user has just typed what is wrong, or has ended the command. */
function isSelfEvident(error: unknown): boolean {
  return error instanceof UsageError || (error instanceof UserError && error.kind === 'cancelled')
}

onUncaught(fail, 1)
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    fail(error)
    process.exitCode = exitCode(error)
  },
)
