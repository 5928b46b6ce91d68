import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Fail, type JsonNode, parseJson } from '../../src/catalog/json.ts'

const fail: Fail = (offset, what) => {
  throw new Error(`${offset}: ${what}`)
}

test('reads the same values as JSON.parse', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      expect(JSON.stringify(plain(parseJson(text, fail)))).toBe(JSON.stringify(JSON.parse(text)))
    }),
  )
})

test('knows where each value begins', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      for (const { offset, begins } of beginnings(parseJson(text, fail))) expect(text.startsWith(begins, offset)).toBe(true)
    }),
  )
})

test('takes what JSON.parse takes, and nothing else but names that occur twice', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b"',
    '"',
    '\\',
    '\\u00',
    '0',
    '1.5e3',
    '-',
    '.',
    'true',
    'nul',
    ' ',
    '\n',
    '\r',
    '\t',
  ]
  const exotic = ['\u00a0', '\u2028', '\ufeff', '\0', '/', "'", 'NaN']
  const soup = fc.array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...pieces) }, fc.constantFrom(...exotic)), { maxLength: 12 })
  fc.assert(
    fc.property(soup, (tokens) => {
      const text = tokens.join('')
      const error = errorOf(() => parseJson(text, fail))
      if (!error?.includes('occurs twice'))
        expect([text, error === undefined]).toEqual([text, errorOf(() => JSON.parse(text)) === undefined])
    }),
    { numRuns: 5000 },
  )
})

describe('says what is wrong, and where', () => {
  test.each([
    ['', '0: a value is missing here'],
    [' {"a": 1', '1: this { is never closed; a } is missing'],
    ['{', '0: this { is never closed; a } is missing'],
    ['[1, [2]', '0: this [ is never closed; a ] is missing'],
    ['{"a": }', '6: a value is missing here'],
    ['{"a" 1}', '5: a colon is missing here, after "a"'],
    ['{a: 1}', '1: a name in double quotes is missing here'],
    ['{"a": 1 "b": 2}', '8: a comma or } is missing here'],
    ['{"a": 1,\n}', '7: this comma has nothing after it; leave it out before }'],
    ['[1,]', '2: this comma has nothing after it; leave it out before ]'],
    ['{"a": 1, "a": 2}', '9: "a" occurs twice in one object'],
    ['["a\nb"]', '1: the double quote that begins here is not closed in its line'],
    ['["a\tb"]', '1: this text has a control character, or a backslash before what needs none'],
    ['["C:\\isos"]', '1: this text has a control character, or a backslash before what needs none'],
    ['// mine\n{}', '0: "//" is not JSON; texts stand in double quotes, and there are no comments'],
    ['[01]', '1: "01" is not JSON; texts stand in double quotes, and there are no comments'],
    ['{} {}', '3: nothing may follow here, since the first value is complete'],
    ['['.repeat(100_000), '65: this is nested too deeply'],
  ])('%#: %.40j', (text, error) => expect(errorOf(() => parseJson(text, fail))).toBe(error))
})

function plain({ value }: JsonNode): unknown {
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([key, { node }]) => [key, plain(node)]))
  return Array.isArray(value) ? value.map(plain) : value
}

function* beginnings({ offset, value }: JsonNode): Generator<{ offset: number; begins: string }> {
  if (value instanceof Map) {
    yield { offset, begins: '{' }
    for (const [key, member] of value) {
      yield { offset: member.offset, begins: `${JSON.stringify(key)}:` }
      yield* beginnings(member.node)
    }
  } else if (Array.isArray(value)) {
    yield { offset, begins: '[' }
    for (const node of value) yield* beginnings(node)
  } else {
    yield { offset, begins: JSON.stringify(value) }
  }
}

function errorOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
