import { tmpdir } from 'node:os'
import { inspect } from '../disk/inspection.ts'
import { inspectionText } from '../report/inspection.ts'
import { exitCodeOf } from './exit-code.ts'
import { jsonText, parseWords } from './usage.ts'

const help = `Usage: xenserver-ddk inspect INPUT [--json]

Shows what INPUT contains, layer by layer: the ISO and its extensions, ova.xml, the chunks, the disk
image, the partition table, the content of each partition and logical volume, the root filesystem, what
its /etc/fstab mounts in it or is left out, and which DDK it is.
The output contains nothing secret, so you can paste it into a bug report.

  --json           print one JSON object instead of text; sizes are in bytes
  --temp-dir DIR   where to unpack the disk temporarily (default: the system's)
`

export async function inspectCommand(words: string[]): Promise<number> {
  const parsed = parseWords(words, { json: { type: 'boolean' }, 'temp-dir': { type: 'string' } }, help)
  if (!parsed) return 0
  const inspection = await inspect(parsed.input, { tempDir: parsed.values['temp-dir'] ?? tmpdir() })
  process.stdout.write(parsed.values.json ? `${jsonText(inspection, 2)}\n` : inspectionText(inspection))
  if (inspection.errors.length === 0) return 0
  return inspection.errorKind === undefined ? 1 : exitCodeOf(inspection.errorKind)
}
