import { DiskError } from '../../bytes/errors.ts'
import { bytesAt } from '../../bytes/source.ts'
import { pathText } from '../../bytes/text.ts'
import type { FileSystem } from '../filesystem/format.ts'
import { mountableTree } from '../filesystem/mountable-tree.ts'
import { type FileTree, resolve } from '../filesystem/tree.ts'
import { type Device, isFileSystem, isVolume, parseDevice } from './device.ts'
import { type DamagedLine, type FstabLine, parseFstab, planFor } from './fstab.ts'
import type { Opener, OpenVolume, Volume, Volumes } from './volume.ts'

/** A root filesystem with everything that its /etc/fstab mounts into the system's own directories. */
export interface MountedRoot {
  readonly tree: FileTree
  readonly mounts: readonly Mount[]
  /** What the image lacks, or may lack: a sentence for each line that couldn't be followed. */
  readonly problems: readonly MountProblem[]
  /** Lines that are left out on purpose. */
  readonly leftOut: readonly { readonly line: FstabLine; readonly why: string }[]
}

export interface Mount {
  readonly line: FstabLine
  readonly opened: OpenVolume
  readonly fileSystem: FileSystem
}

export interface MountProblem {
  /** Of the fstab; 0 for the whole of it. */
  readonly line: number
  /** The mount point, or empty if it is unknown. */
  readonly path: string
  readonly sentence: string
}

const fstab = '/etc/fstab'
const maxBytes = 64 << 10

/**
 * Mounts what a root's fstab mounts at boot. The outer filesystems come first, whatever the order of the lines. What can't be followed is a
 * problem, never an error.
 */
export function mountAll(root: OpenVolume, volumes: Volumes, open: Opener): MountedRoot {
  const base = root.fileSystem!
  const problems: MountProblem[] = []
  const leftOut: { line: FstabLine; why: string }[] = []
  const mounts: Mount[] = []
  const text = readFstab(base, root.volume.place, problems)
  if (text === undefined) return { tree: base, mounts, problems, leftOut }
  const { lines, damaged } = parseFstab(text)
  const plans = lines.map((line) => ({ line, plan: planFor(line) }))
  const rootDevice = plans.find(({ plan }) => plan.kind === 'root')?.line.spec
  const find = deviceFinder(root, rootDevice, volumes, open)
  const tree = mountableTree(base)
  for (const line of damaged) problems.push(ignored(line, line.why))
  for (const { line, plan } of plans) {
    if (plan.kind !== 'leave-out') continue
    leftOut.push({ line, why: plan.why })
    if (plan.isSystem) problems.push(lacking(line, plan.why))
  }
  const wanted = plans.filter(({ plan }) => plan.kind === 'mount').map(({ line }) => line)
  for (const line of wanted.toSorted((a, b) => depth(a.path) - depth(b.path))) {
    const mount = mountLine(line, tree, mounts, find)
    if (typeof mount === 'string') problems.push(lacking(line, mount))
    else mounts.push(mount)
  }
  problems.sort((a, b) => a.line - b.line)
  return { tree: mounts.length === 0 ? base : tree, mounts, problems, leftOut }
}

/** One character per byte. */
function readFstab(root: FileTree, place: string, problems: MountProblem[]): string | undefined {
  const problem = (what: string) => problems.push({ line: 0, path: '', sentence: `${place}: ${fstab} ${what}` })
  try {
    const node = resolve(root, fstab)
    if (node?.type !== 'file') return undefined
    const content = node.content()
    if (content.size > maxBytes) problem(`has ${content.size} bytes; only the first ${maxBytes} are used`)
    return bytesAt(content, 0, Math.min(content.size, maxBytes)).toString('latin1')
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    problem(`can't be read, so nothing is mounted that it may name: ${error.message}`)
    return undefined
  }
}

function depth(path: string): number {
  return path.split('/').length
}

/** Returns the mount, or why there is none. */
function mountLine(
  line: FstabLine,
  tree: ReturnType<typeof mountableTree>,
  mounts: readonly Mount[],
  find: (spec: string) => OpenVolume | string,
): Mount | string {
  const before = mounts.find((other) => other.line.path === line.path)
  if (before) return `line ${before.line.number} has the same mount point`
  const found = find(line.spec)
  if (typeof found === 'string') return found
  const { fileSystem, volume, error, content } = found
  if (!fileSystem) return error?.message ?? `${volume.place} contains ${content}, which can't be read`
  try {
    const dir = resolve(tree, line.path)
    if (dir?.type !== 'dir') return `there is no directory ${pathText(Buffer.from(line.path, 'latin1'))}`
    tree.mount(dir, fileSystem)
    return { line, opened: found, fileSystem }
  } catch (error) {
    if (error instanceof DiskError) return error.message
    throw error
  }
}

