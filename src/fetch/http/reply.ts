import type { IncomingHttpHeaders } from 'node:http'
import { HttpFailure, statusFailure } from '../../http/failure.ts'
import type { Reply } from '../../http/request.ts'

const ifDenied =
  'if it requires a token, set it in the input "iso-headers"; if the address comes from a catalog, also set its origin in "iso-headers-for"'

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

/**
 * Describes the body of a response.
 * @throws HttpFailure if it isn't a file, or a part of one
 */
export function partOf({ status, headers }: Reply): Part {
  if (status !== 200 && status !== 206) throw statusFailure(status, headers, ifDenied)
  const type = headers['content-type'] ?? ''
  if (/^\s*(text\/html|application\/xhtml)/i.test(type)) {
    throw new HttpFailure('the server sent a web page, not a file; check the address; it may require a login')
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.trim().toLowerCase() !== 'identity') {
    throw new HttpFailure(
      `the server sent the file compressed (${/^[\w-]{1,20}$/.exec(encoding)?.[0] ?? 'unknown'}), although it was asked not to`,
    )
  }
  return status === 200 ? { start: 0, facts: { ...validators(headers), ...sizeOf(headers['content-length']) } } : rangeOf(headers)
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
