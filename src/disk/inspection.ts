import { statSync } from 'node:fs'
import { DiskError, type DiskErrorKind, type Warn } from '../bytes/errors.ts'
import type { Appliance } from './appliance/ova.ts'
import { type Disk, openDisk } from './disk.ts'
import type { FileSystemInfo } from './filesystem/format.ts'
import { openFileSystem } from './filesystem/formats.ts'
import type { IsoDescription } from './filesystem/iso9660/index.ts'
import { identifyVolume } from './filesystem/signatures.ts'
import { type DiskInput, type InputOptions, openInput } from './input.ts'
import type { Partition } from './partitions/index.ts'
import { type Identity, identify } from './root/identity.ts'
import { findRoot } from './root/index.ts'
import type { VhdInfo } from './vhd/index.ts'
import type { XvaDescription } from './xva/ova.ts'

/** Everything structural about an input, as far as it can be read; sizes are in bytes. */
export interface Inspection {
  input: string
  kind?: DiskInput['kind']
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
  /** Of the first of them. */
  errorKind?: DiskErrorKind
}

export interface InspectedVolume extends Omit<Partition, 'source'> {
  /** What is in it: a filesystem's type, or the name of something that can't be read. */
  holds: string
  fileSystem?: FileSystemInfo
  error?: string
}

/** Looks at all that is in an input. What can't be read is told in `errors`, after all that came before it. */
export function inspect(path: string, options: Omit<InputOptions, 'warn'>): Inspection {
  const inspection: Inspection = { input: path, warnings: [], errors: [] }
  const warn = (sentence: string) => inspection.warnings.push(sentence)
  try {
    const input = openInput(path, { ...options, warn })
    try {
      inspectInput(inspection, input, path, warn)
    } finally {
      input.close()
    }
  } catch (error) {
    addError(inspection, error)
  }
  return inspection
}

function addError(inspection: Inspection, error: unknown): void {
  if (inspection.errors.length === 0 && error instanceof DiskError) inspection.errorKind = error.kind
  inspection.errors.push((error as Error).message)
}

function inspectInput(inspection: Inspection, input: DiskInput, path: string, warn: Warn): void {
  const { kind, iso, appliance, chunks, xva, image } = input
  inspection.kind = kind
  if (kind !== 'folder') inspection.size = statSync(path).size
  if (iso) inspection.iso = iso.iso
  if (appliance) inspection.appliance = appliance
  if (xva) inspection.xva = xva
  if (chunks) inspection.chunks = chunks.map(({ name, source, gzipped }) => ({ name, size: source.size, gzipped }))
  if (!image) throw new DiskError(path, "there is neither an ova.xml nor an .xva in it, so it is no DDK's ISO", 'not-a-ddk')
  image.finish()
  const disk = openDisk(image, warn)
  inspection.image = { format: disk.format, size: image.bytes.size, ...(disk.vhd && { vhd: disk.vhd }) }
  inspectDisk(inspection, disk, input.bootLine, warn)
  disk.check()
}

function inspectDisk(inspection: Inspection, disk: Disk, bootLine: string | undefined, warn: Warn): void {
  const { scheme, sectorSize, partitions } = disk.table
  inspection.disk = { size: disk.bytes.size, scheme, sectorSize }
  inspection.volumes = partitions.map(inspectVolume)
  const { volume, fileSystem, looksLikeRoot } = findRoot(partitions, bootLine, warn)
  inspection.root = { place: volume.source.name, looksLikeRoot }
  inspection.identity = identify(fileSystem, warn)
  if (!looksLikeRoot) {
    addError(inspection, new DiskError(volume.source.name, 'it is the only filesystem, but has not the files of a root', 'not-a-ddk'))
  }
}

function inspectVolume({ source, ...fields }: Partition): InspectedVolume {
  if (fields.extended) return { ...fields, holds: 'logical partitions' }
  try {
    // Warnings come when the root is sought; here they would only come twice.
    const info = openFileSystem(source, () => {})?.info
    return info
      ? { ...fields, holds: info.type, fileSystem: info }
      : { ...fields, holds: identifyVolume(source)?.name ?? 'nothing that is known here' }
  } catch (error) {
    return { ...fields, holds: identifyVolume(source)?.name ?? "a filesystem that can't be read", error: (error as Error).message }
  }
}
