import { tmpdir } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import { UserError } from '../bytes/errors.ts'
import { pieces, type Source } from '../bytes/source.ts'
import { sparseAppender } from '../bytes/sparse-file.ts'
import { openDisk } from '../disk/disk.ts'
import { notADdkIso, openInput } from '../disk/input.ts'
import { endRequest } from '../host/end-request.ts'
import { newFile, writing } from '../host/new-file.ts'
import { isSameFile } from '../host/same-file.ts'
import { endProgress, show, showOnTerminal, warn } from './messages.ts'
import { pathOfInput } from './standard-input.ts'
import { parseWords, UsageError } from './usage.ts'

const help = `Usage: xenserver-ddk raw INPUT -o FILE

Writes the disk in INPUT as a raw image, for tools that need one. Runs of zeros become holes.

  -o, --output FILE   write the image to FILE. An existing file is replaced once the image is complete;
                      a link is followed. With -, write to standard output, where only exit code 0
                      tells that the whole disk was intact
  --temp-dir DIR      where to unpack the disk temporarily (default: the system's)

Examples:
  xenserver-ddk raw XenServer-6.5.0-DDK.iso -o disk.img
  xenserver-ddk raw XenServer-6.5.0-DDK.iso -o - | sha256sum
`

const options = { output: { type: 'string', short: 'o' }, 'temp-dir': { type: 'string' } } as const

/** Bytes of a disk that takes long enough to write lines about it. */
const worthALine = 256_000_000

export async function rawCommand(words: string[]): Promise<number> {
  const parsed = parseWords({ name: 'raw', help, options }, words)
  if (!parsed) return 0
  const { output, 'temp-dir': tempDir = tmpdir() } = parsed.values
  if (!output) throw new UsageError('the option -o FILE is missing')
  if (output === '-' && process.stdout.isTTY) throw new UsageError('raw would write a disk to the terminal; give the name of a file')
  const path = await pathOfInput(parsed.input, tempDir)
  showOnTerminal({ doing: 'Reading the disk' })
  const input = await openInput(path, { tempDir, warn })
  try {
    if (!input.image) throw notADdkIso(path, input.iso)
    const disk = openDisk(input.image, warn)
    const check = () => {
      input.image?.finish()
      disk.check()
    }
    if (output === '-') await writeOut(disk.bytes, check)
    else if (isSameFile(path, output)) {
      throw new UserError(`${output}: the disk would replace what it is read from; give it another name`, 'input')
    } else await writeSparse(disk.bytes, output, check)
  } finally {
    input.close()
  }
  endProgress()
  return 0
}

/** The file gets its name only if all bytes could be read and `check` doesn't throw. */
async function writeSparse(source: Source, path: string, check: () => void): Promise<void> {
  const signal = endRequest((name) => `stopped by ${name}`)
  const file = newFile(path)
  try {
    const append = sparseAppender(file.fd)
    for (const piece of shown(source)) {
      writing(path, () => append(piece))
      // Signals are handled only between turns of the event loop.
      await turn()
      signal.throwIfAborted()
    }
    check()
    file.keep()
  } finally {
    file.discard()
  }
}

async function writeOut(source: Source, check: () => void): Promise<void> {
  // The next piece overwrites the bytes, so each write is awaited.
  for (const piece of shown(source)) await new Promise<void>((resolve) => process.stdout.write(piece, () => resolve()))
  check()
}

/** The bytes in pieces. Shows how far it is. */
function* shown(source: Source): Generator<Buffer> {
  const total = source.size
  const showShare = total < worthALine ? showOnTerminal : show
  let done = 0
  for (const piece of pieces(source)) {
    showShare({ doing: 'Writing the disk', done, total })
    yield piece
    done += piece.length
  }
}
