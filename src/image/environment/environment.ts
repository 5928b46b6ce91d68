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

/** For whom `uname` answers in a container: for the DDK's Dom0, or for the machine that it runs on, as in any container. */
export const unameChoices = ['ddk', 'host'] as const
export type UnameChoice = (typeof unameChoices)[number]

/** What makes builds in a container find what they would find in Dom0. */
export interface BuildEnvironment extends ContainerDefaults {
  /** A tar to be unpacked over the root filesystem. */
  readonly layer: Uint8Array<ArrayBuffer>
}

/**
 * The build environment for a DDK's root filesystem: a `uname` before the root's own in PATH, variables that tell which DDK it is, and for a
 * 32-bit root the 32-bit personality. It adds files and changes none, and the same root gives the same bytes.
 * @param created the time of all that is new, in whole seconds since 1970
 * @param warn told what the root doesn't allow, in one sentence each
 * @throws DiskError for what a layer can't hold; it names the path
 */
export function buildEnvironment(root: FileTree, identity: Identity, created: number, warn: Warn): BuildEnvironment {
  const variables = ddkVariables(identity)
  const { kernelVersion = '', architecture = 'x86_64' } = identity
  const version = kernelVersion && kernelBuild(root, kernelVersion)
  const uname = { path: '/usr/local/bin/uname', mode: 0o755, text: unameScript({ release: kernelVersion, version, architecture }) }
  const profile = { path: '/etc/profile.d/xenserver-ddk.sh', mode: 0o644, text: profileScript(variables) }
  const files: Addition[] = [[uname, 'so none is added, and uname may answer for the machine that a container runs on']]
  if (variables.length > 0) files.push([profile, 'so login shells may lack the variables that tell which DDK it is'])
  return {
    layer: tarOf(place(root, files, created, warn)),
    env: variables.map(([name, value]) => `${name}=${value}`),
    entrypoint: architecture === 'i686' ? entrypoint32(root, warn) : [],
  }
}

type Addition = readonly [file: NewFile, ifItCannotBe: string]

/** All that goes into the layer: in the order of their paths, each once. */
function place(root: FileTree, files: readonly Addition[], mtime: number, warn: Warn): TreeEntry[] {
  const entries = new Map<string, TreeEntry>()
  for (const [file, ifItCannotBe] of files) {
    const placed = placeFile(root, file, mtime)
    if ('obstacle' in placed) warn(`${placed.obstacle}, ${ifItCannotBe}`)
    else for (const entry of placed.entries) entries.set(entry.path.toString('latin1'), entry)
  }
  return [...entries.values()].sort((a, b) => Buffer.compare(a.path, b.path))
}

/** In one piece. Whatever there is to say about the directories on the way is said when the root filesystem's own layer is made. */
function tarOf(entries: readonly TreeEntry[]): Uint8Array<ArrayBuffer> {
  const pieces = [...tarPieces(entries, { allocate: (size) => new Uint8Array(size), warn: () => {}, pieceSize: 64 << 10 })]
  return new Uint8Array(Buffer.concat(pieces))
}

function entrypoint32(root: FileTree, warn: Warn): readonly string[] {
  const command = personalityCommand(root)
  if (!command) {
    warn(
      'the root filesystem is 32-bit and has neither linux32 nor setarch, so programs that ask the kernel itself see an x86_64 machine; ' +
        'tell builds what they are for, as in "rpmbuild --target i686"',
    )
  }
  return command ?? []
}
