import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startEngines } from '../../engine/engines.ts'
import { makeFilesystem } from '../../fixtures/filesystem.ts'
import { cli } from '../../support/cli.ts'
import { run } from '../../support/tools.ts'

// A driver's RPM, built in a 32-bit root by a Makefile that asks uname and knows nothing of containers. Its root takes a minute to make, so
// it is made only when it is asked for.

const asked = process.env.DDK_TEST_I386 !== undefined && process.getuid?.() === 0
if (!asked) console.log('skipped: building in an i386 root wants DDK_TEST_I386=1, root, and a Debian mirror')
const real = asked ? startEngines().filter(({ title }) => title === 'docker' || title === 'podman') : []
const image = `ddk-i386-test-${process.pid}:6.2.0`

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-i386-'))
  if (!asked) return
  const root = join(dir, 'root')
  mkdirSync(root)
  const tar = execFileSync('script/lib/i386-root.sh', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
  run('tar', ['--numeric-owner', '--xattrs', '--acls', '-xpf', tar, '-C', root])
  makeFilesystem(root, join(dir, 'root.img'), { filesystem: 'ext4' })
  rmSync(root, { recursive: true })
  const ended = cli('convert', join(dir, 'root.img'), '-o', join(dir, 'image.tar'), '--compression', 'none', '--tag', image)
  if (ended.code !== 0) throw new Error(ended.stderr)
  rmSync(join(dir, 'root.img'))
}, 600_000)
afterAll(() => {
  for (const engine of real) engine.stop()
  rmSync(dir, { recursive: true, force: true })
})

if (!asked) test.skip('an i386 root', () => {})

for (const { title, command, env } of real) {
  describe(title, () => {
    const engine = (...args: string[]) => run(command, args, { env: { ...process.env, ...env } })
    const limits = ['--ulimit', 'nofile=1024:4096', ...(command === 'podman' ? ['--ulimit', 'nproc=1024:4096'] : [])]
    const container = (...words: string[]) => engine('run', '--rm', '--network', 'none', ...limits, image, ...words)
    const shell = (script: string) => container('bash', '-euc', script).trim()

    beforeAll(() => void engine('load', '--input', join(dir, 'image.tar')), 300_000)
    afterAll(() => void engine('image', 'rm', '--force', image))

    test('whoever asks, it is an i686', () => {
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
}
