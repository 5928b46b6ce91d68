import * as core from '@actions/core'
import { oneLine } from './bytes/text.ts'
import type { Engine, Image } from './engine/engine.ts'
import { bytesText } from './phase/units.ts'
import { tellRunner } from './runner-file.ts'
import type { Supply } from './supply/supply.ts'

/** Writes a small table to the job summary: which DDK this is, and the checksum to pin it with. */
export async function writeSummary(supply: Supply, engine: Engine | undefined, image: Image | undefined): Promise<void> {
  // Only the runner sets the file for the summary.
  if (!process.env.GITHUB_STEP_SUMMARY) return
  const { name, origin, identity, isoSha256, conversion } = supply
  const rows: [string, string | undefined][] = [
    ['Image', name],
    ['ID', image?.id ?? conversion?.archive.configDigest],
    ['From', origin],
    ['Engine', engine ? `${engine.name} ${engine.version}` : 'none'],
    ['DDK', [identity.product, identity.version, identity.build].filter(Boolean).join(' ')],
    ['Kernel', identity.kernelVersion],
    ['Architecture', identity.architecture],
    [
      'Root filesystem',
      conversion && `${conversion.found.type}, ${conversion.tar.members} entries, ${bytesText(conversion.tar.contentSize)}`,
    ],
    ['SHA-256 of the ISO', isoSha256],
  ]
  const summary = core.summary
    .addHeading(escapeHtml(`XenServer DDK ${identity.version ?? ''}`.trimEnd()), 3)
    .addTable(rows.flatMap(([label, value]) => (value ? [[{ data: label, header: true }, escapeHtml(value)]] : [])))
  await tellRunner("the job's summary", () => summary.write())
}

/** The toolkit doesn't escape a cell, and an empty line in one would end the table. */
function escapeHtml(text: string): string {
  return oneLine(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