/** @param rootDevice what the fstab's line for / names */
function deviceFinder(
  root: OpenVolume,
  rootDevice: string | undefined,
  volumes: Volumes,
  open: Opener,
): (spec: string) => OpenVolume | string {
  const known = rootDevice === undefined ? undefined : parseDevice(rootDevice)
  const rootDisk = known?.kind === 'partition' ? known.disk : undefined
  return (spec) => {
    const device = parseDevice(spec)
    if (device.kind === 'unknown') return "its first field isn't the name of a disk's volume"
    const [found, looked] = findOnDisks(device, rootDisk, volumes, open)
    const [only, ...others] = found
    if (!only) return nothingFound(device, rootDisk, looked, open)
    if (others.length > 0) return `${found.length} volumes have this name: ${found.map(({ volume }) => volume.place).join(' and ')}`
    if (only.volume.place === root.volume.place) return 'it names the root filesystem itself'
    return only
  }
}

/** Looks at the machine's other disks only if the root's disk doesn't have it. Returns what is found, and where it was looked for. */
function findOnDisks(device: Device, rootDisk: string | undefined, own: Volumes, open: Opener): [OpenVolume[], Volumes] {
  const found = findVolumes(device, rootDisk, own, open)
  if (found.length > 0 || !own.withOtherDisks) return [found, own]
  const all = own.withOtherDisks()
  return [findVolumes(device, rootDisk, all, open), all]
}

function findVolumes(device: Device, rootDisk: string | undefined, volumes: Volumes, open: Opener): OpenVolume[] {
  const named = (candidates: readonly Volume[]) => candidates.filter((volume) => isVolume(device, volume)).map(open)
  switch (device.kind) {
    case 'partition':
      return named(volumes.partitions.filter(({ disk }) => disk === (isOnRootDisk(device, rootDisk) ? undefined : device.disk)))
    case 'partuuid':
    case 'partlabel':
      return named(volumes.partitions)
    case 'logical':
      return named(volumes.logicalVolumes())
    default:
      return everything(volumes)
        .map(open)
        .filter(({ fileSystem }) => fileSystem && isFileSystem(device, fileSystem.info))
  }
}

/** Without a device name in the fstab's line for /, the root's disk can only be the first. */
function isOnRootDisk({ disk }: { readonly disk: string }, rootDisk: string | undefined): boolean {
  return rootDisk === undefined ? disk === 'a' || disk === '0' : disk === rootDisk
}

function everything(volumes: Volumes): Volume[] {
  return [...volumes.partitions.filter((volume) => !volumes.isContainer(volume)), ...volumes.logicalVolumes()]
}

function nothingFound(device: Device, rootDisk: string | undefined, volumes: Volumes, open: Opener): string {
  if (device.kind === 'partition' && !isOnRootDisk(device, rootDisk) && !volumes.partitions.some(({ disk }) => disk === device.disk)) {
    return `it names another disk than that of the root${volumes
      .problems()
      .map(({ message }) => `; ${message}`)
      .join('')}`
  }
  if (device.kind !== 'uuid' && device.kind !== 'label') {
    const problems = device.kind === 'logical' ? volumes.problems().map(({ message }) => `; ${message}`) : []
    return `the disk has no such volume${problems.join('')}`
  }
  const others = everything(volumes)
    .map(open)
    .flatMap(({ volume, fileSystem, error, content }) => (fileSystem ? [] : [error?.message ?? `${volume.place} contains ${content}`]))
  const rest = [...others, ...volumes.problems().map(({ message }) => message)]
  const what = device.kind === 'uuid' ? 'UUID' : 'label'
  return `no filesystem that can be read has this ${what}${rest.length > 0 ? ` (${rest.join('; ')})` : ''}`
}

function lacking(line: FstabLine, why: string): MountProblem {
  const path = pathText(Buffer.from(line.path, 'latin1'))
  return {
    line: line.number,
    path: line.path,
    sentence: `${nameOf(line)}: what it mounts at ${path} is missing from the image, because ${why}`,
  }
}

function ignored(line: DamagedLine, why: string): MountProblem {
  return { line: line.number, path: '', sentence: `${nameOf(line)}: it is ignored, because ${why}` }
}

/** E.g. `/etc/fstab, line 3 (UUID=… /usr ext4 defaults 1 2)`. */
function nameOf({ number, text }: Pick<FstabLine, 'number' | 'text'>): string {
  const whole = pathText(Buffer.from(text, 'latin1')).replace(/[ \t]+/g, ' ')
  return `${fstab}, line ${number} (${whole.length > 200 ? `${whole.slice(0, 200)}…` : whole})`
}
