import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'

// The inputs and outputs are in three places: for the runner, for the code, and for tools that know their types. The README's tables are
// made from the first.

interface Manifest {
  readonly inputs: Readonly<Record<string, { default: string; type: string; 'allowed-values'?: string[] }>>
  readonly outputs: Readonly<Record<string, unknown>>
}

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const action: Manifest = parse(read('action.yml'))
const types: Manifest = parse(read('action-types.yml'))

test('action.yml, action-types.yml and src/inputs.ts have the same inputs', () => {
  const inputs = Object.keys(action.inputs)
  expect(Object.keys(types.inputs)).toEqual(inputs)
  expect([...read('src/inputs.ts').matchAll(/\bparsed\('([a-z0-9-]+)'/g)].map(([, name]) => name).sort()).toEqual(inputs.toSorted())
})

test('action.yml, action-types.yml and src/outputs.ts have the same outputs', () => {
  const outputs = Object.keys(action.outputs)
  expect(Object.keys(types.outputs)).toEqual(outputs)
  const written = read('src/outputs.ts').split('interface Outputs {')[1]!.split('}')[0]!
  expect([...written.matchAll(/^ {2}readonly '?([a-z0-9-]+)'?:/gm)].map(([, name]) => name)).toEqual(outputs)
})

test("each default has its input's type", () => {
  const wrong = Object.entries(action.inputs).filter(([name, { default: value }]) => {
    const { type, 'allowed-values': allowed = [] } = types.inputs[name]!
    if (type === 'boolean') return !['true', 'false'].includes(value)
    if (type === 'enum') return !allowed.includes(value)
    return false
  })
  expect(wrong).toEqual([])
})
