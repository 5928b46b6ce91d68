import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeEngines } from '../../engine/engines.ts'
import { makeFilesystem } from '../../fixtures/filesystem.ts'
import { cli } from '../../support/cli.ts'
import { noRoot } from '../../support/machine.ts'
import type { Skip } from '../../support/reasons.ts'
import { unless } from '../../support/skip.ts'
import { lastLine, run } from '../../support/tools.ts'

// A driver's RPM, built in a 32-bit root by a Makefile that asks uname and knows nothing of containers.

/** The root's tar; it is made once, which takes some minutes. */
const made = noRoot ? undefined : spawnSync('script/lib/i386-root.sh', { encoding: 'utf8' })
const noI386Root: Skip | undefined = made?.status === 0 ? undefined : { reason: 'no-i386-root', detail: made && lastLine(made.stderr) }

unless(noI386Root).describe('a 32-bit root filesystem', () => {
  const image = `ddk-i386-test-${randomUUID()}:6.2.0`
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-i386-'))
    const root = join(dir, 'root')
    mkdirSync(root)
    run('tar', ['--numeric-owner', '--xattrs', '--acls', '-xpf', made!.stdout.trim(), '-C', root])
    makeFilesystem(root, join(dir, 'root.img'), { filesystem: 'ext4' })
    rmSync(root, { recursive: true })
    const ended = cli('convert', join(dir, 'root.img'), '-o', join(dir, 'image.tar'), '--compression', 'none', '--tag', image)
    if (ended.code !== 0) throw new Error(ended.stderr)
    rmSync(join(dir, 'root.img'))
  }, 600_000)
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  describeEngines(['docker', 'podman'], ({ command, env, stop }) => {
    const engine = (...args: string[]) => run(command, args, { env: { ...process.env, ...env } })
    const limits = ['--ulimit', 'nofile=1024:4096', ...(command === 'podman' ? ['--ulimit', 'nproc=1024:4096'] : [])]
    const container = (...words: string[]) => engine('run', '--rm', '--network', 'none', ...limits, image, ...words)
    const shell = (script: string) => container('bash', '-euc', script).trim()

    beforeAll(() => void engine('load', '--input', join(dir, 'image.tar')), 300_000)
    afterAll(() => {
      engine('image', 'rm', '--force', image)
      stop()
    })

    test('the machine is reported as i686, whoever asks', () => {
      const kernel = shell('ls /lib/modules')
      expect(kernel).not.toBe(run('uname', ['-r']).trim())
      expect(shell('uname -rmpi')).toBe(`${kernel} i686 i686 i386`)
      expect(shell('/bin/uname -m')).toBe('i686')
      expect(container('python3', '-c', 'import os; print(os.uname().machine)')).toBe('i686\n')
      expect(shell('rpm --eval "%{_target_cpu} %{_host_cpu}"')).toMatch(/^i[36]86 i[36]86$/)
      expect(shell('env -i bash -lc "echo \\$DDK_KERNEL_VERSION"')).toBe(kernel)
    })

    test('make, without a word more, gives an RPM and a module for the kernel of the DDK', () => {
      const told = shell(`
        cd /root/examples/driver
        make build-rpms >/tmp/log 2>&1 || { tail -n 30 /tmp/log; exit 1; }
        cd "$(rpm --eval '%{_rpmdir}')"/i686
        ls
        rpm -qp --qf '%{ARCH}\\n' ./*.rpm
        rpm -i --nodeps ./*.rpm
        modinfo -F vermagic /lib/modules/*/updates/hello.ko | cut -d ' ' -f 1
        ls /lib/modules`)
      const [rpm, architecture, vermagic, kernel] = told.split('\n')
      expect(rpm).toBe(`hello-modules-${kernel}-1.0-1.i686.rpm`)
      expect([architecture, vermagic]).toEqual(['i686', kernel])
    }, 300_000)
  })
})
