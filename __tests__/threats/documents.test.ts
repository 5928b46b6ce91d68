import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

// Whether the tests that docs/threat-model.md names as the proof of its promises are there, and every test of a threat is named.

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..')
const model = readFileSync(join(repository, 'docs/threat-model.md'), 'utf8')
const links = [...model.matchAll(/\]\((\.\.\/[^)#]+)\)/g)].map(([, link]) => join(repository, 'docs', link!))

test('each promise points to a test that there is', () => {
  expect(links.length).toBeGreaterThan(20)
  expect(links.filter((link) => !existsSync(link))).toEqual([])
})

test('each test of a threat is named', () => {
  const tests = readdirSync(join(repository, '__tests__/threats')).filter((name) => name !== 'documents.test.ts')
  expect(tests.filter((name) => !links.includes(join(repository, '__tests__/threats', name)))).toEqual([])
})
