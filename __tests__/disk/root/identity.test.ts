import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { memorySource } from '../../../src/bytes/source.ts'
import { ext } from '../../../src/disk/filesystem/ext/index.ts'
import { identify } from '../../../src/disk/root/identity.ts'
import { withTempDir } from '../../support/tools.ts'
import { type Contents, elf, makeExt } from './made-root.ts'

function identified(contents: Contents) {
  return withTempDir((dir) => {
    const warnings: string[] = []
    const tree = ext.open(memorySource(makeExt(dir, contents), 'root'), (sentence) => warnings.push(sentence))
    return { ...identify(tree, (sentence) => warnings.push(sentence)), warnings }
  })
}

const bash32 = { 'bin/bash': elf(1, 3) }
const bash64 = { 'bin/bash': elf(2, 62) }
const osRelease = (name: string, version: string) =>
  `NAME="${name}"\nVERSION="${version}"\nID="xenenterprise"\nVERSION_ID="8.2"\nPRETTY_NAME="x"\n`
const built = (kernel: string, source: string): Contents => ({ [`lib/modules/${kernel}/build`]: { link: `/usr/src/kernels/${source}` } })

describe('a DDK is known', () => {
  test.each([
    [
      '5.6 FP1',
      {
        'etc/redhat-release': 'XenServer DDK release 5.6.100-39265p (xenenterprise)\n',
        'etc/rpm/platform': 'i686-redhat-linux\n',
        ...built('2.6.32.12-0.7.1.xs5.6.100.323.170596xen', '2.6.32.12-0.7.1.xs5.6.100.323.170596-xen-i686'),
        ...built('2.6.32.12-0.7.1.xs5.6.100.323.170596kdump', '2.6.32.12-0.7.1.xs5.6.100.323.170596-kdump-i686'),
        ...bash32,
      },
      { version: '5.6.100', build: '39265p', kernelVersion: '2.6.32.12-0.7.1.xs5.6.100.323.170596xen', architecture: 'i686' },
    ],
    [
      '6.5',
      {
        'etc/redhat-release': 'XenServer DDK release 6.5.0-90233c (xenenterprise)\n',
        ...built('3.10.0+2', '3.10.0+2-x86_64'),
        'lib/modules/2.6.18-400.el5/modules.dep': '',
        'bin/bash': readFileSync('/bin/true'),
      },
      { version: '6.5.0', build: '90233c', kernelVersion: '3.10.0+2', architecture: process.arch === 'x64' ? 'x86_64' : undefined },
    ],
    [
      '7.1, whose release file is in /usr',
      {
        'etc/redhat-release': 'XenServer DDK release 7.1.0 (xenenterprise)\n',
        'etc/os-release': { link: '../usr/lib/os-release' },
        'usr/lib/os-release': osRelease('XenServer DDK', '7.1.0-137272c'),
        lib: { link: 'usr/lib' },
        bin: { link: 'usr/bin' },
        'usr/lib/modules/4.4.0+2/build': { link: '/usr/src/kernels/4.4.0+2-x86_64' },
        'usr/bin/bash': elf(2, 62),
      },
      { version: '7.1.0', build: '137272c', kernelVersion: '4.4.0+2', architecture: 'x86_64' },
    ],
    [
      '8.2, beside the release file of CentOS',
      {
        'etc/redhat-release': 'CentOS Linux release 7.5.1804 (Core)\n',
        'etc/os-release': osRelease('XenServer DDK', '8.2.0-2020c'),
        ...built('4.19.0+1', '4.19.0+1-x86_64'),
        ...bash64,
      },
      { version: '8.2.0', build: '2020c', kernelVersion: '4.19.0+1', architecture: 'x86_64' },
    ],
  ] as [string, Contents, object][])('%s', async (_, contents, expected) => {
    expect(await identified(contents)).toEqual({ product: 'XenServer DDK', ...expected, warnings: [] })
  })
})

