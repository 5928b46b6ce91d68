import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { cli } from '../support/cli.ts'

// What the command line says about itself, and about words that it doesn't understand.

const commands = ['inspect', 'list', 'convert', 'raw']

test.each([['--version'], ['-V']])('%s', (option) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(cli(option)).toEqual({ code: 0, stdout: `xenserver-ddk ${version}\n`, stderr: '' })
})

describe.each(commands)('the help of %s', (command) => {
  test('is the same, however it is asked for', () => {
    const ways = [
      [command, '--help'],
      [command, '-h'],
      [command, 'x.iso', '--help'],
      ['help', command],
    ]
    const answers = ways.map((words) => cli(...words))
    expect(answers).toEqual(
      ways.map(() => ({ code: 0, stdout: expect.stringContaining(`Usage: xenserver-ddk ${command} INPUT`), stderr: '' })),
    )
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1)
  })

  test('ends with examples, whose options exist', () => {
    const help = cli(command, '--help').stdout
    const [, examples] = help.split('\nExamples:\n')
    const own = examples!.match(new RegExp(`xenserver-ddk ${command} [^|>)\n]*`, 'g'))!
    expect(own.length).toBeGreaterThanOrEqual(2)
    for (const line of own) {
      const words = line.replace('...', '').trim().split(' ').slice(1)
      expect(cli(...words, '--help')).toMatchObject({ code: 0, stderr: '' })
    }
  })

  test('fits into 110 columns', () => {
    expect(
      cli(command, '--help')
        .stdout.split('\n')
        .filter((line) => line.length > 110),
    ).toEqual([])
  })
})

test.each([[[]], [['--help']], [['-h']], [['help']]])('%j prints the help of all commands', (words) => {
  const { code, stdout, stderr } = cli(...words)
  expect([code, stderr]).toEqual([0, ''])
  for (const command of commands) expect(stdout).toContain(`\n  ${command} `)
})

test.each([
  [['lst', 'x'], 'unknown command lst; the commands are inspect, list, convert, raw; see xenserver-ddk --help'],
  [['package.json'], 'a command is missing before package.json: inspect, list, convert, raw; see xenserver-ddk --help'],
  [['--verbose'], 'unknown option --verbose; see xenserver-ddk --help'],
  [['list'], 'INPUT is missing; see xenserver-ddk list --help'],
  [['list', 'a', 'b'], 'only one INPUT is allowed; remove "b"'],
  [['list', 'x', '--jsn'], 'unknown option --jsn; see xenserver-ddk list --help'],
  [['list', 'x', '-x'], 'unknown option -x; see xenserver-ddk list --help'],
  [['list', 'x', '--json=yes'], 'the option --json takes no value; remove "yes"'],
  [['convert', 'x', '-o'], 'the option -o needs a value; see xenserver-ddk convert --help'],
  [['convert', 'x', '--output', '--load'], 'the option --output needs a value; see xenserver-ddk convert --help'],
  [['convert', 'x'], 'give -o FILE, --oci-layout DIR, or --load'],
  [
    ['convert', 'x', '--oci-layout', '.'],
    '--oci-layout: .: it is the working directory, or contains it; give the name of a folder of its own',
  ],
  [['convert', 'x', '-o', './y', '--oci-layout', 'y'], '-o and --oci-layout are both y; give each a name of its own'],
  [['convert', 'x', '-o', 'y', '--engine', 'docker'], '--engine is of no use without --load'],
  [['raw', 'x'], 'the option -o FILE is missing'],
  [['inspect', 'https://x/y?a=1&b'], "INPUT can't be a URL; download it first: curl -fLO 'https://x/y?a=1&b'"],
  [['convert', 'HTTP://x/y', '-o', 'z'], "INPUT can't be a URL; download it first: curl -fLO 'HTTP://x/y'"],
])('%j', (words, message) => expect(cli(...words)).toEqual({ code: 2, stdout: '', stderr: `xenserver-ddk: ${message}\n` }))

test('a name that begins with a dash follows --', () => {
  const { code, stderr } = cli('list', '--', '-x.iso')
  expect([code, stderr]).toEqual([6, expect.stringMatching(/^xenserver-ddk: -x\.iso: there is no such file\n/)])
})
