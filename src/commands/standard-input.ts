import { createWriteStream, fstatSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { DiskError, kindOfSystemError, systemMessage } from '../bytes/errors.ts'
import { openUnlinked } from '../bytes/unlinked-file.ts'
import { shellQuote } from '../host/shell-quote.ts'
import { callPath, show } from './messages.ts'
import { UsageError } from './usage.ts'

const name = 'standard input'

/**
 * The path of INPUT. `-` is standard input. It is read at any position, so what comes through a pipe is copied first, into a file that
 * disappears with this process.
 * @param tempDir for the copy
 * @throws UsageError if standard input is a terminal, or the input is a URL; DiskError if it can't be copied; the reason of `signal`
 */
export async function pathOfInput(input: string, tempDir: string, signal?: AbortSignal): Promise<string> {
  if (/^https?:/i.test(input)) throw new UsageError(`INPUT can't be a URL; download it first: curl -fLO ${shellQuote(input)}`)
  if (input !== '-') return input
  if (process.stdin.isTTY) throw new UsageError(`${name} is a terminal; give the name of a file, or redirect one to it`)
  const stats = fstatSync(0)
  const path = `/dev/fd/${stats.isFile() || stats.isDirectory() ? 0 : await copy(tempDir, signal)}`
  callPath(path, name)
  return path
}

async function copy(tempDir: string, signal?: AbortSignal): Promise<number> {
  const fd = openUnlinked(tempDir)
  let done = 0
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      done += chunk.length
      show({ doing: `Copying ${name}`, done })
      yield chunk
    }
  }
  show({ doing: `Waiting for ${name}` })
  try {
    await pipeline(process.stdin, counted, createWriteStream('', { fd, autoClose: false }), { ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    throw new DiskError(
      tempDir,
      `${name} can't be copied there: ${systemMessage(error)}; choose another place with --temp-dir`,
      kindOfSystemError(error),
    )
  }
  return fd
}
