import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { DiskError, UserError } from '../src/bytes/errors.ts'
import { EngineError } from '../src/engine/errors.ts'
import { NoRoom } from '../src/host/free-space.ts'
import { writing } from '../src/host/new-file.ts'
import { explanationOf, lastSection, sections } from '../src/troubleshooting.ts'

const guide = readFileSync('docs/troubleshooting.md', 'utf8')

/** The fragments of a document's headings, as GitHub makes them. */
function fragmentsIn(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('each kind of error has a section of its own', () => {
  const named = [...Object.values(sections), lastSection]
  expect(new Set(named).size).toBe(named.length)
  expect(fragmentsIn(guide)).toEqual(expect.arrayContaining(named))
})

test("the guide's links to its own sections lead somewhere", () => {
  const links = [...guide.matchAll(/\]\(#([^)]+)\)/g)].map(([, fragment]) => fragment)
  expect(links.length).toBeGreaterThan(0)
  expect(fragmentsIn(guide)).toEqual(expect.arrayContaining(links))
})

describe('an error is explained in the section of its kind', () => {
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' })
  type Case = [title: string, error: unknown, section: string]
  test.each<Case>([
    ['of an input', new UserError('x', 'input'), sections.input],
    ['of a disk', new DiskError('x', 'y', 'encrypted'), sections.encrypted],
    ['of a damaged disk', new DiskError('x', 'y'), sections.damaged],
    ['of an engine', new EngineError('x'), sections.engine],
    ['of the system', full, sections['no-room']],
    ['that is the cause of another one', caught(() => writing('x', () => raise(full))), sections['no-room']],
    ...['ENAMETOOLONG', 'ELOOP', 'ENOTDIR'].map(
      (code): Case => [`of a path that makes no sense: ${code}`, Object.assign(new Error('x'), { code }), sections.input],
    ),
    ...['ENOMEM', 'ERR_WORKER_OUT_OF_MEMORY'].map(
      (code): Case => [`of a machine without memory: ${code}`, Object.assign(new Error('x'), { code }), sections.memory],
    ),
    ['of a disk that fails', Object.assign(new Error('x'), { code: 'EIO' }), sections['input-output']],
    ['of a full disk', new NoRoom('x'), sections['no-room']],
    ['of ours', new TypeError('x'), lastSection],
    ['that is none', undefined, lastSection],
  ])('%s', (_title, error, section) => {
    expect(explanationOf(error, {})).toBe(`docs/troubleshooting.md#${section}`)
  })
})

test.each<[string, NodeJS.ProcessEnv, string]>([
  [
    'a repository',
    { GITHUB_SERVER_URL: 'https://github.com', GITHUB_ACTION_REPOSITORY: 'org/ddk', GITHUB_ACTION_REF: 'v1' },
    'https://github.com/org/ddk/blob/v1/',
  ],
  [
    'another server and a branch',
    { GITHUB_SERVER_URL: 'https://git.example.com', GITHUB_ACTION_REPOSITORY: 'org/ddk', GITHUB_ACTION_REF: 'a/b#c' },
    'https://git.example.com/org/ddk/blob/a/b%23c/',
  ],
  ['a repository without a ref', { GITHUB_SERVER_URL: 'https://github.com', GITHUB_ACTION_REPOSITORY: 'org/ddk' }, ''],
  ['no server', { GITHUB_ACTION_REPOSITORY: 'org/ddk', GITHUB_ACTION_REF: 'v1' }, ''],
  ["the workflow's own folder", { GITHUB_SERVER_URL: 'https://github.com', GITHUB_ACTION_REPOSITORY: '', GITHUB_ACTION_REF: '' }, ''],
])('an action from %s links to its own guide', (_title, env, address) => {
  expect(explanationOf(new UserError('x', 'input'), env)).toBe(`${address}docs/troubleshooting.md#${sections.input}`)
})

function raise(error: Error): never {
  throw error
}

function caught(use: () => unknown): unknown {
  try {
    return use()
  } catch (error) {
    return error
  }
}
