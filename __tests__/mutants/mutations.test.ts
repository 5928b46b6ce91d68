import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { withTempDir } from '../support/tools.ts'
import { mutantsOf, mutated } from './mutations.ts'
import { testsFor } from './reach.ts'
import { type Judged, table } from './table.ts'

const root = join(import.meta.dirname, '../..')
/** The texts that a source has as its mutants. */
const textsOf = (source: string) => mutantsOf('src/x.ts', source).map((mutant) => mutated(source, mutant))

describe('a source and its mutants', () => {
  test.each<[string, string[]]>([
    ['if (a) b = c', ['if (true) b = c', 'if (false) b = c']],
    ['x = a ? b : c', ['x = false ? b : c', 'x = true ? b : c']],
    ['while (a) b = c', ['while (false) b = c']],
    ['x = a && b', ['x = a || b']],
    ['x = a ?? b', ['x = a && b']],
    ['x = a === b', ['x = a !== b']],
    ['x = a < b', ['x = a <= b']],
    ['x = a + b', ['x = a - b']],
    ['x = (a ?? b) === (c)', ['x = (a && b) === (c)', 'x = (a ?? b) !== (c)']],
    ['x = !a', ['x = a']],
    ['x = !(a && b)', ['x = (a && b)', 'x = !(a || b)']],
    ['x = true', ['x = false']],
    ["x = 'a'", ["x = ''"]],
    ["x = ''", ["x = 'mutant'"]],
    ['x = 4', ['x = 5']],
    ['x = 0o600', ['x = 0o644']],
    ['x = [a]', ['x = []']],
    ['x = { a }', ['x = {}']],
    ['x = `a`', ['x = ``']],
    ['x = await a', ['x = a']],
    ['a(b)', ['{}']],
    ['await a(b)', ['{}', 'a(b)']],
    ['x = a.filter(b)', ['x = a']],
    ['x = (await a).trim()', ['x = (a).trim()', 'x = (await a)']],
    ['x = a.some(b)', ['x = a.every(b)']],
    ['function f() { return a }', ['function f() {}']],
    ['x = () => a', ['x = () => undefined']],
  ])('%s', (source, texts) => {
    expect(textsOf(source).sort()).toEqual(texts.sort())
  })

  test.each([
    "import a from 'b'",
    "export * from 'b'",
    "type A = 'a' | 1",
    'interface A { b: true }',
    "x = a as 'b'",
    "let a: 'b' | undefined",
    'x = []',
    'x = {}',
    'function f() {}',
    'x = a ** b',
  ])('%s has none', (source) => {
    expect(textsOf(source)).toEqual([])
  })

  test('text that is joined is not subtracted', () => {
    expect(textsOf("x = a + 'b'")).toEqual(["x = a + ''"])
  })
})

test('a mutant has its place', () => {
  const [mutant] = mutantsOf('src/x.ts', 'x = y\nx = 1\n')
  expect(mutant).toEqual({ file: 'src/x.ts', line: 2, start: 10, end: 11, text: '2', from: 6, before: '1', after: '2' })
  expect(mutantsOf('src/x.ts', 'x = a || b')).toMatchObject([{ start: 6, end: 8, text: '&&', before: 'a || b', after: 'a && b' }])
})

test('every source can be parsed, and what is shown is in it', () => {
  for (const file of globSync('src/{supply,shell,engine}/**/*.ts', { cwd: root })) {
    const source = readFileSync(join(root, file), 'utf8')
    for (const mutant of mutantsOf(file, source)) expect(source).toContain(mutant.before)
  }
})

describe('the tests that reach a file', () => {
  const usual = { fast: false, all: false }
  test('come nearest first: those that import it, that import what imports it, that run the action', () =>
    withTempDir((made) => {
      const files = {
        'src/image.ts': '',
        'src/engine.ts': "import './image.ts'",
        'src/main.ts': "import './engine.ts'",
        '__tests__/support/runner.ts': '',
        '__tests__/action.test.ts': "import './support/runner.ts'",
        '__tests__/engine.test.ts': "import '../src/engine.ts'",
        '__tests__/image.test.ts': "import '../src/image.ts'",
        '__tests__/other.test.ts': '',
      }
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(made, path)), { recursive: true })
        writeFileSync(join(made, path), text)
      }
      expect(testsFor(made, 'src/image.ts', usual)).toEqual([
        ['__tests__/image.test.ts'],
        ['__tests__/engine.test.ts'],
        ['__tests__/action.test.ts'],
      ])
    }))

  test('are found in this checkout', () => {
    const [direct, indirect, action] = testsFor(root, 'src/supply/engine/known-images.ts', usual)
    expect(direct).toEqual(['__tests__/supply/engine/from-engine.test.ts'])
    expect(indirect).toContain('__tests__/supply/existing.test.ts')
    expect(action).toContain('__tests__/main.test.ts')
  })

  test('start no engine, and run no action, unless that is wanted', () => {
    const [usually, fast, all] = [usual, { fast: true, all: false }, { fast: false, all: true }].map((selection) =>
      testsFor(root, 'src/engine/images.ts', selection).flat(),
    )
    expect([usually, fast, all].map((tests) => tests!.includes('__tests__/engine/engine.test.ts'))).toEqual([false, false, true])
    expect([usually, fast, all].map((tests) => tests!.includes('__tests__/main.test.ts'))).toEqual([true, false, true])
  })

  test('do not include those that import only types of it', () => {
    expect(testsFor(root, 'src/phase/phase.ts', usual)).toEqual([])
  })
})

test('the table has a row for each folder', () => {
  const judged = ['killed', 'killed', 'timed out', 'survived'].map((fate, index): Judged => {
    const mutant = { file: index < 1 ? 'src/b/x.ts' : 'src/a/x.ts', line: 1, start: 0, end: 1, text: 'b', from: 0, before: 'a', after: 'b' }
    return { mutant, fate: fate as Judged['fate'], by: '' }
  })
  expect(table(judged).split('\n').slice(2)).toEqual([
    '| src/a | 3 | 1 | 1 | 1 | 0 | 67 % |',
    '| src/b | 1 | 1 | 0 | 0 | 0 | 100 % |',
    '| all | 4 | 2 | 1 | 1 | 0 | 75 % |',
  ])
})
