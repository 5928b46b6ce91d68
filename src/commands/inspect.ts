import { tmpdir } from 'node:os'
import { inspect } from '../disk/inspection.ts'
import { inspectionText } from '../report/inspection.ts'
import { exitCodeOf } from './exit-code.ts'
import { jsonText } from './json-text.ts'
import { endProgress, named, showOnTerminal } from './messages.ts'
import { pathOfInput } from './standard-input.ts'
import { parseWords } from './usage.ts'

const help = `Usage: xenserver-ddk inspect INPUT [--json]

Shows what INPUT contains, layer by layer: the ISO and its extensions, ova.xml, the chunks, the disk
image, the partition table, the content of each partition and logical volume, the root filesystem, what
its /etc/fstab mounts in it or is left out, and which DDK it is.
The output contains nothing secret, so you can paste it into a bug report.

  --json           print one JSON object instead of text; sizes are in bytes
  --temp-dir DIR   where to unpack the disk temporarily (default: the system's)

Examples:
  xenserver-ddk inspect XenServer-6.5.0-DDK.iso
  xenserver-ddk inspect XenServer-6.5.0-DDK.iso --json | jq -r .identity.kernelVersion
  curl -sL https://mirror.example.com/ddk.iso | xenserver-ddk inspect -
`

const options = { json: { type: 'boolean' }, 'temp-dir': { type: 'string' } } as const

export async function inspectCommand(words: string[]): Promise<number> {
  const parsed = parseWords({ name: 'inspect', help, options }, words)
  if (!parsed) return 0
  const { json, 'temp-dir': tempDir = tmpdir() } = parsed.values
  const path = await pathOfInput(parsed.input, tempDir)
  showOnTerminal({ doing: 'Reading the disk' })
  const inspection = await inspect(path, { tempDir })
  endProgress()
  process.stdout.write(named(json ? `${jsonText(inspection, 2)}\n` : inspectionText(inspection)))
  if (inspection.errors.length === 0) return 0
  return inspection.errorKind === undefined ? 1 : exitCodeOf(inspection.errorKind)
}
