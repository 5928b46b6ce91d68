import { DiskError, type Warn } from '../../bytes/errors.ts'
import { readText } from '../filesystem/small-file.ts'
import type { FileTree } from '../filesystem/tree.ts'
import { type Architecture, elfArchitecture, platformArchitecture } from './architecture.ts'
import { findKernelVersion } from './kernel-version.ts'

/** What a root filesystem states about itself. */
export interface Identity {
  /** E.g. `XenServer DDK`. */
  readonly product: string | undefined
  /** E.g. `6.5.0`. */
  readonly version: string | undefined
  /** E.g. `90233c`. */
  readonly build: string | undefined
  /** What `uname -r` prints in Dom0, e.g. `3.10.0+2`. */
  readonly kernelVersion: string | undefined
  readonly architecture: Architecture | undefined
}

/**
 * Whether a value is safe to pass on. It becomes part of later steps' scripts, commands and image names, so it must not contain anything
 * that a shell or the runner would interpret.
 */
export function isPlain(value: string): boolean {
  return /^[A-Za-z0-9._+~-]+$/.test(value)
}

/**
 * Identifies a DDK, or any other root filesystem. Values that are missing or unclear are undefined.
 * @throws DiskError if a value isn't plain
 */
export function identify(root: FileTree, warn: Warn): Identity {
  const release = findRelease(root)
  const kernelVersion = findKernelVersion(root, warn)
  checkPlain('/etc/redhat-release or /etc/os-release', 'version', release.version)
  checkPlain('/etc/redhat-release or /etc/os-release', 'build', release.build)
  checkPlain('/lib/modules', 'version of the kernel', kernelVersion)
  return { ...release, kernelVersion, architecture: findArchitecture(root, warn) }
}

function checkPlain(place: string, what: string, value: string | undefined): void {
  if (value === undefined || isPlain(value)) return
  throw new DiskError(
    place,
    `the ${what} is ${JSON.stringify(value)}; only letters, digits and . _ + ~ - are allowed, because anything else could be a command`,
  )
}

type Release = Pick<Identity, 'product' | 'version' | 'build'>

/** Up to 7.0 the build is in /etc/redhat-release. From 7.1 on it is in /etc/os-release, and the other file is that of CentOS. */
function findRelease(root: FileTree): Release {
  const releases = [parseRedhatRelease(readText(root, '/etc/redhat-release')), parseOsRelease(readText(root, '/etc/os-release'))]
  return (
    releases.find((release) => release?.build) ??
    releases.find((release) => release && !/CentOS/i.test(release.product ?? '')) ??
    releases.find((release) => release) ?? { product: undefined, version: undefined, build: undefined }
  )
}

/** `XenServer DDK release 6.5.0-90233c (xenenterprise)` */
function parseRedhatRelease(text: string | undefined): Release | undefined {
  const [, product, version] = /^(.+?) release (\S+)/m.exec(text ?? '') ?? []
  return product ? { product, ...splitBuild(version) } : undefined
}

/** The format of os-release(5). */
function parseOsRelease(text: string | undefined): Release | undefined {
  const value = (key: string) => text?.match(new RegExp(`^${key}=(["']?)(.*)\\1\\s*$`, 'm'))?.[2]
  const product = value('NAME')
  return product ? { product, ...splitBuild(value('VERSION') ?? value('VERSION_ID')) } : undefined
}

function splitBuild(text = ''): Pick<Release, 'version' | 'build'> {
  const [, version, build] = /^(\d[\w.]*)(?:-(\w[\w.]*))?/.exec(text) ?? []
  return { version, build }
}

/**
 * The programs decide. rpm's platform is only a second source, and a mismatch is a warning: a chroot of another architecture may contain a
 * single stray program.
 */
function findArchitecture(root: FileTree, warn: Warn): Architecture | undefined {
  const programs = elfArchitecture(root)
  const platform = platformArchitecture(root)
  if (programs && platform && programs !== platform) {
    warn(`/etc/rpm/platform says ${platform}, but the programs are ${programs}; using ${programs}`)
  }
  return programs ?? platform
}
