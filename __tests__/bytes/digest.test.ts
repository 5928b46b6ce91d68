import { expect, test } from '@jest/globals'
import { parseSha256 } from '../../src/bytes/digest.ts'

const sha256 = '0123456789abcdef'.repeat(4)

test.each([sha256, sha256.toUpperCase(), `sha256:${sha256}`, `SHA256:${sha256}\n`])('a SHA-256 may be written as %j', (text) => {
  expect(parseSha256(text)).toBe(sha256)
})

test.each([
  ['an MD5', sha256.slice(32), 'is an MD5, not a SHA-256; a SHA-256 has 64 hexadecimal digits'],
  ['a SHA-1', sha256.slice(24), 'is a SHA-1, not a SHA-256; a SHA-256 has 64 hexadecimal digits'],
  ['a SHA-512', sha256 + sha256, 'is a SHA-512, not a SHA-256; a SHA-256 has 64 hexadecimal digits'],
  ['a line of sha256sum', `${sha256}  ddk.iso`, 'is not a SHA-256; a SHA-256 has 64 hexadecimal digits; remove what is after them'],
  ['a digit less', sha256.slice(1), 'is not a SHA-256; a SHA-256 has 64 hexadecimal digits'],
  ['something else', 'latest', 'is not a SHA-256; a SHA-256 has 64 hexadecimal digits'],
])('%s is refused', (_, text, sentence) => {
  expect(() => parseSha256(text)).toThrow(new Error(`"${text}" ${sentence}`))
})
