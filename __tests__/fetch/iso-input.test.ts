import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parseHeaderLines, parseHttpUrl, parseIsoInput, parseOrigin } from '../../src/fetch/iso-input.ts'

describe('the input iso', () => {
  test.each([
    ['/srv/ddk.iso', { kind: 'file', path: '/srv/ddk.iso' }],
    [' iso/ddk.iso\n', { kind: 'file', path: resolve('iso/ddk.iso') }],
    ['my file: ddk.iso', { kind: 'file', path: resolve('my file: ddk.iso') }],
    ['file:///srv/my%20ddk.iso', { kind: 'file', path: '/srv/my ddk.iso' }],
    ['FILE://localhost/srv/ddk.iso', { kind: 'file', path: '/srv/ddk.iso' }],
    ['http://host/ddk.iso', { kind: 'url', url: 'http://host/ddk.iso' }],
    ['HTTPS://Host:443/a b.iso?x=1#part', { kind: 'url', url: 'https://host/a%20b.iso?x=1' }],
  ])('%j', (text, expected) => expect(parseIsoInput(text)).toEqual(expected))

  test.each([
    ['', 'it is empty'],
    ['file:ddk.iso', 'a file: address needs an absolute path'],
    ['file://elsewhere/ddk.iso', 'it is not the file: address of a file on this machine'],
    ['file:///a%2Fb', 'it is not the file: address of a file on this machine'],
    ['http://', 'it is not a complete address'],
    ['https:///ddk.iso', 'it has no host; is a variable in it empty, or not set for this job?'],
    ['http:/host/ddk.iso', 'it is not a complete address; write it as https://host/path'],
    ['"/srv/ddk.iso"', 'its quotation marks are a part of it; remove them'],
    ['https://host:hush/ddk.iso', 'it is not a complete address'],
    ['ftp://host/ddk.iso', 'ftp: addresses are not supported'],
    ['s3://bucket/hush', 's3: addresses are not supported'],
  ])('%j is refused', (text, sentence) => {
    expect(() => parseIsoInput(text)).toThrow(sentence)
    expect(() => parseIsoInput(text)).not.toThrow('hush')
  })

  test('a mirror must be an address', () => {
    expect(parseHttpUrl(' https://host/a.iso ')).toBe('https://host/a.iso')
    expect(() => parseHttpUrl('/srv/ddk.iso')).toThrow('it is not a complete address; write it as https://host/path')
    expect(() => parseHttpUrl('https:host')).toThrow('it is not a complete address')
  })
})

describe('an origin that may have the headers', () => {
  test.each([
    ['https://host', 'https://host'],
    [' HTTPS://Host:443/ ', 'https://host'],
    ['http://host:8080#part', 'http://host:8080'],
  ])('%j', (text, origin) => expect(parseOrigin(text)).toBe(origin))

  test.each(['https://host/folder', 'https://host/?hush', 'https://hush@host', 'https://:hush@host/'])(
    'is no more than a server: %s',
    (text) => {
      expect(() => parseOrigin(text)).toThrow('it names more than a server; headers go to a whole server, so write it as https://host')
      expect(() => parseOrigin(text)).not.toThrow('hush')
    },
  )
})

describe('the input iso-headers', () => {
  test('has a header in each line', () => {
    const headers = parseHeaderLines('Authorization: Bearer a:b\r\n\n  X-Token :  c  \nX-Short:d')
    expect([...headers]).toEqual([
      ['authorization', 'Bearer a:b'],
      ['x-token', 'c'],
      ['x-short', 'd'],
    ])
  })

  test.each([
    ['A: hush\nhush', 'line 2 has no colon'],
    ['hush hush: x', 'line 1 is not a header'],
    [': hush', 'line 1 is not a header'],
    ['A: h\u0001ush', 'line 1 is not a header'],
    ['A: hush €', 'line 1 is not a header'],
    ['\nAuthorization:', 'line 2 has a header without a value; is the secret empty'],
    ['A: hush\nAuthorization: Bearer ', 'line 2 ends where the token or password should be; is the secret empty'],
    ['a: hush\nA: hush', 'line 2 repeats a header of an earlier line'],
    ['Range: bytes=0-hush', 'line 1 sets a header that the download itself sets'],
    ['Host: hush', 'line 1 sets a header that the download itself sets'],
  ])('%j is refused, and no value is shown', (text, sentence) => {
    expect(() => parseHeaderLines(text)).toThrow(sentence)
    expect(() => parseHeaderLines(text)).not.toThrow(/hush|€/)
  })

  test.each(['Accept-Encoding', 'Connection', 'Content-Length', 'If-Range', 'TE', 'Transfer-Encoding', 'Upgrade'])(
    'does not change what the download means: %s is refused',
    (name) => {
      expect(() => parseHeaderLines(`${name}: hush`)).toThrow('line 1 sets a header that the download itself sets; remove it')
    },
  )

  test.each(['apikey', 'Basic', 'bearer', 'DIGEST', 'negotiate', 'token'])('has a token after %s', (scheme) => {
    expect(() => parseHeaderLines(`Authorization: ${scheme}`)).toThrow('line 1 ends where the token or password should be')
  })
})
