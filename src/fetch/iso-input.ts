import { validateHeaderName, validateHeaderValue } from 'node:http'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The parsed input `iso`. */
export type IsoInput = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'url'; readonly url: string }

/**
 * @param text a path, or a `file:`, `http:` or `https:` URL; a relative path starts at the working directory
 * @throws Error that says what is allowed, without the text, because an address may contain secrets
 */
export function parseIsoInput(text: string): IsoInput {
  const trimmed = text.trim()
  if (trimmed === '') throw new Error('it is empty; give a path or an address of an ISO')
  if (/^(["']).*\1$/s.test(trimmed)) throw new Error('its quotation marks are a part of it; remove them')
  if (/^file:/i.test(trimmed)) return { kind: 'file', path: pathOfFileUrl(trimmed) }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1]
  if (scheme === undefined && /^https?:/i.test(trimmed)) return { kind: 'url', url: parseHttpUrl(trimmed) }
  if (scheme === undefined) return { kind: 'file', path: resolve(trimmed) }
  return { kind: 'url', url: parseHttpUrl(trimmed) }
}

/**
 * Returns the URL in normal form.
 * @throws Error unless `text` is an http or https URL
 */
export function parseHttpUrl(text: string): string {
  const url = URL.parse(text.trim())
  if (!url || !/^https?:\/\//i.test(text.trim())) {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text.trim())?.[1]?.toLowerCase()
    if (scheme === undefined || /^https?$/.test(scheme)) throw new Error('it is not a complete address; write it as https://host/path')
    throw new Error(`${scheme}: addresses are not supported; use http:, https:, file: or a path`)
  }
  // `URL` would take the first part of the path for the host.
  if (/^https?:\/{3}/i.test(text.trim())) throw new Error('it has no host; is a variable in it empty, or not set for this job?')
  url.hash = ''
  return url.href
}

/**
 * Returns an origin in normal form.
 * @throws Error unless `text` is the address of a web server without a path
 */
export function parseOrigin(text: string): string {
  const url = parseHttpUrl(text)
  const { origin } = new URL(url)
  if (url !== `${origin}/`) throw new Error('it names more than a server; headers go to a whole server, so write it as https://host')
  return origin
}

function pathOfFileUrl(text: string): string {
  if (!/^file:\//i.test(text)) throw new Error('a file: address needs an absolute path; write it as file:///folder/ddk.iso')
  try {
    return fileURLToPath(text)
  } catch {
    throw new Error('it is not the file: address of a file on this machine; write it as file:///folder/ddk.iso')
  }
}

/** Words that come before a token or a password (RFC 9110, 11.4, and others that some servers use). */
const schemes = ['apikey', 'basic', 'bearer', 'digest', 'negotiate', 'token']

/** Headers that the download itself sets. */
const reserved = ['accept-encoding', 'connection', 'content-length', 'host', 'if-range', 'range', 'te', 'transfer-encoding', 'upgrade']

/**
 * Parses header lines (`Name: value`). Names become lower case; empty lines are ignored.
 * @throws Error with the number of the line, but not its text, which is secret
 */
export function parseHeaderLines(text: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const [name, value] = parseHeader(line, index + 1)
    if (headers.has(name)) throw new Error(`line ${index + 1} repeats a header of an earlier line`)
    headers.set(name, value)
  }
  return headers
}

function parseHeader(line: string, number: number): [string, string] {
  const colon = line.indexOf(':')
  if (colon < 0) throw new Error(`line ${number} has no colon; a header is written as Name: value`)
  const name = line.slice(0, colon).trim().toLowerCase()
  const value = line.slice(colon + 1).trim()
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  } catch {
    throw new Error(`line ${number} is not a header; it is written as Name: value, in plain ASCII`)
  }
  if (value === '') throw new Error(`line ${number} has a header without a value; is the secret empty, or not passed on to this job?`)
  if (schemes.includes(value.toLowerCase())) {
    throw new Error(`line ${number} ends where the token or password should be; is the secret empty, or not passed on to this job?`)
  }
  if (reserved.includes(name)) throw new Error(`line ${number} sets a header that the download itself sets; remove it`)
  return [name, value]
}
