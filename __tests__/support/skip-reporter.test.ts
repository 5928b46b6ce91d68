import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { mark, reasons } from './reasons.ts'
import { type FileResult, refusals, sortOut, unexplained } from './skip-reporter.ts'

const file = (...tests: [status: string, ...titles: string[]][]): FileResult => ({
  testFilePath: '/checkout/__tests__/a.test.ts',
  testResults: tests.map(([status, ...titles]) => ({ status, title: titles.at(-1)!, ancestorTitles: titles.slice(0, -1) })),
})
const noDocker = mark({ reason: 'no-docker', detail: 'first line\n  last [line]: "x"\n' })

describe('skipped tests', () => {
  test('are counted by the reason in their title or that of the outermost group that has one', () => {
    const { explained, unexplained } = sortOut([
      file(['passed', 'a'], ['failed', 'b'], ['pending', 'group', `c${noDocker}`]),
      file(['pending', `group${noDocker}`, `d${mark({ reason: 'no-root' })}`], ['pending', `e${mark({ reason: 'no-root' })}`]),
    ])
    expect(Object.fromEntries(explained)).toEqual({
      'no-docker': { count: 2, details: new Set(['first line; last [line]: "x"']) },
      'no-root': { count: 1, details: new Set() },
    })
    expect(unexplained).toEqual([])
  })

  test('without a reason, or one that is not on the list, are named', () => {
    const skips = sortOut([file(['pending', 'group', 'bare'], ['todo', 'later'], ['pending', 'made up [skipped: no-time]'])])
    expect(unexplained(skips, '/checkout')).toEqual([
      'Skipped without a reason; use unless() of __tests__/support/skip.ts:' +
        '\n  __tests__/a.test.ts: group › bare\n  __tests__/a.test.ts: later\n  __tests__/a.test.ts: made up [skipped: no-time]',
    ])
  })

  test('for a reason that is not allowed in an environment are refused there', () => {
    const skips = sortOut([file(['pending', `a${noDocker}`])])
    const list = '# why\n\nhere   no-docker  there is none\nthere  no-root    it is a user\n'
    expect(refusals(skips, 'here', list)).toEqual([])
    expect(refusals(skips, 'there', list)).toEqual([
      "1 tests were skipped for no-docker, which .ci/allowed-skips doesn't allow in there: run script/bootstrap test, then script/test as root",
    ])
    expect(refusals(skips, 'nowhere', list)).toEqual(['.ci/allowed-skips has no environment "nowhere"; it has here, there'])
    expect(refusals(skips, 'here', 'here no-time none left')).toEqual([expect.stringContaining('"here no-time none left" isn\'t')])
    expect(refusals(skips, 'here', 'here no-docker')).toEqual([expect.stringContaining('"here no-docker" isn\'t')])
  })
})

test('the list of the repository can be read, and docs/testing.md has all reasons', () => {
  const text = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
  for (const environment of ['ci', 'github-root', 'github-user']) {
    expect(refusals(sortOut([]), environment, text('.ci/allowed-skips'))).toEqual([])
  }
  const documented = Array.from(text('docs/testing.md').matchAll(/^\| (`.*?) \|/gm), ([, cell]) =>
    cell!.replaceAll('`', '').split(', '),
  ).flat()
  expect(documented.sort()).toEqual(Object.keys(reasons).sort())
})
