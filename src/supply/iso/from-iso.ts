import type { OnArriving } from '../../fetch/http/arrival-report.ts'
import type { Store } from '../../fetch/store/tool-cache.ts'
import { sentenceOf } from '../../host/system-error.ts'
import type { Conversion } from '../../image/description.ts'
import type { Phase } from '../../phase/phase.ts'
import { requireExpected } from '../expected.ts'
import type { Order } from '../order.ts'
import type { Supply } from '../supply.ts'
import { convertIso, type Input } from './convert-iso.ts'
import { verifyRecorded } from './file-digest.ts'
import type { FirstChecksum } from './first-checksum.ts'
import type { AddressRequest } from './iso-request.ts'
import { type KnownIso, knownByNow } from './known-iso.ts'
import { findKeptIso, type Iso } from './local-iso.ts'

/**
 * Makes the image from the ISO: a file, one from the tool cache or the Actions cache, or one that is downloaded into the tool cache, and
 * converted while it arrives.
 * @throws Error with one sentence if the ISO can't be had from any of them, isn't what its address gave first, or can't be converted, or if
 *   the image isn't the expected one
 */
export async function fromIso(known: KnownIso, store: Store, order: Order, firstChecksum: FirstChecksum): Promise<Supply> {
  const { request, sha256, isRecorded } = known
  if (request.kind === 'file') {
    const iso: Iso = { origin: 'file', path: request.path, sha256 }
    if (!isRecorded) return fromComplete(iso, order)
    const verified = verifyRecorded(iso.path, sha256!, order.phase)
    // The conversion gets the error; if it never begins, nobody needs it.
    verified.catch(() => {})
    return fromComplete(iso, order, verified)
  }
  const kept = await findKeptIso(request, knownByNow(known, store), store, order, firstChecksum)
  return kept ? fromComplete(kept, order) : fromDownload(request, store, order, await firstChecksum())
}

/** @param sha256 set if the checksum is verified during the conversion */
async function fromComplete(iso: Iso, order: Order, sha256: Promise<string | undefined> = Promise.resolve(iso.sha256)): Promise<Supply> {
  return supplyOf(iso, await convertIso({ path: iso.path, sha256 }, order), order)
}

/** If the conversion fails while the ISO arrives, e.g. because the download starts over, the complete ISO is converted. */
async function fromDownload(
  { address, version }: AddressRequest,
  store: Store,
  order: Order,
  sha256Before: string | undefined,
): Promise<Supply> {
  let early: Promise<Conversion | undefined> | undefined
  const onArriving: OnArriving = ({ path, lost, ...arrival }) => {
    const sha256 = fetched.then((iso) => iso.sha256)
    // The conversion gets the error; if it never begins, nobody needs it.
    sha256.catch(() => {})
    early ??= convertEarly({ path, arrival, sha256 }, order, lost)
  }
  const wanted = { ...address, ...(sha256Before && { sha256Before }) }
  const fetched = order.timeline.measure('Download the ISO', () => store.fetch(wanted, version, { ...order.phase, onArriving }))
  try {
    const iso: Iso = { origin: 'download', ...(await fetched) }
    const conversion = await early
    return conversion ? supplyOf(iso, conversion, order) : await fromComplete(iso, order)
  } finally {
    await early
  }
}

/** Converts an ISO that is still arriving; undefined if that fails. Warnings wait until it is known that the bytes are the ISO's. */
async function convertEarly(input: Input, order: Order, lost: AbortSignal): Promise<Conversion | undefined> {
  const { say, warn } = order.phase
  const warnings: string[] = []
  const phase: Phase = { say, warn: (line) => warnings.push(line), signal: AbortSignal.any([order.phase.signal, lost]) }
  try {
    const conversion = await convertIso(input, order, phase)
    for (const line of warnings) warn(line)
    return conversion
  } catch (error) {
    if (!phase.signal.aborted) say(`The conversion has stopped, and starts again when the ISO is complete: ${sentenceOf(error)}`)
    return undefined
  }
}

function supplyOf({ origin, path }: Iso, conversion: Conversion, order: Order): Supply {
  const { found, names, isoSha256 } = conversion
  const imported = order.rootImport?.done ?? false
  const { archive } = conversion
  requireExpected(archive, order)
  return { origin, name: names[0]!, identity: found.identity, isoSha256, archive, conversion, isoPath: path, imported }
}
