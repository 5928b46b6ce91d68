import type { Warn } from '../../bytes/errors.ts'
import type { FileTree, TreeEntry } from '../../disk/filesystem/tree.ts'
import type { Identity } from '../../disk/root/identity.ts'
import type { ContainerDefaults } from '../config/config.ts'
import { tarPieces } from '../tar/tar.ts'
import { kernelBuild } from './kernel-build.ts'
import { personalityCommand } from './personality.ts'
import { type NewFile, placeFile } from './place.ts'
import { unameScript } from './uname.ts'
import { ddkVariables, profileScript } from './variables.ts'

/** Additions that let builds in a container find what they would find in Dom0. */
export interface BuildEnvironment extends ContainerDefaults {
  /** A tar to unpack over the root filesystem. */
  readonly layer: Uint8Array<ArrayBuffer>
}

/**
 * Makes the build environment for a DDK's root filesystem: a `uname` that comes before the root's own in PATH, variables that identify the
 * DDK, and the 32-bit personality for a 32-bit root. It adds files and changes none, and the same root gives the same bytes.
 * @param created time of all new files, in whole seconds since 1970
 * @param warn gets one sentence for each addition that the root doesn't allow
 * @throws DiskError that names the path, if a layer can't hold it
 */
export function buildEnvironment(root: FileTree, identity: Identity, created: number, warn: Warn): BuildEnvironment {
  const variables = ddkVariables(identity)
  const { kernelVersion = '', architecture = 'x86_64' } = identity
  const version = kernelVersion && kernelBuild(root, kernelVersion)
  const uname = { path: '/usr/local/bin/uname', mode: 0o755, text: unameScript({ release: kernelVersion, version, architecture }) }
  const profile = { path: '/etc/profile.d/xenserver-ddk.sh', mode: 0o644, text: profileScript(variables) }
  const files: Addition[] = [[uname, 'so none is added, and uname may report the host machine']]
  if (variables.length > 0) files.push([profile, 'so login shells may lack the variables that identify the DDK'])
  return {
    layer: tarOf(place(root, files, created, warn)),
    env: variables.map(([name, value]) => `${name}=${value}`),
    entrypoint: architecture === 'i686' ? entrypoint32(root, warn) : [],
  }
}

type Addition = readonly [file: NewFile, ifItCannotBe: string]

/** All entries of the layer, in path order, each once. */
function place(root: FileTree, files: readonly Addition[], mtime: number, warn: Warn): TreeEntry[] {
  const entries = new Map<string, TreeEntry>()
  for (const [file, ifItCannotBe] of files) {
    const placed = placeFile(root, file, mtime)
    if ('obstacle' in placed) warn(`${placed.obstacle}, ${ifItCannotBe}`)
    else for (const entry of placed.entries) entries.set(entry.path.toString('latin1'), entry)
  }
  return [...entries.values()].sort((a, b) => Buffer.compare(a.path, b.path))
}

/** Warnings about existing directories are dropped, because the root filesystem's own layer gives the same ones. */
function tarOf(entries: readonly TreeEntry[]): Uint8Array<ArrayBuffer> {
  const pieces = [...tarPieces(entries, { allocate: (size) => new Uint8Array(size), warn: () => {}, pieceSize: 64 << 10 })]
  return new Uint8Array(Buffer.concat(pieces))
}

function entrypoint32(root: FileTree, warn: Warn): readonly string[] {
  const command = personalityCommand(root)
  if (!command) {
    warn(
      'the root filesystem is 32-bit and has neither linux32 nor setarch, so programs that ask the kernel itself see an x86_64 machine; ' +
        'tell builds their target, as in "rpmbuild --target i686"',
    )
  }
  return command ?? []
}
