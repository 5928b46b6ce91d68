import { dirname } from 'node:path'
import { checkFreeSpace } from '../../host/free-space.ts'
import { connectionFailure, HttpFailure } from '../../http/failure.ts'
import { type FinalReply, type Reply, request } from '../../http/request.ts'
import { shownUrl } from '../../http/shown-url.ts'
import { type Watch, watchStall } from '../../http/stall.ts'
import { ProgressLine, shareText } from '../../phase/progress-line.ts'
import { bytesText, durationText } from '../../phase/units.ts'
import { type Address, adviceFor, headersFor } from './address.ts'
import type { PartialFile } from './partial-file.ts'
import { checkAnnounced, type Facts, partOf, sameFile } from './reply.ts'

export interface Server {
  /** One of the addresses. */
  readonly url: string
  readonly address: Address
  /** Set to false once the server has sent a part that wasn't requested. */
  sendsParts: boolean
}

type Say = (line: string) => void

/**
 * Requests the missing bytes once, and writes what the server sends.
 * @param options `stall`: milliseconds without a byte after which the connection is given up
 * @throws HttpFailure if bytes are still missing; Error if they can't be written; the reason of `signal`
 */
export async function transfer(
  server: Server,
  file: PartialFile,
  { signal, say, stall }: { readonly signal: AbortSignal; readonly say: Say; readonly stall: number },
): Promise<void> {
  const { url, address } = server
  const from = server.sendsParts ? file.keeps(url, address.sha256 !== undefined) : 0
  if (from > 0) await file.catchUp(signal)
  if (from > 0 && file.complete) return
  const watch = watchStall(stall, signal)
  try {
    watch.wait()
    const reply = await request('GET', url, asking(from, file.factsFor(url)), headersFor(address, url), watch.signal)
    watch.rest()
    try {
      await prepare(file, reply, from, server, say)
      await receive(file, reply, watch, say)
    } finally {
      reply.body.destroy()
    }
  } finally {
    watch.rest()
  }
}

function asking(from: number, { etag, lastModified }: Facts): Record<string, string> {
  if (from === 0) return { 'accept-encoding': 'identity' }
  const validator = etag ?? lastModified
  return { 'accept-encoding': 'identity', range: `bytes=${from}-`, ...(validator !== undefined && { 'if-range': validator }) }
}

/** Prepares the file for the bytes of the response, which are appended. */
async function prepare(file: PartialFile, reply: FinalReply, from: number, server: Server, say: Say): Promise<void> {
  const startOver = (why: string) => {
    file.forget()
    return new HttpFailure(`${why}, so the download starts over`, { retryable: true })
  }
  const { address, url } = server
  if (reply.status === 416 && from > 0) throw startOver("the server has no more bytes, but the file isn't complete")
  const { start, facts } = partOf(reply, adviceFor(address, url, reply))
  if (start !== from && reply.status === 206) {
    server.sendsParts = false
    throw startOver('the server sent a different range than requested')
  }
  const same = sameFile(file.factsFor(url), facts)
  if (start > 0 && (facts.size ?? file.facts.size ?? address.sha256) === undefined) {
    server.sendsParts = false
    throw startOver("the server doesn't report the file's size, so the end of the download couldn't be detected")
  }
  if (start > 0 && !same) throw startOver('the file has changed on the server')
  checkAnnounced(reply, facts, address)
  const missing = (facts.size ?? address.size ?? 0) - start
  if (start > 0) {
    checkFreeSpace(dirname(file.path), missing, 'The ISO')
    say(`Resuming after ${bytesText(start)} of ${shownUrl(url)}`)
    return file.continue(url, facts)
  }
  if (from > 0) say(same ? "The server doesn't support resuming; starting over" : 'The file has changed on the server; starting over')
  await file.begin(url, { ...(address.size !== undefined && { size: address.size }), ...facts })
  checkFreeSpace(dirname(file.path), missing, 'The ISO')
}

async function receive(file: PartialFile, { body }: Reply, watch: Watch, say: Say): Promise<void> {
  const total = file.facts.size
  const progress = progressOf(file, total, say)
  const chunks: AsyncIterator<Buffer> = body[Symbol.asyncIterator]()
  for (let next = await wait(chunks, watch); !next.done; next = await wait(chunks, watch)) {
    if (total !== undefined && file.size + next.value.length > total) {
      file.forget()
      throw new HttpFailure(`the server sent more than the file's ${total} bytes`)
    }
    await file.append(next.value)
    progress()
  }
  if (file.size === 0) throw new HttpFailure('the server sent an empty file')
  if (total !== undefined && file.size < total) {
    throw new HttpFailure(`the server stopped after ${bytesText(file.size)} of ${bytesText(total)}`, { retryable: true })
  }
}

async function wait(chunks: AsyncIterator<Buffer>, watch: Watch): Promise<IteratorResult<Buffer>> {
  watch.wait()
  try {
    return await chunks.next()
  } catch (error) {
    throw watch.signal.aborted ? watch.signal.reason : connectionFailure(error)
  } finally {
    watch.rest()
  }
}

/** Reports how much has arrived, how fast, and how long the rest will take at this rate. */
function progressOf(file: PartialFile, total: number | undefined, say: Say): () => void {
  const line = new ProgressLine(say)
  let last = { size: file.size, milliseconds: 0 }
  return () =>
    line.update((_, milliseconds) => {
      const rate = (file.size - last.size) / (milliseconds - last.milliseconds)
      last = { size: file.size, milliseconds }
      const speed = `${bytesText(Math.round(rate * 1000))}/s`
      if (total === undefined) return `Fetched ${bytesText(file.size)} at ${speed}`
      return `Fetched ${shareText(file.size, total)} at ${speed}, ${durationText((total - file.size) / rate)} left`
    })
}
