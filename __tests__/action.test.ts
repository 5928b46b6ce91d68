import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

// The inputs and outputs have three lists: for the runner, for the code, and for the reader.

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')

/** The keys of a section of action.yml. */
function keysIn(section: string): string[] {
  const text = new RegExp(`^${section}:\\n((?:  .*\\n|\\n)*)`, 'm').exec(read('action.yml'))![1]!
  return [...text.matchAll(/^ {2}([a-z0-9-]+):$/gm)].map(([, key]) => key!)
}

/** The names in the first column of the table below a heading of the README. */
function namesBelow(heading: string): string[] {
  const section = read('README.md').split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!
  const cells = [...section.matchAll(/^\| (`.*?) \|/gm)].map(([, cell]) => cell!)
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z0-9-]+)`/g)].map(([, name]) => name!))
}

test('action.yml, src/inputs.ts and the README have the same inputs', () => {
  const inputs = keysIn('inputs')
  expect(inputs.length).toBeGreaterThan(15)
  expect(namesBelow('Inputs')).toEqual(inputs)
  expect([...read('src/inputs.ts').matchAll(/\bparsed\('([a-z0-9-]+)'/g)].map(([, name]) => name).sort()).toEqual(inputs.toSorted())
})

test('action.yml, src/outputs.ts and the README have the same outputs', () => {
  const outputs = keysIn('outputs')
  expect(outputs.length).toBeGreaterThan(10)
  expect(namesBelow('Outputs')).toEqual(outputs)
  const written = read('src/outputs.ts').split('interface Outputs {')[1]!.split('}')[0]!
  expect([...written.matchAll(/^ {2}readonly '?([a-z0-9-]+)'?:/gm)].map(([, name]) => name)).toEqual(outputs)
})
