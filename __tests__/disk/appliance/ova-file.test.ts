import { describe, expect, test } from '@jest/globals'
import { memorySource } from '../../../src/bytes/source.ts'
import { findOva, xmlText } from '../../../src/disk/appliance/ova-file.ts'
import { openFolder } from '../../../src/disk/filesystem/folder.ts'
import { sh, withTempDir } from '../../support/tools.ts'

async function find(...files: string[]): Promise<string | undefined> {
  return withTempDir((dir) => {
    for (const file of files) sh(`mkdir -p "$(dirname ${file})" && touch ${file}`, { cwd: dir })
    return findOva(openFolder(dir))?.path
  })
}

describe('findOva', () => {
  test('anywhere, in any case', async () => {
    expect(await find('ddk/ova.xml', 'ddk/xvda/chunk')).toBe('ddk/ova.xml')
    expect(await find('A/B/C/OVA.XML')).toBe('A/B/C/OVA.XML')
    expect(await find('nova.xml', 'ova.xml.bak', 'ova.xml/file')).toBe(undefined)
  })
  test('the nearest to the root', async () => {
    expect(await find('a/a/ova.xml', 'z/ova.xml')).toBe('z/ova.xml')
  })
  test('ddk/ova.xml of several, else none', async () => {
    expect(await find('a/ova.xml', 'DDK/Ova.xml', 'z/ova.xml')).toBe('DDK/Ova.xml')
    await expect(find('a/ova.xml', 'b/ova.xml', 'b/c/ova.xml')).rejects.toThrow(
      "a/ova.xml: there are 2 files of this name: a/ova.xml, b/ova.xml; copy the DDK's, with its chunks",
    )
  })
})

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
  test('what is in no encoding, or too large', () => {
    expect(() => xmlText(memorySource(Buffer.from(text, 'latin1'), 'ova.xml'))).toThrow("ova.xml: its text isn't valid utf-8")
    expect(() => xmlText(memorySource(Buffer.from(text.replace('?>', ' encoding="klingon"?>')), 'ova.xml'))).toThrow("isn't valid klingon")
    expect(() => xmlText({ name: 'ova.xml', size: 1e15, read() {} })).toThrow('ova.xml: it has 1000000000000000 bytes')
  })
})
