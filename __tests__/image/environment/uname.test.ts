import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { unameScript } from '../../../src/image/environment/uname.ts'
import { unless } from '../../support/skip.ts'
import { run } from '../../support/tools.ts'

// The oracle is this machine's own uname, GNU's: the script is given the same answers, and must not be told from it.

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-uname-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const gnu = (...args: string[]) => ended('/bin/uname', ['uname', ...args])
const field = (option: string) => run('/bin/uname', [option]).trimEnd()

function ended(file: string, [argv0, ...args]: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', argv0, env: { ...process.env, LC_ALL: 'C' } })
  return { status, stdout, stderr }
}

const machine = field('-m')
// The script can't say any other.
const { test: oracle } = unless(machine === 'x86_64' ? undefined : { reason: 'not-x86-64', detail: `uname -m says ${machine}` })

const shells: [string, string, readonly string[]][] = [
  ['dash', '/bin/dash', ['dash']],
  ['bash as sh', '/bin/bash', ['sh']],
  ['busybox', '/bin/busybox', ['sh']],
]

describe.each(shells)('%s', (name, shell, words) => {
  let script = ''
  let foreign = ''
  beforeAll(() => {
    const folder = join(dir, name.replaceAll(' ', '-'))
    mkdirSync(folder)
    script = join(folder, 'uname')
    foreign = join(folder, 'foreign')
    writeFileSync(script, unameScript({ release: field('-r'), version: field('-v'), architecture: 'x86_64' }))
    writeFileSync(foreign, unameScript({ release: '2.6.32.43xen', version: "#1 SMP it's", architecture: 'i686' }))
  })
  const uname = (...args: string[]) => ended(shell, [...words, script, ...args])
  const stdout = (path: string, ...args: string[]) => ended(shell, [...words, path, ...args]).stdout

  oracle('every set of short options, together and apart', () => {
    const letters = [...'omvrns']
    for (let set = 0; set < 2 ** letters.length; set++) {
      const chosen = letters.filter((_, index) => set & (1 << index)).map((letter) => `-${letter}`)
      const joined = chosen.join('').replaceAll('-', '').replace(/^/, '-')
      expect([chosen, uname(...chosen)]).toEqual([chosen, gnu(...chosen)])
      if (chosen.length > 1) expect([joined, uname(joined)]).toEqual([joined, gnu(joined)])
    }
  })

  oracle.each([
    '--kernel-name',
    '--sysname',
    '--nodename',
    '--kernel-release',
    '--release',
    '--kernel-version',
    '--machine',
    '--operating-system',
    '--kernel-r',
    '--kernel-v',
    '--re',
    '--n',
    '--m',
    '--o',
    '-r --',
    '--',
    '-rr -r',
    '-m --sysname -r --nodename',
  ])('%s', (line) => {
    const args = line.split(' ')
    const expected = gnu(...args)
    expect(expected.status).toBe(0)
    expect(uname(...args)).toEqual(expected)
  })

  const mistakes = [
    '-z',
    '-rz',
    '--kernel',
    '--ver=1',
    '--all=x',
    '--no-such',
    'operand',
    '-r operand',
    '-',
    '-- -r',
    '-r -- x',
    '-r!',
    '-*',
  ]
  oracle.each(mistakes)('the mistake %s is made by the real one', (line) => {
    const args = line.split(' ')
    const expected = gnu(...args)
    expect(expected.status).toBe(1)
    // In busybox, the shell has a uname of its own, with words of its own.
    const { stdout: _, stderr, ...rest } = uname(...args)
    expect(rest).toEqual({ status: 1 })
    if (name !== 'busybox') expect(stderr).toBe(expected.stderr)
  })

  oracle('an empty word is a mistake as well', () => {
    expect(uname('').status).toBe(1)
    expect(uname('-r', '').status).toBe(1)
  })

  oracle.each(['--help', '--version', '--vers', '-r --help'])('%s equals what the real uname prints', (line) => {
    const answer = uname(...line.split(' '))
    if (name === 'busybox') expect(answer.stdout + answer.stderr).toMatch(/busybox/i)
    else expect(answer).toEqual(gnu(...line.split(' ')))
  })

  test('processor, hardware platform and all of it, as CentOS says them', () => {
    const host = field('-n')
    expect(stdout(foreign, '-a')).toBe(`Linux ${host} 2.6.32.43xen #1 SMP it's i686 i686 i386 GNU/Linux\n`)
    for (const all of ['--all', '--al', '-ra', '-san']) expect(stdout(foreign, all)).toBe(stdout(foreign, '-a'))
    expect(stdout(foreign, '-ipm')).toBe('i686 i686 i386\n')
    expect(stdout(foreign, '-r', '--hardware-platform', '--processor')).toBe('2.6.32.43xen i686 i386\n')
    expect(stdout(foreign, '--ha')).toBe('i386\n')
    expect(stdout(foreign)).toBe('Linux\n')
    expect(stdout(script, '-mpi')).toBe('x86_64 x86_64 x86_64\n')
  })

  test('unknown values come from the real uname', () => {
    const partial = join(dir, 'partial')
    writeFileSync(partial, unameScript({ release: '', version: '', architecture: 'i686' }))
    expect(stdout(partial, '-srvm')).toBe(`Linux ${field('-r')} ${field('-v')} i686\n`)
  })

  test("the environment doesn't change any answer", () => {
    const env = {
      ...process.env,
      release: 'x',
      letters: 'a',
      end: 'reached',
      answer: 'x',
      letter: 'x',
      IFS: 'r',
      PATH: '/nowhere',
      ENV: '/dev/null',
    }
    const { stdout: answer } = spawnSync(shell, [foreign, '-r'], { encoding: 'utf8', argv0: words[0], env })
    expect(answer).toBe('2.6.32.43xen\n')
  })

  test('an answer that cannot be written is a failure', () => {
    const { status } = spawnSync('/bin/sh', [
      '-c',
      `exec "$0" "$@" >/dev/full`,
      shell,
      ...(name === 'busybox' ? ['sh'] : []),
      foreign,
      '-r',
    ])
    expect(status).not.toBe(0)
  })
})

test('any text is printed unchanged', () => {
  const odd = join(dir, 'odd')
  const release = `'; echo $HOME \`id\` "\\ $& $1 '@version@' *`
  writeFileSync(odd, unameScript({ release, version: '', architecture: 'x86_64' }))
  expect(run('/bin/dash', [odd, '-r'])).toBe(`${release}\n`)
})
