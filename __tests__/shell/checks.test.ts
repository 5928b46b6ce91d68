import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { detectEngine } from '../../src/engine/detect.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { checkFirstUse } from '../../src/shell/checks.ts'
import { shellLabel } from '../../src/shell/container.ts'
import { describeEngines } from '../engine/engines.ts'
import { allEngines } from '../engine/start-engine.ts'
import { printMachine } from '../fixtures/tiny-elf.ts'
import { noMounts, noRoot } from '../support/machine.ts'
import type { Skip } from '../support/reasons.ts'
import { unless } from '../support/skip.ts'
import { run, sh } from '../support/tools.ts'

const dockerd = join(import.meta.dirname, '../../script/lib/dockerd.sh')
const temp = mkdtempSync(join(tmpdir(), 'ddk-checks-test-'))
const environment = { ...process.env }
/** Others may be at work in the same engine. */
const unique = `ddk-checks-test-${randomUUID()}`
afterAll(() => {
  rmSync(temp, { recursive: true, force: true })
})

/** The small program with one byte changed. */
function patched(offset: number, byte: number): Buffer {
  const program = Buffer.from(printMachine)
  program[offset] = byte
  return program
}

/** Programs for /bin/sh, each the whole of an image. */
const shells = {
  good: '/bin/busybox',
  // The first instruction is hlt, which ends in signal 11.
  crashing: patched(84, 0xf4),
  // e_machine: ARM.
  foreign: patched(18, 40),
} as const

/** Imports an image that has only /bin/sh. */
function importImage(command: string, name: keyof typeof shells): string {
  const root = join(temp, name)
  mkdirSync(join(root, 'bin'), { recursive: true })
  const program = shells[name]
  if (typeof program === 'string') run('cp', [program, join(root, 'bin/sh')])
  else writeFileSync(join(root, 'bin/sh'), program)
  chmodSync(join(root, 'bin/sh'), 0o755)
  const tag = `localhost/${unique}:${name}`
  sh(`tar -C '${root}' -c . | ${command} import - ${tag}`, { env: process.env })
  return tag
}

describeEngines(allEngines, ({ command, env, stop }) => {
  let engine: Engine
  const images: Partial<Record<keyof typeof shells, string>> = {}
  beforeAll(async () => {
    Object.assign(process.env, env)
    engine = (await detectEngine(command))!
    for (const name of Object.keys(shells) as (keyof typeof shells)[]) images[name] = importImage(command, name)
  })
  afterAll(async () => {
    for (const image of Object.values(images)) await engine.remove(image)
    process.env = { ...environment }
    stop()
  })

  const check = async (name: keyof typeof shells, host?: { arch: string; maps: string }) => {
    const folder = mkdtempSync(join(temp, 'with, comma and space-'))
    const sentence = await checkFirstUse(engine, (await engine.find(images[name]!))!, folder, host)
    expect(readdirSync(folder)).toEqual([])
    const filters = ['--filter', `label=${shellLabel}`, '--filter', `ancestor=${images[name]}`]
    expect(run(command, ['ps', '--all', '--quiet', ...filters], { env: process.env })).toBe('')
    return sentence
  }

  test('an image that can be used', async () => {
    // Without root, Podman can only be rootless; Docker's daemon is root's all the same.
    expect(engine.privileges).toBe(noRoot && command === 'podman' ? 'rootless' : 'root')
    expect(await check('good')).toBeUndefined()
  })

  test('no vsyscall page, or another reason to crash with signal 11', async () => {
    expect(await check('crashing', { arch: 'x64', maps: '7ffd-7ffe r-xp [vdso]' })).toMatch(/crash with signal 11 .* vsyscall=emulate$/)
    expect(await check('crashing')).toMatch(/crash with signal 11 .*; use another runner$/)
  })

  test('programs of another processor', async () => {
    expect(await check('foreign', { arch: 'arm64', maps: '' })).toMatch(/processor \(arm64\) can't run .*\/setup-qemu-action$/)
    expect(await check('foreign')).toMatch(/ia32_emulation/)
  })
})

const noDockerd: Skip | undefined = spawnSync('dockerd', ['--version']).status === 0 ? undefined : { reason: 'no-docker' }

unless(noMounts ?? noDockerd).test('a daemon that does not see the files', async () => {
  const hidden = mkdtempSync(join(temp, 'hidden-'))
  const wrapper = join(temp, 'dockerd')
  writeFileSync(
    wrapper,
    `#!/bin/sh\nexec unshare --mount --propagation private sh -c 'mount -t tmpfs none "$0" && exec dockerd "$@"' ${hidden} "$@"\n`,
  )
  chmodSync(wrapper, 0o755)
  const state = join(temp, 'elsewhere')
  process.env.DOCKER_HOST = execFileSync(dockerd, ['start', state], { encoding: 'utf8', env: { ...process.env, DOCKERD: wrapper } }).trim()
  try {
    const engine = (await detectEngine('docker'))!
    const image = (await engine.find(importImage('docker', 'good')))!
    expect(await checkFirstUse(engine, image, hidden)).toMatch(
      /^docker doesn't see this runner's files in \S+hidden-\w+, so steps can't run in the DDK/,
    )
    // The daemon is all right otherwise.
    expect(await checkFirstUse(engine, image, temp)).toBeUndefined()
  } finally {
    execFileSync(dockerd, ['remove', state], { env: process.env })
    process.env = { ...environment }
  }
})
