import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Skip } from './reasons.ts'
import { asNobody, corpus } from './tools.ts'

// What this machine doesn't have: each is undefined, or what to skip a test for.

export const noRoot: Skip | undefined = process.getuid?.() === 0 ? undefined : { reason: 'no-root' }

/** To mount anything at all. */
export const noMounts: Skip | undefined = noRoot ?? cannotMount()

/** To mount a filesystem of a type, e.g. `xfs`: the kernel's own view is the oracle of the filesystem tests. */
export function noMountOf(type: string): Skip | undefined {
  return noMounts ?? (isKnown(type) ? undefined : { reason: 'kernel-without-filesystem', detail: type })
}

/** Whether the kernel has the filesystem's driver, built in or as a module. */
function isKnown(type: string): boolean {
  const isListed = () => new RegExp(`\\t${type}$`, 'm').test(readFileSync('/proc/filesystems', 'latin1'))
  if (isListed()) return true
  spawnSync('modprobe', ['--quiet', type])
  return isListed()
}

/** Another user (`asNobody`) who can run this checkout's programs. */
export const noOtherUser: Skip | undefined =
  noRoot ??
  (spawnSync(asNobody[0]!, [...asNobody.slice(1), 'test', '-r', process.execPath]).status === 0
    ? undefined
    : { reason: 'private-checkout' })

export const noCorpus: Skip | undefined = existsSync(corpus) ? undefined : { reason: 'no-corpus' }

/** A folder on another filesystem than temporary ones. */
export const otherFilesystem = '/dev/shm'

export const noOtherFilesystem: Skip | undefined =
  existsSync(otherFilesystem) && statSync(otherFilesystem).dev !== statSync(tmpdir()).dev ? undefined : { reason: 'no-second-filesystem' }

/** Mounts a small filesystem of its own: root may lack the right in a container, or loop devices. */
function cannotMount(): Skip | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'ddk-mount-'))
  const script = 'truncate -s 1M image && mke2fs -q -F image && mkdir mounted && mount -o loop,ro image mounted && umount mounted'
  const { status, stderr } = spawnSync('sh', ['-c', script], { cwd: dir, encoding: 'utf8' })
  rmSync(dir, { recursive: true, force: true })
  return status === 0 ? undefined : { reason: 'no-mounts', detail: stderr }
}

/** A Node that is older than the one that the programs are written for. */
export const olderNode = findOlderNode()

function findOlderNode(): { readonly path: string; readonly skip: Skip | undefined } {
  for (const path of ['/usr/bin/node', '/usr/bin/nodejs', '/usr/local/bin/node']) {
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
    if (stdout && Number.parseInt(stdout.slice(1), 10) < 24) return { path, skip: undefined }
  }
  return { path: '', skip: { reason: 'no-older-node' } }
}
