import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { CallOptions } from '../../src/engine/command.ts'
import type { Engine, Image } from '../../src/engine/engine.ts'
import type { Finished } from '../../src/programs/finished.ts'
import { checkFirstUse, type Host } from '../../src/shell/checks.ts'

// What is said about an image that can't be used. The engine answers as each test wants; checks.test.ts has real ones.

const image: Image = { id: 'sha256:1', names: [], labels: {}, platform: 'linux/386', layers: 2, entrypoint: [] }
const host: Host = { arch: 'x64', maps: '0-1 [vsyscall]' }
const fine: Finished = { code: 0, stdout: 'container\n', lastWord: '', missing: false, timedOut: false }

let folder = ''
let calls: string[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ddk-first-use-'))
  calls = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** @param answers how `create` and the container end */
function check(answers: { created?: Partial<Finished>; ended?: Partial<Finished> | Error }, on: Host = host): Promise<string | undefined> {
  const engine: Partial<Engine> = {
    name: 'docker',
    privileges: 'root',
    async call([verb, ...args], { evenIfCancelled = false }: CallOptions = {}) {
      calls.push([verb, ...(verb === 'rm' ? args : []), ...(evenIfCancelled ? ['even if cancelled'] : [])].join(' '))
      return verb === 'create' ? { ...fine, ...answers.created } : fine
    },
    async follow(container) {
      calls.push(`follow ${container}`)
      if (answers.ended instanceof Error) throw answers.ended
      return { ...fine, ...answers.ended }
    },
  }
  return checkFirstUse(engine as Engine, image, folder, on)
}

test('an image whose program runs, in a container that is removed', async () => {
  expect(await check({})).toBeUndefined()
  expect(calls).toEqual(['create', 'follow container', 'rm --force container even if cancelled'])
  expect(readdirSync(folder)).toEqual([])
})

test('the container has no network, nothing is pulled for it, and it has two minutes', async () => {
  let created: readonly string[] = []
  const times: unknown[] = []
  const engine: Partial<Engine> = {
    name: 'podman',
    privileges: 'remapped',
    async call(args, options) {
      if (args[0] === 'create') created = args
      times.push([args[0], options?.deadline])
      return fine
    },
    async follow(_container, seconds) {
      times.push(seconds)
      return fine
    },
  }
  expect(await checkFirstUse(engine as Engine, image, folder, host)).toBeUndefined()
  const probe = created.at(-1)!.replace(/\/file$/, '')
  expect(created).toEqual([
    ...['create', '--pull=never', '--rm', '--label', 'io.github.xenserver-ddk-action.shell=probe', '--network', 'none'],
    ...['--stop-signal', 'KILL', '--security-opt', 'label=disable', '--userns', 'host'],
    ...['--mount', `type=bind,source=${probe},target=${probe}`, 'sha256:1'],
    ...['/bin/sh', '-c', '[ -e "$1" ] || exit 99', 'sh', `${probe}/file`],
  ])
  expect(times).toEqual([['create', 'change'], 120, ['rm', 'change']])
})

test('the container is removed even if the job ends meanwhile', async () => {
  await expect(check({ ended: new Error('Cancelled') })).rejects.toThrow('Cancelled')
  expect(calls.at(-1)).toBe('rm --force container even if cancelled')
  expect(readdirSync(folder)).toEqual([])
})

test.each<[string, Partial<Finished>, Partial<Host>, RegExp]>([
  [
    'it does not see the file',
    { code: 99 },
    {},
    /^docker doesn't see this runner's files in \S+, so steps can't run in the DDK: its daemon is/,
  ],
  ['a signal 11, with a vsyscall page', { code: 139 }, {}, /signal 11 \(exit code 139\) on this machine's kernel; use another runner$/],
  ['a signal 11, without one', { code: 139 }, { maps: '0-1 [vdso]' }, /they need the vsyscall page.*kernel parameter vsyscall=emulate$/],
  ['a signal 11, on a machine that shows no maps', { code: 139 }, { maps: '' }, /on this machine's kernel; use another runner$/],
  [
    'another kernel',
    { code: 1, lastWord: 'exec /bin/sh: exec format error' },
    {},
    /^this kernel can't run the DDK's programs \(linux\/386\)/,
  ],
  [
    'a 32-bit kernel without them',
    { code: 1, lastWord: 'exec format error' },
    { arch: 'ia32' },
    /^this kernel can't run the DDK's programs/,
  ],
  ['another processor', { code: 1, lastWord: 'exec format error' }, { arch: 'arm64' }, /^this machine's processor \(arm64\) can't run/],
  ['it does not end', { timedOut: true }, {}, /^a container of the DDK didn't end within 120 seconds, so steps may hang as well$/],
  ['it does not end, for a reason', { timedOut: true, lastWord: 'stuck' }, {}, /^a container of the DDK can't run: stuck$/],
  ['it gives no reason', { code: 3 }, {}, /^a container of the DDK can't run: its shell ended with exit code 3$/],
])('a program that fails: %s', async (_how, ended, on, sentence) => {
  expect(await check({ ended: { code: 1, ...ended } }, { ...host, ...on })).toMatch(sentence)
})

test.each<[string, RegExp]>([
  ['Error: bind source path does not exist: /work', /^docker doesn't see this runner's files/],
  ['Error: statfs /work: no such file or directory', /^docker doesn't see this runner's files/],
  ['mkdir /var/lib/docker: no space left on device', /^docker has no space for a container of the DDK; free some on.*\(mkdir .*\)$/],
  ['it is Tuesday', /^a container of the DDK can't run: it is Tuesday$/],
])('a container that can not be created: %s', async (lastWord, sentence) => {
  expect(await check({ created: { code: 125, lastWord } })).toMatch(sentence)
  expect(calls).toEqual(['create'])
})

test('of this machine, its processor and its vsyscall page are known', async () => {
  const engine = {
    name: 'docker',
    privileges: 'root',
    call: async () => fine,
    follow: async () => ({ ...fine, code: 1, lastWord: 'exec format error' }),
  }
  expect(await checkFirstUse(engine as unknown as Engine, image, folder)).toMatch(
    process.arch === 'x64' ? /^this kernel can't run/ : new RegExp(`processor \\(${process.arch}\\)`),
  )
})
