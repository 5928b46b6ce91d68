import { expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import catalog from '../../catalog.json' with { type: 'json' }
import schema from '../../catalog.schema.json' with { type: 'json' }
import { parseJson } from '../../src/catalog/json.ts'
import { plainValue, type Schema } from '../../src/catalog/schema.ts'

// In strict mode ajv refuses a schema with keywords that don't exist or can't apply.
const ajvAccepts = new Ajv2020({ strict: true }).compile(schema)

function weAccept(text: string): boolean {
  const refused = new Error('refused')
  const fail = () => {
    throw refused
  }
  try {
    const node = parseJson(text, fail)
    expect(plainValue(node, schema, fail)).toEqual(JSON.parse(text))
    return true
  } catch (error) {
    if (error !== refused) throw error
    return false
  }
}

test('the catalog that is shipped satisfies its schema', () => {
  expect(ajvAccepts(catalog)).toBe(true)
  expect(weAccept(JSON.stringify(catalog))).toBe(true)
})

const junk = fc.oneof(fc.constantFrom(null, true, '', ' ', 0, -1, 1.5, {}, []), fc.string(), fc.jsonValue({ maxDepth: 2 }))

const goodFields = {
  version: fc.constantFrom('8.2.0', '0.0.0', '5.6.100', '9999.9999.9999'),
  aliases: fc.constantFrom(['5.6 FP1'], ['a', 'LTS 2']),
  build: fc.constantFrom('90233c', '1'),
  kernel: fc.constantFrom('3.10.0+2'),
  architecture: fc.constantFrom('x86_64', 'i686'),
  urls: fc.constantFrom(['https://h/x.iso'], ['http://[::1]:8080/x', 'file:///srv/x.iso']),
  sha256: fc.constantFrom('0'.repeat(64), 'Ab'.repeat(32)),
  size: fc.constantFrom(1, 600_000_000, 1e3),
  note: fc.constantFrom('Ask Bob.', 'É?'),
}

const badFields = {
  version: fc.constantFrom('8.2', '8.2.0.1', 'v8.2.0', '08.2.0', '8.2.0-1', '8.2.00000', '8.2.0\n', '٨.2.0'),
  aliases: fc.constantFrom(['6.5'], ['v7'], ['6.5.0-1a'], [' a'], ['a '], [''], ['a', 1], 'a'),
  build: fc.constantFrom('', 'a-b', 'a b', 90233),
  kernel: fc.constantFrom('', '3.10 0'),
  architecture: fc.constantFrom('x86', 'X86_64', 'constructor'),
  urls: fc.constantFrom(
    [],
    ['https://u:p@h/x'],
    ['ftp://h/x'],
    ['/srv/x.iso'],
    ['https://h'],
    ['https://h/a b'],
    ['https:///x'],
    [['https://h/x']],
  ),
  sha256: fc.constantFrom('0'.repeat(63), 'g'.repeat(64), '0'.repeat(65)),
  size: fc.constantFrom(0, -5, 2.5, '1'),
  note: fc.constantFrom('', ' .', 'Ask Bob', 'Ask.\nBob.', 7),
}

type Field = keyof typeof goodFields
const field = (name: Field) => fc.oneof({ weight: 12, arbitrary: goodFields[name] }, badFields[name], junk)
const names = Object.keys(goodFields) as Field[]
const entry = fc.record(Object.fromEntries(names.map((name) => [name, field(name)])), { requiredKeys: [] })
const nearlyEntry = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(goodFields.version, entry).map(([version, fields]) => ({ version, ...fields })) },
  { weight: 4, arbitrary: entry },
  { weight: 1, arbitrary: fc.tuple(entry, fc.string()).map(([fields, key]) => ({ version: '1.2.3', ...fields, [key]: 1 })) },
  { weight: 1, arbitrary: junk },
)
const nearlyCatalog = fc.oneof(
  { weight: 20, arbitrary: fc.record({ releases: fc.array(nearlyEntry, { maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ $schema: fc.oneof(fc.string(), junk), releases: fc.array(nearlyEntry, { maxLength: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ releases: junk, Releases: junk }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: junk },
)

test('what we accept is what the schema allows, as ajv understands it', () => {
  const seen = { accepted: 0, refused: 0 }
  fc.assert(
    fc.property(nearlyCatalog, (value) => {
      const text = JSON.stringify(value)
      const accepted = weAccept(text)
      seen[accepted ? 'accepted' : 'refused']++
      expect([text, accepted]).toEqual([text, ajvAccepts(JSON.parse(text))])
    }),
    { numRuns: 3000 },
  )
  // Neither side may be so rare that the agreement says nothing.
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(300)
})

test.each(Object.keys(badFields) as Field[])('each bad "%s" is refused by both', (name) => {
  fc.assert(
    fc.property(badFields[name], (value) => {
      const catalog = { releases: [{ version: '1.2.3', [name]: value }] }
      expect([value, weAccept(JSON.stringify(catalog)), ajvAccepts(catalog)]).toEqual([value, false, false])
    }),
  )
})

test('the schema uses only what we understand of JSON Schema', () => {
  const understood = ['description', 'type', 'properties', 'required', 'items', 'minItems', 'pattern', 'enum', 'minimum']
  for (const part of parts(schema)) {
    const { $schema, title, additionalProperties, ...rest } = part as Schema & Record<string, unknown>
    expect(understood).toEqual(expect.arrayContaining(Object.keys(rest)))
    expect(additionalProperties).toBe(rest.type === 'object' ? false : undefined)
  }
})

function* parts(schema: Schema): Generator<Schema> {
  yield schema
  for (const part of [...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])]) yield* parts(part)
}
