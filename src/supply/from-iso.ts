import { dirname, join } from 'node:path'
import { restoreIso } from '../cache/entries/iso-cache.ts'
import { changedSentence, identifyingUrl } from '../fetch/http/address.ts'
import type { Store } from '../fetch/store/tool-cache.ts'
import { checkFreeSpace } from '../host/free-space.ts'
import { convertWithProgress } from '../report/steps.ts'
import type { FirstChecksum } from './first-checksum.ts'
import type { KnownIso } from './known-iso.ts'
import type { Order } from './order.ts'
import type { Origin, Supply } from './supply.ts'

/** An ISO on this machine, complete and verified. */
export interface Iso {
  readonly origin: Exclude<Origin, 'engine' | 'cache'>
  readonly path: string
  /** In hexadecimal; undefined for a folder. */
  readonly sha256: string | undefined
}

/**
 * Gets the ISO from the tool cache, from the Actions cache, or by downloading it into the tool cache.
 * @throws Error with one sentence if the ISO can't be had from any of them, or isn't what its address gave first
 */
export async function getIso(
  { request, identity, sha256, stored }: KnownIso,
  store: Store,
  order: Order,
  firstChecksum: FirstChecksum,
): Promise<Iso> {
  if (request.kind === 'file') return { origin: 'file', path: request.path, sha256 }
  const { phase, tempDir, cacheHealth: health } = order
  const { address, version } = request
  const kept = stored ?? (sha256 === undefined ? undefined : await store.find({ sha256, version }, phase.signal))
  if (kept) {
    phase.say(`Found the ISO in the tool cache: ${kept.path}`)
    return { origin: 'tool-cache', ...kept }
  }
  const cached = order.useCache.restore.iso && identity && (await restoreIso(identity, join(tempDir, 'restored-iso'), { ...phase, health }))
  if (cached) {
    const before = await firstChecksum()
    if ((before ?? cached.sha256) !== cached.sha256) throw new Error(changedSentence(identifyingUrl(address), before!, cached.sha256))
    phase.say('Found the ISO in the Actions cache')
    return { origin: 'iso-cache', ...cached }
  }
  const sha256Before = await firstChecksum()
  return { origin: 'download', ...(await store.fetch({ ...address, ...(sha256Before && { sha256Before }) }, version, phase)) }
}

/** Converts a local ISO into an image. */
export async function fromIso({ origin, path, sha256 }: Iso, order: Order): Promise<Supply> {
  const { phase, archive, tempDir, compression, uname, maxZeroBytes, rootImport } = order
  const conversion = await convertWithProgress(
    {
      input: path,
      archive,
      tempDir,
      compression,
      uname,
      maxZeroBytes,
      inputSha256: Promise.resolve(sha256),
      name(found) {
        // A root filesystem compresses to about a third of its size.
        const archiveSize = rootImport?.sink ? 0 : compression === 'none' ? found.used : found.used / 3
        checkFreeSpace(dirname(archive), archiveSize, 'The archive of the image')
        return [order.name(found.identity)]
      },
      warn: phase.warn,
      signal: phase.signal,
    },
    phase.say,
    rootImport,
  )
  const { found, names, isoSha256 } = conversion
  const imported = rootImport?.done ?? false
  return { origin, name: names[0]!, identity: found.identity, isoSha256, conversion, isoPath: path, imported }
}
