import type { IncomingHttpHeaders } from 'node:http'
import { HttpFailure, statusFailure } from '../../http/failure.ts'
import type { Reply } from '../../http/request.ts'

/** What a server says about a file. It shows whether a later response is about the same file. */
export interface Facts {
  /** Strong ETags only, with their quotes. A weak one doesn't mean that the bytes are equal. */
  readonly etag?: string
  /** As the server wrote it. */
  readonly lastModified?: string
  /** In bytes. */
  readonly size?: number
}

/** The body of a response: `start` is the offset of its first byte in the file. */
export interface Part {
  readonly start: number
  readonly facts: Facts
}

/** What to do if a server doesn't give the file, as clauses. */
export interface Advice {
  readonly ifDenied: string
  /** Empty if the user can't do anything about it. */
  readonly ifMissing: string
}

/**
 * Describes the body of a response.
 * @throws HttpFailure if it isn't a file, or a part of one
 */
export function partOf({ status, headers }: Reply, { ifDenied, ifMissing }: Advice): Part {
  if (status !== 200 && status !== 206) throw statusFailure(status, headers, ifDenied, ifMissing)
  const type = headers['content-type'] ?? ''
  if (/^\s*(text\/html|application\/xhtml)/i.test(type)) throw notAFile('a web page')
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new HttpFailure(
      `the server sent the file compressed (${/^[\w-]{1,20}$/.exec(encoding)?.[0] ?? 'unknown'}), although it was asked not to`,
    )
  }
  return status === 200 ? { start: 0, facts: { ...validators(headers), ...sizeOf(headers['content-length']) } } : rangeOf(headers)
}

/** Longer than any text at the start of an ISO, a disk or an archive, so that what is text up to there is nothing but text. */
export const textLength = 512

/**
 * Recognizes a message that a server, or whatever is before it, sent with status 200 and as a file: if it were kept, the file itself would
 * later be refused as another file than before.
 * @param start the first `textLength` bytes, or all if there are fewer
 * @throws HttpFailure if it is one
 */
export function checkNotText(start: Buffer): void {
  // As in disk/sniff.ts: text in any encoding that includes ASCII has no control characters except white space.
  if (!start.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d))) return
  const text = start.toString('latin1').replace(/\s+/g, ' ').trim()
  throw notAFile(/^(<!doctype html|<html)/i.test(text) ? 'a web page' : `text that begins with ${JSON.stringify(text.slice(0, 40))}`)
}

function notAFile(what: string): HttpFailure {
  return new HttpFailure(`the server sent ${what}, not a file; check the address; it may require a login`)
}

function rangeOf(headers: IncomingHttpHeaders): Part {
  const range = /^\s*bytes\s+(\d+)-(\d+)\/(\d+|\*)\s*$/i.exec(headers['content-range'] ?? '')
  if (!range) throw new HttpFailure('the server sent a part of the file without saying which')
  const total = sizeOf(range[3])
  if (total.size !== undefined && !(Number(range[1]) <= Number(range[2]) && Number(range[2]) < total.size)) {
    throw new HttpFailure('the server sent a range outside the file')
  }
  return { start: Number(range[1]), facts: { ...validators(headers), ...total } }
}

function validators(headers: IncomingHttpHeaders): Facts {
  const etag = /^"[^"]*"$/.exec(headers.etag?.trim() ?? '')?.[0]
  const lastModified = headers['last-modified']?.trim()
  return { ...(etag && { etag }), ...(lastModified && { lastModified }) }
}

function sizeOf(digits: string | undefined): { size?: number } {
  return digits !== undefined && /^\d{1,15}$/.test(digits.trim()) ? { size: Number(digits) } : {}
}

/**
 * Whether two responses may be about the same file. A header that only one of them has proves nothing, because responses with a part may
 * omit headers.
 */
export function sameFile(one: Facts, other: Facts): boolean {
  const keys = ['etag', 'lastModified', 'size'] as const
  return keys.every((key) => one[key] === undefined || other[key] === undefined || one[key] === other[key])
}

/** @throws HttpFailure if the response can't be the complete file, or its end couldn't be detected */
export function checkAnnounced({ headers }: Reply, { size }: Facts, expected: { readonly size?: number; readonly sha256?: string }): void {
  if (size === 0) throw new HttpFailure('the server sent an empty file')
  if (size !== undefined && expected.size !== undefined && size !== expected.size) {
    throw new HttpFailure(`the file on the server has ${size} bytes, but ${expected.size} are expected; it is another file`)
  }
  const endIsSeen = size !== undefined || headers['transfer-encoding'] !== undefined
  if (!endIsSeen && expected.size === undefined && expected.sha256 === undefined) {
    throw new HttpFailure("the server doesn't report the file's size, so an incomplete download couldn't be detected; set iso-sha256")
  }
}
