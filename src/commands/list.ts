import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { oneLine } from '../bytes/text.ts'
import { listTree } from '../disk/filesystem/listing.ts'
import type { ListingEntry } from '../disk/filesystem/listing-entry.ts'
import { openRoot } from '../disk/open.ts'
import { notARoot } from '../disk/root/index.ts'
import { jsonText } from './json-text.ts'
import { endProgress, say, showOnTerminal, warn } from './messages.ts'
import { pathOfInput } from './standard-input.ts'
import { parseWords } from './usage.ts'

const help = `Usage: xenserver-ddk list INPUT [--json] [--sha256]

Lists the root filesystem in INPUT with what its /etc/fstab mounts in it, or the ISO's own files if it
has no ova.xml. Each directory comes before its contents.

If a file or a directory can't be read, the error is on standard error, the rest is listed, and the exit
code is 1. The exit codes 3 to 7 mean that INPUT as a whole can't be used, e.g. that its root directory
is damaged (3): don't trust what was listed then. If the only filesystem that can be read isn't the root
of a system, but another one may be, nothing is listed, and the exit code is 1.

  --json           print one JSON object per line with path, type, mode, uid, gid, nlink, ino, mtime and, if
                   present, size, sha256, target, rdev, xattrs, error; default: one line of text per entry
  --sha256         include the SHA-256 of every file's content
  --temp-dir DIR   where to unpack the disk temporarily (default: the system's)

Examples:
  xenserver-ddk list XenServer-6.5.0-DDK.iso | less
  xenserver-ddk list XenServer-6.5.0-DDK.iso --json --sha256 > files.jsonl
  xenserver-ddk list XenServer-6.5.0-DDK.iso --json | jq -r 'select(.type == "symlink") | .path'
`

const options = { json: { type: 'boolean' }, sha256: { type: 'boolean' }, 'temp-dir': { type: 'string' } } as const

/** Output is written in blocks of about this many characters. */
const blockLength = 1 << 16

export async function listCommand(words: string[]): Promise<number> {
  const parsed = parseWords({ name: 'list', help, options }, words)
  if (!parsed) return 0
  const { json = false, sha256 = false, 'temp-dir': tempDir = tmpdir() } = parsed.values
  const path = await pathOfInput(parsed.input, tempDir)
  showOnTerminal({ doing: 'Reading the disk' })
  const root = await openRoot(path, { tempDir, warn })
  try {
    const { place, lacks, unreadable: others } = root
    if (lacks !== undefined && others.length > 0) {
      say(`error: ${notARoot(place, lacks, others).message}`)
      return 1
    }
    let unreadable = 0
    const onUnreadable = (message: string) => {
      unreadable++
      say(`error: ${message}`)
    }
    const entries = listTree(root.tree, { sha256, onLost: ({ message }) => onUnreadable(message) })
    await print(shown(entries, sha256), json, onUnreadable)
    root.finish()
    return unreadable === 0 ? 0 : 1
  } catch (error) {
    throw root.causeOf(error)
  } finally {
    root.close()
  }
}

/** Shows how far the listing is: how many bytes have been read, if it has to read them. */
function* shown(entries: Iterable<ListingEntry>, sha256: boolean): Generator<ListingEntry> {
  let done = 0
  for (const entry of entries) {
    done += entry.size ?? 0
    showOnTerminal({ doing: 'Listing the files', ...(sha256 && { done }) })
    yield entry
  }
}

/**
 * Prints the entries. If the listing throws, everything before that is still printed.
 * @param onError called with the error of each entry that has one
 */
async function print(entries: Iterable<ListingEntry>, json: boolean, onError: (message: string) => void): Promise<void> {
  let block = ''
  try {
    for (const entry of entries) {
      if (entry.error !== undefined) onError(entry.error)
      block += `${json ? jsonText(entry) : text(entry)}\n`
      if (block.length < blockLength) continue
      await write(block)
      block = ''
    }
  } finally {
    await write(block)
  }
}

/** Formats an entry much like `ls -l`. */
function text({ type, mode, uid, gid, size = 0, rdev, mtime, path, target, error }: ListingEntry): string {
  const date = new Date(Number(mtime.split('.')[0]) * 1000).toISOString().slice(0, 19)
  const columns = [type.padEnd(7), mode.padStart(4), `${uid}:${gid}`.padEnd(11), String(rdev ?? size).padStart(12), date, path]
  return oneLine(`${columns.join(' ')}${target === undefined ? '' : ` -> ${target}`}${error === undefined ? '' : ` (${error})`}`)
}

/** Resolves when standard output accepts more data. On a terminal, the list itself shows how far it is. */
async function write(block: string): Promise<void> {
  if (process.stdout.isTTY) endProgress()
  if (!process.stdout.write(block)) await once(process.stdout, 'drain')
}
