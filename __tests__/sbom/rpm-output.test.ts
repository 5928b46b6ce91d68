import { expect, test } from '@jest/globals'
import { parsePackages } from '../../src/sbom/rpm-output.ts'
import { fullName, packageList } from '../../src/sbom/rpm-package.ts'
import { sh } from '../support/tools.ts'

const line = (...values: string[]) => `${values.join('\t')}\n`
const bash = line('bash', '', '3.2', '32.el5', 'i386', 'GPLv2+', 'CentOS')
const names = (output: string) => parsePackages(output).map(fullName)

test('a tag that a package lacks is absent', () => {
  expect(parsePackages(line('a', '', '1', '2', 'noarch', '', ''))).toEqual([
    { name: 'a', version: '1', release: '2', architecture: 'noarch' },
  ])
})

test('an epoch of 0 is an epoch, and written like none', () => {
  const [zero] = parsePackages(line('a', '0', '1', '2', 'noarch', '', ''))
  expect([zero!.epoch, fullName(zero!)]).toEqual(['0', 'a-0:1-2.noarch'])
})

test('keys are no packages', () => {
  expect(names(line('gpg-pubkey', '', 'e8562897', '459f07a4', '', 'pubkey', '') + bash)).toEqual(['bash-0:3.2-32.el5.i386'])
})

test("the list has sort's own order, without duplicates", () => {
  const all = ['b', 'B', 'a-b', 'a', 'a+', 'ä', 'a.b', '\u{1f4e6}', '\uff21'].map((name) => line(name, '', '1', '1', 'noarch', '', ''))
  const list = packageList(parsePackages([...all, all[0]].join('')))
  expect(sh('printf %s "$LIST" | LC_ALL=C sort -u', { env: { ...process.env, LIST: list } })).toBe(list)
  expect(list.split('\n')).toHaveLength(10)
})

test('the order of the database makes no difference, also for two of one full name', () => {
  const other = bash.replace('CentOS', 'Citrix')
  const forth = parsePackages(bash + other)
  expect(parsePackages(other + bash)).toEqual(forth)
  expect(forth).toHaveLength(1)
})

test.each([
  ['too few values', 'bash\t3.2\n', 'prints "bash\\\\u00093.2", which describes no package'],
  ['too many values', bash.replace('\n', '\tx\n'), 'describes no package'],
  ['a name with a space', bash.replace('bash', 'ba sh'), 'describes no package'],
  ['no architecture', bash.replace('i386', ''), 'describes no package'],
  ['an epoch that is no number', line('a', '(none)', '1', '2', 'noarch', '', ''), 'describes no package'],
  ['a control character', bash.replace('CentOS', 'Cent\u001b[2JOS'), 'describes no package'],
  ['a character that turns the text around', bash.replace('CentOS', '\u202eSOtneC'), 'describes no package'],
  ["a command of the runner's", bash.replace('CentOS', '##[add-mask]x'), 'describes no package'],
  ["a command of the runner's in the list", bash.replace('bash', '::add-mask::x'), 'describes no package'],
  ['an empty line', `${bash}\n${bash}`, 'prints "", which describes no package'],
  ['an unfinished line', bash.trimEnd(), 'ends in the middle of a line'],
  ['nothing', '', 'lists no package'],
  ['only keys', line('gpg-pubkey', '', 'a', 'b', '', 'pubkey', ''), 'lists no package'],
  ['too much', bash.repeat(300_000), 'prints more than 8 MiB'],
])('%s is refused in one sentence', (_title, output, what) => {
  expect(() => parsePackages(output)).toThrow(
    expect.objectContaining({
      kind: 'packages',
      message: expect.stringMatching(/^The packages of the image can't be listed: its rpm [^\n]* without it$/),
    }),
  )
  expect(() => parsePackages(output)).toThrow(what)
})
