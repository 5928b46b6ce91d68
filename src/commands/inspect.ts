import { tmpdir } from 'node:os'
import { inspect } from '../disk/inspection.ts'
import { inspectionText } from '../report/inspection.ts'
import { exitCodeOf } from './exit-code.ts'
import { jsonText, parseWords } from './usage.ts'

const help = `Usage: xenserver-ddk inspect INPUT [--json]

Says what is in INPUT, layer by layer: the ISO and its extensions, ova.xml, the chunks, the disk image,
the partition table, what each partition holds, which one is the root, and which DDK it is.
Nothing secret is in it: paste it into a bug report.

  --json           one JSON object instead of text; sizes in bytes
  --temp-dir DIR   where the disk is unpacked while it is looked at (default: the system's)
`

export function inspectCommand(words: string[]): number {
  const parsed = parseWords(words, { json: { type: 'boolean' }, 'temp-dir': { type: 'string' } }, help)
  if (!parsed) return 0
  const inspection = inspect(parsed.input, { tempDir: parsed.values['temp-dir'] ?? tmpdir() })
  process.stdout.write(parsed.values.json ? `${jsonText(inspection, 2)}\n` : inspectionText(inspection))
  if (inspection.errors.length === 0) return 0
  return inspection.errorKind === undefined ? 1 : exitCodeOf(inspection.errorKind)
}
