import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { mutantsOf } from './mutations.ts'
import { type Coverage, hasRun, probeModule, readRecord, withProbes } from './probes.ts'

const file = 'src/x.ts'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-probes-'))
  writeFileSync(join(dir, 'probe.mjs'), probeModule(join(dir, 'record')))
})
afterEach(() => rmSync(dir, { recursive: true }))

/** Runs a source with probes in a process of its own. */
function run(source: string): { coverage: Coverage; signal: string | null; stderr: string } {
  const program = join(dir, 'x.mts')
  writeFileSync(program, withProbes(file, source, join(dir, 'probe.mjs')))
  const { signal, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', env: {} })
  const record = join(dir, 'record')
  return { coverage: readRecord(existsSync(record) ? readFileSync(record, 'utf8') : ''), signal, stderr }
}

/** The mutants of a source whose place runs. */
function reached(source: string, coverage: Coverage): string[] {
  const mutants = mutantsOf(file, source).filter((mutant) => hasRun(coverage, mutant))
  return mutants.map(({ before, after }) => `${before} → ${after}`)
}

describe('the mutants whose place runs are', () => {
  test.each<[string, string, string[]]>([
    ['none in a function that is not called', 'function f() { return 1 }', []],
    ['all in one that is called', 'f(); function f() { return 1 }', ['f(); → {}', '{ return 1 } → {}', '1 → 2']],
    ['none in an arrow that is not called', 'const f = () => 1', []],
    ['all in one that is called', 'const f = () => () => 1; const x = f()', ['() => 1 → undefined']],
    ['none in a block that is not entered', 'while (!globalThis) { const x = 1 }', ['!globalThis → false', '!globalThis → globalThis']],
    [
      'none in a branch that is not taken',
      'if (!globalThis) f(1); else if (!Map) f(2)',
      ['!globalThis → true', '!globalThis → false', '!globalThis → globalThis', '!Map → true', '!Map → false', '!Map → Map'],
    ],
    ['none after a return', 'f(); function f() { return; const x = 1 }', ['f(); → {}', '{ return; const x = 1 } → {}']],
    ['none after what throws', 'try { JSON.parse(); const x = 1 } catch {}', ['JSON.parse(); → {}']],
    ['all in a statement that ran in part', 'const x = !1 && 2', ['!1 → 1', '!1 && 2 → !1 || 2', '1 → 2', '2 → 3']],
    ['the labels of statements that are not run', 'switch (2) { case 1: f(3); break; case 2: }', ['1 → 2', '2 → 3', '2 → 3']],
    ['the fields of a class', 'class Y { a = 1; f() { return 2 } }', ['1 → 2']],
  ])('%s: %s', (_what, source, shown) => {
    const { coverage, stderr } = run(source)
    expect(stderr).toBe('')
    expect(reached(source, coverage).sort()).toEqual(shown.sort())
  })
})

test('what ran is known although the process was killed', () => {
  const source = "const x = 1\nprocess.kill(process.pid, 'SIGKILL')\n"
  const { coverage, signal } = run(source)
  expect(signal).toBe('SIGKILL')
  expect(reached(source, coverage)).toContain('1 → 2')
})

test('a program ends that cannot tell what ran', () => {
  writeFileSync(join(dir, 'probe.mjs'), probeModule(join(dir, 'none/record')))
  expect(run('const x = 1').stderr).toContain('ENOENT')
})

test.each([
  'type A = 1\nexport type B = A\n\nexport const f = (a: A) => ({ a }) as const\nf(1)',
  'outer: for (const a of [1]) for (const b of [2]) if (b) continue outer',
  'const a = [1]\nfor (const b of a)\n  if (b) a.pop()\n  else a.push(b)\n',
  'const f = (a = () => 1) => a()\nf()',
])('a program stays one, with the same lines: %j', (source) => {
  const text = withProbes(file, source, '/probe.mjs')
  expect(stripTypeScriptTypes(text).split('\n')).toHaveLength(source.split('\n').length)
  expect(run(source).stderr).toBe('')
})