test('a version without a build is taken, CentOS last', async () => {
  const contents = {
    'etc/redhat-release': 'CentOS Linux release 7.5.1804 (Core)\n',
    'etc/os-release': osRelease('Citrix Hypervisor', '8.2.0'),
  }
  expect(await identified(contents)).toMatchObject({ product: 'Citrix Hypervisor', version: '8.2.0', build: undefined })
  const centos = { 'etc/redhat-release': 'CentOS release 5.11 (Final)\n' }
  expect(await identified(centos)).toMatchObject({ product: 'CentOS', version: '5.11', build: undefined })
})

test('nothing is invented', async () => {
  expect(await identified({ 'etc/redhat-release': 'garbage', 'lib/modules/1.0': undefined, 'bin/sh': '#!/bin/true' })).toEqual({
    product: undefined,
    version: undefined,
    build: undefined,
    kernelVersion: undefined,
    architecture: undefined,
    warnings: ['no kernel headers: no directory of /lib/modules (1.0) has a "build" link'],
  })
  expect((await identified({})).warnings).toEqual(['no kernel headers: /lib/modules has no kernel'])
})

test('of several kernels the newest is chosen, with a warning', async () => {
  const { kernelVersion, warnings } = await identified({ ...built('4.4.0+10', 'a'), ...built('4.4.0+2', 'b'), ...built('3.10.0+99', 'c') })
  expect(kernelVersion).toBe('4.4.0+10')
  expect(warnings).toEqual(['/lib/modules has headers for several kernels (3.10.0+99, 4.4.0+2, 4.4.0+10); the newest, 4.4.0+10, is used'])
})

test('a kdump kernel is used if there is no other', async () => {
  expect((await identified(built('2.6.32kdump', 'a'))).kernelVersion).toBe('2.6.32kdump')
})

test("rpm's platform is the second source for the architecture", async () => {
  expect(await identified({ 'etc/rpm/platform': 'i386-redhat-linux' })).toMatchObject({ architecture: 'i686' })
  const { architecture, warnings } = await identified({ 'etc/rpm/platform': 'i686-redhat-linux', ...bash64 })
  expect(architecture).toBe('x86_64')
  expect(warnings).toContain('/etc/rpm/platform says i686, but the programs are x86_64; using x86_64')
})

test.each([
  ['4.4.0+2', '4.4.0+10'],
  ['3.10.0+2', '4.4.0+2'],
  ['2.6.32.12-0.7.1.xs5.6.100.323.170596', '2.6.32.43-0.4.1.xs1.6.10.734.170748'],
  ['4.19.0', '4.19.0+1'],
  ['1.a', '1.b'],
  ['1.a', '1.1'],
])('of the kernels %s and %s, the second is the newer one', async (older, newer) => {
  const { kernelVersion, warnings } = await identified({ ...built(newer, 'a'), ...built(older, 'b') })
  expect([kernelVersion, warnings]).toEqual([newer, [expect.stringContaining(`(${older}, ${newer}); the newest, ${newer}, is used`)]])
})

describe('a kernel whose name could be a command refuses the ISO', () => {
  test.each([
    ['$(touch x)', '"$(touch x)"'],
    ['`x`', '"`x`"'],
    ['3.10"; x; "', '"3.10\\"; x; \\""'],
    ["3.10'", `"3.10'"`],
    ['3.10\n::set-output::x', '"3.10\\n::set-output::x"'],
    ['3.10 x', '"3.10 x"'],
    ['3.10%0Ax', '"3.10%0Ax"'],
    ['3.10ü', '"3.10ü"'],
    ['$' + '{x}', '"$' + '{x}"'],
  ])('%j', async (kernel, shown) => {
    await expect(identified(built(kernel, 'x'))).rejects.toThrow(
      `/lib/modules: the version of the kernel is ${shown}; only letters, digits and . _ + ~ - are allowed`,
    )
  })
  test.each(['3.10.0+2', '2.6.32.43-0.4.1.xs1.8.0.835.170778xen', '4.19.0_1~rc1'])('%s does not', async (kernel) => {
    expect(await identified(built(kernel, 'x'))).toMatchObject({ kernelVersion: kernel })
  })
  test('unless another one is the newest', async () => {
    expect(await identified({ ...built('3.10.0+2xen', 'x'), ...built('$(x)', 'x') })).toMatchObject({ kernelVersion: '3.10.0+2xen' })
  })
})
