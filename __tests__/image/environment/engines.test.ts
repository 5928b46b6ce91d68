import { randomUUID } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeEngines } from '../../engine/engines.ts'
import { allEngines } from '../../engine/start-engine.ts'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { makeSmallRoot, type SmallRootOptions } from '../../fixtures/small-root.ts'
import { cli } from '../../support/cli.ts'
import { noRoot } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { run, sh } from '../../support/tools.ts'

// What a build finds in a container of an image, in real engines.

const name = `ddk-environment-test-${randomUUID()}`
let dir = ''
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-environment-'))
  await makeIso('6.5.0', {})
  // Its own programs are 32-bit and print the machine's name; busybox, which isn't, is the one that changes the personality.
  await makeIso('6.2.0', { version: '6.2.0', architecture: 'i686' })
  convert('6.5.0', 'ddk')
  convert('6.5.0', 'host', '--uname', 'host')
  convert('6.2.0', 'i686')
})
afterAll(() => {
  rmSync(dir, { recursive: true, force: true })
})

async function makeIso(version: string, options: SmallRootOptions): Promise<void> {
  const root = join(dir, version)
  mkdirSync(root)
  makeSmallRoot(root, options)
  if (!noRoot) sh('mkdir -p usr/local; chown 7:9 usr/local', { cwd: root })
  sh('mkdir -p usr/local; chmod 2775 usr/local; chmod 711 etc; touch -d 2009-08-07T06:05:04Z usr/local etc usr', {
    cwd: root,
  })
  writeFileSync(join(root, 'etc/profile'), 'for file in /etc/profile.d/*.sh; do . $file; done\n')
  if (options.architecture === 'i686')
    for (const program of ['linux32', 'busybox']) copyFileSync('/bin/busybox', join(root, 'usr/bin', program))
  await makeDdkIso({ iso: join(dir, `${version}.iso`), root, version })
}

function convert(version: string, tag: string, ...options: string[]): void {
  const named = ['--tag', `${name}:${tag}`, '-o', join(dir, `${tag}.tar`), '--compression', 'none']
  const ended = cli('convert', join(dir, `${version}.iso`), ...named, ...options)
  if (ended.code !== 0) throw new Error(ended.stderr)
}

describeEngines(allEngines, ({ command, env, stop }) => {
  const all = { ...process.env, ...env }
  const engine = (...args: string[]) => run(command, args, { env: all })
  const limits = ['--ulimit', 'nofile=1024:4096', ...(command === 'podman' ? ['--ulimit', 'nproc=1024:4096'] : [])]
  const container = (image: string, ...words: string[]) => engine('run', '--rm', '--network', 'none', ...limits, image, ...words)

  beforeAll(() => {
    for (const image of ['ddk', 'host', 'i686']) engine('load', '--input', join(dir, `${image}.tar`))
  })
  afterAll(() => {
    engine('image', 'rm', '--force', `${name}:ddk`, `${name}:host`, `${name}:i686`)
    stop()
  })

  // Asked directly: busybox's shell has a uname of its own, and asks no other.
  test('uname answers for the DDK', () => {
    expect(container(`${name}:ddk`, 'uname', '-r')).toBe('3.10.0+2\n')
    expect(engine('run', '--rm', '--network', 'none', ...limits, '--hostname', 'builder', `${name}:ddk`, 'uname', '-a')).toBe(
      'Linux builder 3.10.0+2 #1 SMP x86_64 x86_64 x86_64 GNU/Linux\n',
    )
  })

  test('the variables are there, for a login shell with an empty environment as well', () => {
    const words = '$XENSERVER_VERSION $XENSERVER_BUILD $DDK_KERNEL_VERSION'
    expect(container(`${name}:ddk`, 'sh', '-c', `echo ${words}`)).toBe('6.5.0 90233c 3.10.0+2\n')
    expect(container(`${name}:ddk`, 'env', '-i', 'sh', '-lc', `echo ${words}`)).toBe('6.5.0 90233c 3.10.0+2\n')
  })

  test('with --uname host, the image has the files of the DDK and no others', () => {
    expect(container(`${name}:host`, 'uname', '-r')).toBe(run('uname', ['-r']))
    expect(container(`${name}:host`, 'sh', '-c', 'ls -d /usr/local/bin /etc/profile.d 2>/dev/null; env | grep -c DDK; true')).toBe('0\n')
  })

  unless(noRoot).test('the directories above what is new are as the DDK has them', () => {
    const look = (format: string, ...paths: string[]) => container(`${name}:ddk`, 'stat', '-c', format, ...paths)
    expect(look('%a %u %g %Y', '/usr', '/usr/local')).toBe('755 0 0 1249625104\n2775 7 9 1249625104\n')
    // Not its time: engines write to it when a container starts.
    expect(look('%a %u %g', '/etc')).toBe('711 0 0\n')
  })

  test('a 32-bit image runs under the 32-bit personality', () => {
    // Its /bin/uname asks the kernel, as configure, rpm and Python do.
    expect(container(`${name}:i686`, '/bin/uname')).toBe('i686\n')
    expect(container(`${name}:i686`, 'busybox', 'sh', '/usr/local/bin/uname', '-rmpi')).toBe(
      '2.6.32.43-0.4.1.xs1.8.0.835.170778xen i686 i686 i386\n',
    )
    expect(engine('image', 'inspect', '--format', '{{.Os}}/{{.Architecture}} {{.Config.Entrypoint}}', `${name}:i686`).trim()).toBe(
      'linux/386 [/usr/bin/linux32]',
    )
    // What that takes: without it, the kernel tells the machine's own name.
    expect(engine('run', '--rm', '--network', 'none', ...limits, '--entrypoint', '/bin/uname', `${name}:i686`)).toBe(run('uname', ['-m']))
  })
})
