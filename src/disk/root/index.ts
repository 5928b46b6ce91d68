import { DiskError, type Warn } from '../../bytes/errors.ts'
import type { FileSystem } from '../filesystem/format.ts'
import { resolve } from '../filesystem/tree.ts'
import { rootOnBootLine } from './boot-line.ts'
import { type Device, isFileSystem, isVolume, parseDevice } from './device.ts'
import { type MountedRoot, mountAll } from './mounts.ts'
import { type Opener, type OpenVolume, type Volume, type Volumes, volumeOpener } from './volume.ts'

export type { Volume, Volumes } from './volume.ts'

export interface Root extends Omit<MountedRoot, 'problems'> {
  readonly volume: Volume
  /** The root's own. `tree` is the whole, with what is mounted in it. */
  readonly fileSystem: FileSystem
  /** Why it isn't the root of a DDK, as a part of a sentence; absent if it is. Then it is merely the only filesystem. */
  readonly lacks?: string
  /** Other volumes that may contain a root, but can't be read, and what they contain. Only known if all had to be looked at. */
  readonly unreadable?: readonly string[]
  /** Warns if another filesystem looks like a root as well. It looks at all volumes, and may have to wait for them. */
  check(): void
}

/**
 * Finds the root filesystem by its content: a release file and a /usr with files, in the filesystem itself or in those that its /etc/fstab
 * mounts. `root=` on the boot line (`/dev/xvda1`, `LABEL=…`, `/dev/mapper/group-volume`) only decides between several.
 * @throws DiskError if nothing can be read, or if several qualify and the boot line names none of them; it lists what each volume contains
 */
export function findRoot(volumes: Volumes, bootLine: string | undefined, warn: Warn): Root {
  const name = rootOnBootLine(bootLine ?? '')
  const hint: Device = name === undefined ? { kind: 'unknown' } : parseDevice(Buffer.from(name).toString('latin1'))
  const open = volumeOpener()
  const readable: Candidate[] = []
  const others: OpenVolume[] = []
  // Start with the volume that the boot line names: if it qualifies, the others, which may not have arrived yet, aren't needed.
  const first = namedVolume(volumes, hint)
  for (const volume of inOrder(volumes, first)) {
    const found = look(volume, volumes, open)
    if (!('mounted' in found)) others.push(found)
    else if (found.lacks === undefined && volume === first) return use(found, volumes, open, warn)
    else readable.push(found)
  }
  const problems = [...others.flatMap(({ error }) => error ?? []), ...volumes.problems()]
  const fitting = readable.filter(({ lacks }) => lacks === undefined)
  // A name may occur several times, because disks are copied.
  const named = fitting.filter(({ opened, fileSystem }) => isVolume(hint, opened.volume) || isFileSystem(hint, fileSystem.info))
  const [only, ...more] = named.length > 0 ? named : fitting.length > 0 ? fitting : readable
  if (only && more.length === 0 && (only.lacks === undefined || problems.length === 0)) {
    warnOfOthers(others, only, hint, warn)
    return { ...use(only, volumes, open, warn), unreadable: others.filter(mayBeRoot).map(describeOther) }
  }
  if (readable.length === 0 && problems.length === 1 && others.length + volumes.problems().length === 1) throw problems[0]
  const kind = problems[0]?.kind ?? (others.some(({ isEncrypted }) => isEncrypted) ? 'encrypted' : 'not-a-ddk')
  const findings = [...readable.map(describe), ...others.map(describeOther), ...volumes.problems().map(({ message }) => message)]
  throw new DiskError('no root filesystem was found', complaint(fitting.length, named.length, findings), kind)
}

/** Warns about filesystems that can't be read, unless the fstab's lines do so already. */
function warnOfOthers(others: readonly OpenVolume[], { mounted }: Candidate, hint: Device, warn: Warn): void {
  for (const { volume, error } of others) {
    if (!error || mounted.problems.some(({ sentence }) => sentence.includes(error.message))) continue
    // A logical volume of an unsupported type is no damage, and matters only if the boot line names it.
    if (!volume.logical || isVolume(hint, volume)) warn(error.message)
  }
}

/** The error for a filesystem that isn't the root of a DDK. The root may be on a volume that can't be read. */
export function notARoot(place: string, lacks: string, unreadable: readonly string[]): DiskError {
  const others = unreadable.length > 0 ? `; it may be elsewhere: ${unreadable.join('; ')}` : ''
  return new DiskError(
    place,
    `it isn't the root filesystem of a DDK: ${lacks}${others}`,
    unreadable.length > 0 ? 'unsupported' : 'not-a-ddk',
  )
}

