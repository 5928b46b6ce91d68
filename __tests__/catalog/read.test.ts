import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readCatalog } from '../../src/catalog/read.ts'

const read = (text: string) => () => readCatalog(text, 'mine.json')
const oneRelease = (fields: object) => JSON.stringify({ releases: [{ version: '8.2.0', ...fields }] })

test('a release has no address unless it names one, and its checksum is in lower case', () => {
  const urls = ['https://iso.example.com/8.2.iso', 'file:///srv/8.2.iso']
  expect(read(oneRelease({ build: '1a', urls, sha256: 'AB'.repeat(32), size: 5 }))()).toEqual([
    { version: '8.2.0', build: '1a', urls, sha256: 'ab'.repeat(32), size: 5 },
  ])
  expect(read(oneRelease({}))()).toEqual([{ version: '8.2.0', urls: [] }])
  expect(read('{"releases": []}')()).toEqual([])
})

describe('an error says where it is, what is there and what it may be', () => {
  test.each([
    ['[]', 'line 1, column 1: the catalog is a list; it must be an object that has the list "releases"'],
    ['{}', 'line 1, column 1: the catalog has no "releases"; it must be a list of releases, with the newest build of each version first'],
    [
      '{"releases": {}}',
      'line 1, column 14: "releases" is an object; it must be a list of releases, with the newest build of each version first',
    ],
    ['{"releases": [8.2]}', 'line 1, column 15: number 1 of "releases" is 8.2; it must be an object that describes one release of a DDK'],
    ['{"releases": [{}]}', 'line 1, column 15: number 1 of "releases" has no "version"; it must be a version of three numbers, e.g. 8.2.0'],
    [
      '{\n  "releases": [\n    { "version": "8.2" }\n  ]\n}',
      'line 3, column 18: "version" is "8.2"; it must be a version of three numbers, e.g. 8.2.0',
    ],
    [
      '{\r\n  "releases": [\r\n    { "version": "8.2.0", "url": "" }\r\n  ]\r\n}',
      'line 3, column 27: "url" is not a known key here; known keys are version, aliases, build, kernel, architecture, urls, sha256, size, note',
    ],
    ['{"releases": [],\n "mirrors": []}', 'line 2, column 2: "mirrors" is not a known key here; known keys are $schema, releases'],
    [oneRelease({ size: '5' }), 'line 1, column 40: "size" is "5"; it must be the ISO\'s size in bytes, a whole number'],
    ['{"releases": [\n', 'line 1, column 14: this [ is never closed; a ] is missing'],
    ['<!DOCTYPE html>', 'line 1, column 1: "<!DOCTYPE" is not JSON; texts stand in double quotes, and there are no comments'],
  ])('%#', (text, error) => expect(read(text)).toThrow(new Error(`mine.json, ${error}`)))

  test('a name that every JavaScript object has is unknown, too', () =>
    expect(read('{"releases": [{"version": "8.2.0", "__proto__": {}, "constructor": 1}]}')).toThrow(/"__proto__" is not a known key here/))

  test('a password is not shown', () => {
    const password = 'hunter/2'
    expect(read(oneRelease({ urls: [`https://me:${password}@iso.example.com/x.iso`] }))).toThrow(
      /number 1 of "urls" is "https:\/\/\*\*\*@iso\.example\.com\/x\.iso"; it must be .* without spaces, user or password$/,
    )
  })

  test('a long text is shortened', () => {
    const error = /"kernel" is "(x*)…; it must be what uname -r prints/
    expect(read(oneRelease({ kernel: `${'x'.repeat(5000)} ` }))).toThrow(error)
  })
})

test('the example of docs/catalog.md, and its error', () => {
  const docs = readFileSync(new URL('../../docs/catalog.md', import.meta.url), 'utf8')
  const example = /```json\n(.*?)```/s.exec(docs)![1]!
  expect(read(example)().map(({ version }) => version)).toEqual(['8.2.0', '6.5.0'])
  const error = /^ci\/ddk-catalog\.json, (line .*)$/m.exec(docs)![1]
  expect(read(example.replace('8.2.0', '8.2'))).toThrow(new Error(`mine.json, ${error}`))
})

describe('the same twice', () => {
  const catalog = (...releases: object[]) => `{"releases": [\n${releases.map((release) => JSON.stringify(release)).join(',\n')}\n]}`

  test.each([
    ['a version', [{ version: '8.2.0' }, { version: '8.2.0' }], '8.2.0 is already in line 2, column 1; remove one of them'],
    [
      'a version with its build',
      [
        { version: '8.2.0', build: '1' },
        { version: '8.2.0', build: '1', size: 4 },
      ],
      '8.2.0-1 is already in line 2, column 1; remove one of them',
    ],
    [
      'an alias',
      [
        { version: '8.2.0', aliases: ['LTS'] },
        { version: '8.4.0', aliases: ['lts'] },
      ],
      'the alias "lts" already stands for 8.2.0 in line 2, column 1; remove one of them',
    ],
  ])('%s is refused', (_, releases, error) =>
    expect(read(catalog(...releases))).toThrow(new Error(`mine.json, line 3, column 1: ${error}`)),
  )

  test('two builds of a version are two releases, and share its aliases', () => {
    const releases = [
      { version: '8.2.0', build: '2', aliases: ['lts'] },
      { version: '8.2.0', build: '1', aliases: ['LTS'] },
      { version: '8.2.0' },
    ]
    expect(read(catalog(...releases))()).toHaveLength(3)
  })
})

describe('the line is right wherever the error is', () => {
  const patch = fc.nat({ max: 9999 })
  const releases = fc.uniqueArray(patch, { minLength: 1, maxLength: 8 }).map((patches) =>
    patches.map((number) => ({
      version: `8.2.${number}`,
      aliases: [`CU ${number}`],
      urls: ['https://h/a', 'https://h/b'],
      size: number + 1,
    })),
  )
  const layout = fc.constantFrom(1, 2, '\t')
  const wrong = { version: '@', urls: ['https://h/a', '@'], size: '@', architecture: '@', build: '@' }

  test('a wrong value', () => {
    fc.assert(
      fc.property(releases, layout, fc.nat(), fc.constantFrom(...Object.entries(wrong)), (good, indent, at, [key, value]) => {
        const bad = good.with(at % good.length, { ...good[at % good.length]!, [key]: value })
        const text = JSON.stringify({ releases: bad }, null, indent)
        expect(read(text)).toThrow(`mine.json, ${placeOf(text, text.indexOf('"@"'))}: `)
      }),
    )
  })

  test('a character too many', () => {
    fc.assert(
      fc.property(releases, layout, fc.nat(), (good, indent, at) => {
        const sound = JSON.stringify({ releases: good }, null, indent)
        const offset = at % sound.length
        const insideText = sound.slice(0, offset).split('"').length % 2 === 0
        fc.pre(!insideText)
        const text = `${sound.slice(0, offset)}@${sound.slice(offset)}`
        expect(read(text)).toThrow(`mine.json, ${placeOf(text, offset).split(',')[0]}, `)
      }),
    )
  })

  function placeOf(text: string, offset: number): string {
    const before = text.slice(0, offset)
    return `line ${(before.match(/\n/g)?.length ?? 0) + 1}, column ${offset - before.lastIndexOf('\n')}`
  }
})
