import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { KeptRuns } from './kept-runs.ts'

const file = '__tests__/a/b.test.ts'
const run = { seconds: 3, coverage: { 'src/x.ts': [0, 5] } }

let repository: string

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'ddk-kept-runs-'))
  execFileSync('git', ['init', '--quiet', repository])
  write('.gitignore', '.cache/')
  write(file, "import '../../src/x.ts'\n")
  write('src/x.ts', '1')
  write('src/y.ts', '2')
  write('data.json', '3')
  write('README.md', '4')
})
afterEach(() => rmSync(repository, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(join(repository, path, '..'), { recursive: true })
  writeFileSync(join(repository, path), text)
}

test('there is none of a test that did not run', () => {
  expect(new KeptRuns(repository).read(file)).toBeUndefined()
})

test('a run is there for the next time', () => {
  new KeptRuns(repository).write(file, run)
  expect(new KeptRuns(repository).read(file)).toEqual(run)
})

test.each([
  ['the test', file, '//', false],
  ['a source that it imports', 'src/x.ts', '//', false],
  ['a source that it does not import', 'src/y.ts', '//', true],
  ['data', 'data.json', '5', false],
  ['a document', 'README.md', '5', true],
])('after a change of %s', (_what, path, text, isKept) => {
  new KeptRuns(repository).write(file, run)
  write(path, `import '../../src/x.ts'\n${text}`)
  expect(new KeptRuns(repository).read(file)).toEqual(isKept ? run : undefined)
})
