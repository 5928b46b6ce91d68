import { type ErrorKind, UserError } from '../../bytes/errors.ts'
import { HttpFailure } from '../../http/failure.ts'
import { type Pace, retry, usualPace } from '../../http/retry.ts'
import { shownUrl } from '../../http/shown-url.ts'
import { type Address, changedSentence } from './address.ts'
import type { OnArriving } from './arrival-report.ts'
import { PartialFile } from './partial-file.ts'
import { checkNotText, type Facts, textLength } from './reply.ts'
import { transfer } from './transfer.ts'

export interface DownloadOptions {
  /** Ends the download within a second, and leaves the partial file for a later run to resume. */
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
  readonly pace?: Pace
  /** Called when bytes of a file of a known size begin to arrive; again if the download starts over. */
  readonly onArriving?: OnArriving
}

/** A complete file, and what its server said about it. */
export interface Downloaded extends Facts {
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly size: number
  /** The address that it came from. */
  readonly url: string
}

/** A lost connection doesn't count as another failure if it brought at least this many bytes, because slow progress is progress. */
const gain = 256 << 10

/**
 * Downloads a file to `partial`, and resumes an earlier download of the same file. When this returns, `partial` is complete and verified;
 * before that, it must not be used.
 * @param partial path in an existing folder; nothing else may write to it
 * @throws Error with one sentence if no address provides the file, its checksum is wrong, or the disk is full; the reason of `signal`
 */
export async function download(address: Address, partial: string, options: DownloadOptions): Promise<Downloaded> {
  const file = await PartialFile.open(partial, options.onArriving)
  const reasons: string[] = []
  let kind: ErrorKind | undefined
  try {
    for (const [index, url] of address.urls.entries()) {
      try {
        return await downloadFrom(url, address, file, options)
      } catch (error) {
        if (!(error instanceof HttpFailure)) throw error
        kind ??= error.kind
        reasons.push(`${shownUrl(url)}: ${error.message}`)
        if (index + 1 < address.urls.length) options.say(`Can't fetch ${reasons.at(-1)}; trying the next address`)
      }
    }
  } finally {
    if (file.size === 0) file.remove()
    await file.close()
  }
  const sentence = reasons.length === 1 ? `Can't fetch ${reasons[0]}` : `None of the addresses provides the ISO. ${reasons.join('. ')}`
  throw new UserError(sentence, kind ?? 'unreachable')
}

async function downloadFrom(url: string, address: Address, file: PartialFile, options: DownloadOptions): Promise<Downloaded> {
  for (;;) {
    await transferAll(url, address, file, options)
    await refuseText(file)
    const sha256 = file.digest()
    const { size, facts } = file
    if (address.sha256 === undefined && (address.sha256Before ?? sha256) !== sha256) {
      await file.discard()
      throw new UserError(changedSentence(url, address.sha256Before!, sha256), 'changed')
    }
    if (address.sha256 === undefined || address.sha256 === sha256) {
      file.finish()
      if (address.sha256 === undefined && new URL(url).protocol === 'http:') {
        options.warn(
          `${shownUrl(url)} was downloaded over plain http, so nothing proves that it is genuine; once you trust it, pin it with this line below "with:": iso-sha256: ${sha256}`,
        )
      }
      return { ...facts, sha256, size, url }
    }
    if (!file.severalAnswers) {
      await file.discard()
      throw new HttpFailure(`the file has the SHA-256 ${sha256}, but ${address.sha256} is expected; it is damaged, or another file`, {
        kind: 'checksum',
      })
    }
    options.say(`The resumed download of ${shownUrl(url)} has a wrong checksum; starting over`)
    file.forget()
  }
}

/** @throws HttpFailure if the server sent a message instead of the file, which is discarded */
async function refuseText(file: PartialFile): Promise<void> {
  try {
    checkNotText(await file.beginning(textLength))
  } catch (error) {
    await file.discard()
    throw error
  }
}

/** Retries until all bytes have arrived. */
function transferAll(url: string, address: Address, file: PartialFile, options: DownloadOptions): Promise<void> {
  const { signal, say, pace = usualPace } = options
  let furthest = file.size
  const gained = () => {
    const more = file.size >= furthest + gain
    furthest = Math.max(furthest, file.size)
    return more
  }
  const server = { url, address, sendsParts: true }
  return retry(() => transfer(server, file, { signal, say, stall: pace.stall }), gained, pace, options)
}
