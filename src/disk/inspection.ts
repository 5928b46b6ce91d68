import { statSync } from 'node:fs'
import type { Warn } from '../bytes/errors.ts'
import type { Appliance } from './appliance/ova.ts'
import { type Disk, openDisk } from './disk.ts'
import type { FileSystemInfo } from './filesystem/format.ts'
import { identifyVolume, openFileSystem } from './filesystem/formats.ts'
import type { IsoDescription } from './filesystem/iso9660/index.ts'
import { type Container, type ContainerOptions, openContainer } from './input.ts'
import type { Partition } from './partitions/index.ts'
import { type Identity, identify } from './root/identity.ts'
import { findRoot } from './root/index.ts'
import type { VhdInfo } from './vhd/index.ts'
import type { XvaDescription } from './xva/ova.ts'

/** Everything structural about an input, as far as it can be read; sizes are in bytes. */
export interface Inspection {
  input: string
  kind?: Container['kind']
  size?: number
  iso?: IsoDescription
  appliance?: Appliance
  chunks?: { name: string; size: number; gzipped: boolean }[]
  xva?: XvaDescription
  image?: { format: string; size: number; vhd?: VhdInfo }
  disk?: { size: number; scheme: string; sectorSize: number }
  volumes?: InspectedVolume[]
  root?: { place: string; looksLikeRoot: boolean }
  identity?: Identity
  warnings: string[]
  /** What stands in the way of a conversion. */
  errors: string[]
}

export interface InspectedVolume extends Omit<Partition, 'source'> {
  /** What is in it: a filesystem's type, or the name of something that can't be read. */
  holds: string
  fileSystem?: FileSystemInfo
  error?: string
}

/** Looks at all that is in an input. What can't be read is told in `errors`, after all that came before it. */
export function inspect(path: string, options: Omit<ContainerOptions, 'warn'>): Inspection {
  const inspection: Inspection = { input: path, warnings: [], errors: [] }
  const warn = (sentence: string) => inspection.warnings.push(sentence)
  try {
    const container = openContainer(path, { ...options, warn })
    try {
      inspectContainer(inspection, container, path, warn)
    } finally {
      container.close()
    }
  } catch (error) {
    inspection.errors.push((error as Error).message)
  }
  return inspection
}

function inspectContainer(inspection: Inspection, container: Container, path: string, warn: Warn): void {
  const { kind, iso, appliance, chunks, xva, image } = container
  inspection.kind = kind
  if (kind !== 'folder') inspection.size = statSync(path).size
  if (iso) inspection.iso = iso.iso
  if (appliance) inspection.appliance = appliance
  if (xva) inspection.xva = xva
  if (chunks) inspection.chunks = chunks.map(({ name, source, gzipped }) => ({ name, size: source.size, gzipped }))
  if (!image) {
    inspection.errors.push(`${path}: there is neither an ova.xml nor an .xva in it, so it is no DDK's ISO`)
    return
  }
  image.finish()
  const disk = openDisk(image, warn)
  inspection.image = { format: disk.format, size: image.bytes.size, ...(disk.vhd && { vhd: disk.vhd }) }
  inspectDisk(inspection, disk, container.bootLine, warn)
  disk.check()
}

function inspectDisk(inspection: Inspection, disk: Disk, bootLine: string | undefined, warn: Warn): void {
  const { scheme, sectorSize, partitions } = disk.table
  inspection.disk = { size: disk.bytes.size, scheme, sectorSize }
  inspection.volumes = partitions.map(inspectVolume)
  const { volume, fileSystem, looksLikeRoot } = findRoot(partitions, bootLine, warn)
  inspection.root = { place: volume.source.name, looksLikeRoot }
  inspection.identity = identify(fileSystem, warn)
  if (!looksLikeRoot) inspection.errors.push(`${volume.source.name}: it is the only filesystem, but has not the files of a root`)
}

function inspectVolume({ source, ...fields }: Partition): InspectedVolume {
  if (fields.extended) return { ...fields, holds: 'logical partitions' }
  try {
    // Warnings come when the root is sought; here they would only come twice.
    const info = openFileSystem(source, () => {})?.info
    return info
      ? { ...fields, holds: info.type, fileSystem: info }
      : { ...fields, holds: identifyVolume(source) ?? 'nothing that is known here' }
  } catch (error) {
    return { ...fields, holds: identifyVolume(source) ?? "a filesystem that can't be read", error: (error as Error).message }
  }
}
