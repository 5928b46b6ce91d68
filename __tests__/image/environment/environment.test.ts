import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Identity } from '../../../src/disk/root/identity.ts'
import { buildEnvironment } from '../../../src/image/environment/environment.ts'
import { makeSmallRoot } from '../../fixtures/small-root.ts'
import { noRoot } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { type Listed, run, sh, walkMounted, withTempDir } from '../../support/tools.ts'
import { folderTree } from '../tar/folder-tree.ts'

const created = 1_421_841_600
const identity: Identity = {
  product: 'XenServer DDK',
  version: '6.5.0',
  build: '90233c',
  kernelVersion: '3.10.0+2',
  architecture: 'x86_64',
}

/** Makes a small root, lets `change` at it, and gives what is made for it. */
function environmentOf(root: string, change: string, known: Identity = identity) {
  makeSmallRoot(root)
  sh(change, { cwd: root })
  const warnings: string[] = []
  const environment = buildEnvironment(folderTree(root), known, created, (text) => warnings.push(text))
  return { ...environment, warnings }
}

/** Unpacks the layer over the root, as an engine would, and gives what is new and what has changed. */
function unpackOver(root: string, layer: Uint8Array): { added: string[]; changed: Listed[] } {
  const before = new Map(walkMounted(root).map((listed) => [listed.path, comparable(listed)]))
  run('tar', ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls', '-xpf', '-', '-C', root], { input: layer })
  const after = walkMounted(root).map(comparable)
  return {
    added: after.filter(({ path }) => !before.has(path)).map(({ path }) => path),
    changed: after.filter((listed) => before.has(listed.path) && JSON.stringify(before.get(listed.path)) !== JSON.stringify(listed)),
  }
}

/** Members whose directory isn't in the tar before them: tar goes by what is there already, and engines make something up. */
function parentless(layer: Uint8Array): string[] {
  const members = run('tar', ['-tf', '-'], { input: layer }).trimEnd().split('\n')
  return members.filter((member, index) => {
    const parent = `${dirname(member)}/`
    return parent !== './' && !members.slice(0, index).includes(parent)
  })
}

/** Directories get a link for each new one in them. */
function comparable({ nlink, ...listed }: Listed): Listed {
  return { ...listed, ...(listed.type !== 'dir' && { nlink }) } as Listed
}

describe('the layer, unpacked over the root', () => {
  // Unpacking owners and attributes takes root.
  const { test: oracle } = unless(noRoot)

  const cases: [string, string, string[]][] = [
    ['no directory there', '', ['etc/profile.d', 'etc/profile.d/xenserver-ddk.sh', 'usr/local', 'usr/local/bin', 'usr/local/bin/uname']],
    [
      'directories with owners, modes, times and attributes of their own',
      `mkdir -p usr/local/bin etc/profile.d; chown 7:300000 usr/local; chmod 2775 usr/local/bin; chmod 700 etc/profile.d
       setfacl -d -m u:33:rx usr/local/bin; setfacl -m u:1:x usr; setfattr -n user.note -v x etc; chmod 1755 usr
       touch -d 2009-08-07T06:05:04Z usr/local/bin; touch -d 2012-01-01Z usr/local; touch -d 1999-01-01Z usr etc etc/profile.d`,
      ['etc/profile.d/xenserver-ddk.sh', 'usr/local/bin/uname'],
    ],
    [
      'a link in the place of a directory',
      'mkdir -p usr/local opt/tools; ln -s /opt/tools usr/local/bin; ln -s ../opt etc/profile.d; touch -d 2001-01-01Z opt opt/tools usr/local',
      ['opt/tools/uname', 'opt/xenserver-ddk.sh'],
    ],
    [
      'a link above it',
      'mkdir -p opt/local; ln -s ../opt/local usr/local; touch -d 2001-01-01Z opt opt/local usr',
      ['etc/profile.d', 'etc/profile.d/xenserver-ddk.sh', 'opt/local/bin', 'opt/local/bin/uname'],
    ],
  ]
  oracle.each(cases)('%s', (_, change, added) =>
    withTempDir((root) => {
      const { layer, warnings } = environmentOf(root, change)
      expect(warnings).toEqual([])
      expect(parentless(layer)).toEqual([])
      expect(unpackOver(root, layer)).toEqual({ added, changed: [] })
      expect(run('chroot', [root, '/usr/local/bin/uname', '-srm'])).toBe('Linux 3.10.0+2 x86_64\n')
    }),
  )

  oracle.each([
    ['a uname of its own', 'mkdir -p usr/local/bin; echo mine >usr/local/bin/uname', 'the DDK has its own /usr/local/bin/uname'],
    ['a link that leads nowhere', 'mkdir usr/local; ln -s /nowhere usr/local/bin', '/usr/local/bin is not a directory'],
    ['a link in a circle', 'ln -s local usr/local', '/usr/local/bin is not a directory'],
    ['a file', 'echo >usr/local', '/usr/local/bin is not a directory'],
  ])('%s stays, and is told', (_, change, sentence) =>
    withTempDir((root) => {
      const { layer, warnings } = environmentOf(root, change)
      expect(warnings).toEqual([expect.stringContaining(sentence)])
      expect(unpackOver(root, layer)).toEqual({ added: ['etc/profile.d', 'etc/profile.d/xenserver-ddk.sh'], changed: [] })
    }),
  )
})

test('the same root gives the same bytes, all of them from when the ISO was made', () =>
  withTempDir((dir) => {
    const layers = ['a', 'b'].map((name) => {
      mkdirSync(join(dir, name))
      return environmentOf(join(dir, name), 'mkdir -p usr/local; touch -d 2009-01-01Z usr/local etc usr').layer
    })
    const [first, second] = layers.map((layer) => createHash('sha256').update(layer).digest('hex'))
    expect(second).toBe(first)
    const listing = run('tar', ['--numeric-owner', '--full-time', '--utc', '-tvf', '-'], { input: layers[0]! })
    expect(listing.split('\n').filter((line) => line.includes('2015-01-21 12:00:00')).length).toBe(4)
  }))

test('variables for every process and for login shells; only what is known', () =>
  withTempDir((root) => {
    const { env, layer } = environmentOf(root, '', { ...identity, kernelVersion: "3'1" })
    expect(env).toEqual(['XENSERVER_VERSION=6.5.0', 'XENSERVER_BUILD=90233c', "DDK_KERNEL_VERSION=3'1"])
    const profile = run('tar', ['-xOf', '-', 'etc/profile.d/xenserver-ddk.sh'], { input: layer })
    writeFileSync(join(root, 'profile'), profile)
    const told = sh(`env -i /bin/dash -eu -c '. ./profile; env'`, { cwd: root })
    for (const line of env) expect(told.split('\n')).toContain(line)
  }))

test('nothing is known', () =>
  withTempDir((root) => {
    const nothing = { product: undefined, version: undefined, build: undefined, kernelVersion: undefined, architecture: undefined }
    const { env, entrypoint, layer, warnings } = environmentOf(root, '', nothing)
    expect([env, entrypoint, warnings]).toEqual([[], [], []])
    expect(run('tar', ['-tf', '-'], { input: layer })).toBe('usr/\nusr/local/\nusr/local/bin/\nusr/local/bin/uname\n')
  }))

describe('when the kernel was built', () => {
  const headers = 'usr/src/kernels/3.10.0+2-x86_64/include'
  const uts = '#define UTS_VERSION "#1 SMP Tue Feb 24 15:38:05 UTC 2015"'
  test.each([
    [
      'in 3.x',
      'generated/compile.h',
      `/* This file is auto generated */\n#define UTS_MACHINE "x86_64"\n${uts}\n#define LINUX_COMPILER "gcc"`,
    ],
    ['in 2.6.32', 'linux/compile.h', `${uts}\n`],
    ['since 5.19', 'generated/utsversion.h', `${uts}\n`],
  ])('is in its headers %s', (_, file, text) =>
    withTempDir((root) => {
      mkdirSync(root, { recursive: true })
      makeSmallRoot(root)
      const path = join(root, headers, file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      const { layer } = buildEnvironment(folderTree(root), identity, created, unexpected)
      expect(script(layer)).toContain("version='#1 SMP Tue Feb 24 15:38:05 UTC 2015'\n")
    }),
  )

  test('else it is left out', () => withTempDir((root) => expect(script(environmentOf(root, '').layer)).toContain("version='#1 SMP'\n")))
})

describe('a 32-bit root filesystem', () => {
  const i686: Identity = { ...identity, architecture: 'i686' }

  test.each([
    ['usr/bin/linux32', ['/usr/bin/linux32']],
    ['usr/bin/setarch', ['/usr/bin/setarch', 'i686']],
    ['bin/setarch', ['/bin/setarch', 'i686']],
  ])('starts everything by %s, if it has that', (program, entrypoint) =>
    withTempDir((root) => {
      makeSmallRoot(root)
      rmSync(join(root, 'bin/linux32'), { force: true })
      copyFileSync('/bin/busybox', join(root, program))
      chmodSync(join(root, program), 0o755)
      const environment = buildEnvironment(folderTree(root), i686, created, unexpected)
      expect(environment.entrypoint).toEqual(entrypoint)
    }),
  )

  test('has none of them, or one that is no program: it is told', () =>
    withTempDir((root) => {
      const { entrypoint, warnings } = environmentOf(root, 'rm bin/linux32; echo >usr/bin/linux32; ln -s nowhere usr/bin/setarch', i686)
      expect(entrypoint).toEqual([])
      expect(warnings).toEqual([expect.stringContaining('neither linux32 nor setarch')])
    }))

  test('answers as a single file', () =>
    withTempDir((root) => {
      const { layer } = environmentOf(root, '', i686)
      expect(script(layer)).toContain("machine='i686'\nprocessor='i686'\nplatform='i386'\n")
    }))
})

function script(layer: Uint8Array): string {
  return run('tar', ['-xOf', '-', 'usr/local/bin/uname'], { input: layer })
}

function unexpected(warning: string): void {
  throw new Error(`unexpected: ${warning}`)
}