interface Candidate {
  readonly opened: OpenVolume
  readonly fileSystem: FileSystem
  readonly mounted: MountedRoot
  readonly lacks: string | undefined
}

/** The volume that a device names, as far as that is known without its content; undefined if there are none or several. */
function namedVolume(volumes: Volumes, device: Device): Volume | undefined {
  const candidates = device.kind === 'logical' ? volumes.logicalVolumes() : volumes.partitions
  const [only, ...more] = candidates.filter((volume) => isVolume(device, volume))
  return only && more.length === 0 && !volumes.isContainer(only) ? only : undefined
}

/** Partitions come before logical volumes, unless one of these is to be the first. */
function* inOrder(volumes: Volumes, first: Volume | undefined): Generator<Volume> {
  if (first) yield first
  for (const volume of volumes.partitions) if (volume !== first && !volumes.isContainer(volume)) yield volume
  for (const volume of volumes.logicalVolumes()) if (volume !== first) yield volume
}

/** Returns the volume itself if its filesystem can't be read, or is too damaged to see whether it is a root. */
function look(volume: Volume, volumes: Volumes, open: Opener): Candidate | OpenVolume {
  const opened = open(volume)
  const { fileSystem } = opened
  if (!fileSystem) return opened
  try {
    const mounted = mountAll(opened, volumes, open)
    return { opened, fileSystem, mounted, lacks: whatLacks(mounted) }
  } catch (error) {
    if (error instanceof DiskError) return { volume, error, use: opened.use }
    throw error
  }
}

/** Returns why a tree isn't the root of a DDK; undefined if it is. */
function whatLacks({ tree, problems }: MountedRoot): string | undefined {
  if (!['/etc/redhat-release', '/etc/os-release'].some((path) => resolve(tree, path)?.type === 'file')) {
    return 'it has neither /etc/redhat-release nor /etc/os-release'
  }
  const usr = resolve(tree, '/usr')
  if (usr?.type !== 'dir') return 'it has no directory /usr'
  for (const { name } of tree.entries(usr)) if (name.toString('latin1') !== 'lost+found') return undefined
  const problem = problems.find(({ path }) => path === '/usr')
  return `its /usr is empty${problem ? `; ${problem.sentence}` : ''}`
}

function use({ opened, fileSystem, mounted, lacks }: Candidate, volumes: Volumes, open: Opener, warn: Warn): Root {
  const { tree, mounts, problems, leftOut } = mounted
  for (const used of [opened, ...mounts.map((mount) => mount.opened)]) used.use(warn)
  for (const { sentence } of problems) warn(sentence)
  return {
    volume: opened.volume,
    fileSystem,
    tree,
    mounts,
    leftOut,
    ...(lacks !== undefined && { lacks }),
    check() {
      if (lacks !== undefined) return
      for (const other of otherRoots(opened.volume, volumes, open)) {
        warn(`${other.place} has the files of a root as well; ${opened.volume.place} is used, because the boot line names it`)
      }
    },
  }
}

function* otherRoots(root: Volume, volumes: Volumes, open: Opener): Generator<Volume> {
  for (const volume of inOrder(volumes, undefined)) {
    if (volume.place === root.place) continue
    const found = look(volume, volumes, open)
    if ('mounted' in found && found.lacks === undefined) yield volume
  }
}

function complaint(fitting: number, named: number, findings: readonly string[]): string {
  if (findings.length === 0) return 'the disk has no partitions'
  const list = findings.join('; ')
  if (fitting < 2) return list
  return `${fitting} filesystems could be the root, and the boot line names ${named > 1 ? 'several' : 'none'} of them (${list})`
}

function describe({ opened, fileSystem, lacks }: Candidate): string {
  const { type, label } = fileSystem.info
  const verdict = lacks === undefined ? 'with the files of a root' : `without the files of a root: ${lacks}`
  return `${opened.volume.place}: ${type}${label && ` "${label}"`}, ${verdict}`
}

function describeOther({ volume, error, content }: OpenVolume): string {
  if (error) return error.message
  return `${volume.place}: ${content === 'an unknown format' ? content : `${content}, which can't be read`}`
}

/** Whether it contains something else than swap or an unknown format. */
function mayBeRoot({ content }: OpenVolume): boolean {
  return content !== undefined && content !== 'an unknown format' && !/swap|journal/.test(content)
}
