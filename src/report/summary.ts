import * as core from '@actions/core'
import type { Engine, Image } from '../engine/engine.ts'
import type { Conversion } from '../image/convert.ts'
import { bytesText } from './units.ts'

/** A small table in the job's summary: which DDK this is, and what to pin it with. */
export async function writeSummary(conversion: Conversion, engine: Engine | undefined, image: Image | undefined): Promise<void> {
  // The runner has a file for it; other callers need not.
  if (!process.env.GITHUB_STEP_SUMMARY) return
  const { identity, names, isoSha256, found, tar, archive } = conversion
  const rows: [string, string][] = [
    ['Image', names[0]!],
    ['ID', image?.id ?? archive.configDigest],
    ['Engine', engine ? `${engine.name} ${engine.version}` : 'none'],
    ['DDK', `${identity.product} ${identity.version}-${identity.build}`],
    ['Kernel', identity.kernelVersion],
    ['Architecture', identity.architecture],
    ['Root filesystem', `${found.type}, ${tar.members} entries, ${bytesText(tar.contentSize)}`],
    ['SHA-256 of the ISO', isoSha256],
  ]
  await core.summary
    .addHeading(`XenServer DDK ${identity.version}`, 3)
    .addTable(rows.filter(([, value]) => value !== '').map(([label, value]) => [{ data: label, header: true }, value]))
    .write()
}
