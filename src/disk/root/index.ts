import { DiskError, type Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import type { FileSystem } from '../filesystem/format.ts'
import { openFileSystem } from '../filesystem/formats.ts'
import { identifyVolume } from '../filesystem/signatures.ts'
import { resolve } from '../filesystem/tree.ts'
import { rootOnBootLine } from './boot-line.ts'

/** Something that may contain a filesystem: a partition, a logical volume, a whole disk. */
export interface Volume {
  /** Number of a partition, as in Linux. */
  readonly number: number
  readonly source: Source
  /** An extended partition, which contains nothing but logical partitions. */
  readonly extended?: boolean
}

export interface Root<V extends Volume = Volume> {
  readonly volume: V
  readonly fileSystem: FileSystem
  /** Whether it has the files of a Linux root. If not, it is merely the only filesystem. */
  readonly looksLikeRoot: boolean
}

/**
 * Finds the root filesystem by its content: a release file and /usr. `root=` on the boot line (`/dev/xvda1`, `LABEL=…`, `UUID=…`) only
 * decides between several.
 * @throws DiskError if nothing can be read, or if several qualify and the boot line names none of them; it lists what each volume contains
 */
export function findRoot<V extends Volume>(volumes: readonly V[], bootLine: string | undefined, warn: Warn): Root<V> {
  const hint = rootOnBootLine(bootLine ?? '')
  const holders = volumes.filter((volume) => !volume.extended)
  const readable: Root<V>[] = []
  const findings: string[] = []
  const errors: DiskError[] = []
  let isEncrypted = false
  // Start with the volume whose number the boot line names: if it qualifies, the others, which may not have arrived yet, aren't needed.
  for (const volume of holders.toSorted((a, b) => Number(isNumber(hint, b)) - Number(isNumber(hint, a)))) {
    try {
      const found = open(volume, warn)
      if (found?.looksLikeRoot && isNamed(hint, found)) return found
      if (found) readable.push(found)
      if (found) findings.push(describe(found))
      else {
        const content = identifyVolume(volume.source)
        isEncrypted ||= content?.isEncrypted === true
        findings.push(`${volume.source.name}: ${content ? `${content.name}, which can't be read` : 'an unknown format'}`)
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      errors.push(error)
      findings.push(error.message)
    }
  }
  const fitting = readable.filter((found) => found.looksLikeRoot)
  const only = fitting.length > 0 ? fitting : readable
  if (only.length === 1 && (fitting.length === 1 || errors.length === 0)) {
    for (const error of errors) warn(error.message)
    return only[0]!
  }
  if (readable.length === 0 && errors.length === 1 && holders.length === 1) throw errors[0]
  const kind = errors[0]?.kind ?? (isEncrypted ? 'encrypted' : 'not-a-ddk')
  throw new DiskError('no root filesystem was found', complaint(fitting.length, findings), kind)
}

function complaint(fitting: number, findings: readonly string[]): string {
  if (findings.length === 0) return 'the disk has no partitions'
  const list = findings.join('; ')
  return fitting > 1 ? `${fitting} filesystems could be the root, and the boot line names none of them (${list})` : list
}

function open<V extends Volume>(volume: V, warn: Warn): Root<V> | undefined {
  const fileSystem = openFileSystem(volume.source, warn)
  return fileSystem && { volume, fileSystem, looksLikeRoot: looksLikeRoot(fileSystem) }
}

function looksLikeRoot(tree: FileSystem): boolean {
  const hasRelease = ['/etc/redhat-release', '/etc/os-release'].some((path) => resolve(tree, path)?.type === 'file')
  return hasRelease && resolve(tree, '/usr')?.type === 'dir'
}

function describe({ volume, fileSystem, looksLikeRoot }: Root): string {
  const { type, label } = fileSystem.info
  return `${volume.source.name}: ${type}${label && ` "${label}"`}, ${looksLikeRoot ? 'with' : 'without'} the files of a root`
}

/** Whether `root=` names a disk device with this partition's number (or without a number, for a whole disk). */
function isNumber(hint: string | undefined, volume: Volume): boolean {
  const device = /^\/dev\/(?:(?:xvd|sd|hd|vd)[a-z]+|(?:nvme\d+n|mmcblk)\d+p?)(\d*)$/.exec(hint ?? '')
  return device !== null && Number(device[1]) === volume.number
}

function isNamed(hint: string | undefined, { volume, fileSystem }: Root): boolean {
  if (isNumber(hint, volume)) return true
  const [, key, value] = /^(LABEL|UUID)=["']?(.+?)["']?$/.exec(hint ?? '') ?? []
  if (key === 'LABEL') return fileSystem.info.label === value
  return key === 'UUID' && fileSystem.info.uuid.toLowerCase() === value?.toLowerCase()
}
