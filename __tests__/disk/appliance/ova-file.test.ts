import { describe, expect, test } from '@jest/globals'
import { memorySource } from '../../../src/bytes/source.ts'
import { xmlText } from '../../../src/disk/appliance/ova-file.ts'

describe('xmlText', () => {
  const text = '<?xml version="1.0"?><é/>'

  test('UTF-8, with and without a byte order mark', () => {
    expect(xmlText(memorySource(Buffer.from(text), 'ova.xml'))).toBe(text)
    expect(xmlText(memorySource(Buffer.from(`\ufeff${text}`), 'ova.xml'))).toBe(text)
  })
  test.each(['utf16le', 'utf16be'])('%s, with and without a byte order mark', (encoding) => {
    for (const start of ['', '\ufeff']) {
      const bytes = Buffer.from(start + text, 'utf16le')
      expect(xmlText(memorySource(encoding === 'utf16le' ? bytes : bytes.swap16(), 'ova.xml'))).toBe(text)
    }
  })
  test('the encoding that it declares', () => {
    const latin = text.replace('?>', ' encoding="ISO-8859-1"?>')
    expect(xmlText(memorySource(Buffer.from(latin, 'latin1'), 'ova.xml'))).toBe(latin)
  })
  test('text in an invalid encoding, or too large', () => {
    expect(() => xmlText(memorySource(Buffer.from(text, 'latin1'), 'ova.xml'))).toThrow("ova.xml: its text isn't valid utf-8")
    expect(() => xmlText(memorySource(Buffer.from(text.replace('?>', ' encoding="klingon"?>')), 'ova.xml'))).toThrow("isn't valid klingon")
    expect(() => xmlText({ name: 'ova.xml', size: 1e15, read() {} })).toThrow('ova.xml: it has 1000000000000000 bytes')
  })
})
