import { statSync } from 'node:fs'
import { DiskError, type DiskErrorKind, type Warn } from '../bytes/errors.ts'
import type { Appliance } from './appliance/ova.ts'
import { type Disk, openDisk } from './disk.ts'
import type { FileSystemInfo } from './filesystem/format.ts'
import { openFileSystem } from './filesystem/formats.ts'
import type { IsoDescription } from './filesystem/iso9660/index.ts'
import { identifyVolume } from './filesystem/signatures.ts'
import { type DiskInput, type InputOptions, notADdkIso, openInput } from './input.ts'
import type { Partition } from './partitions/index.ts'
import { type Identity, identify } from './root/identity.ts'
import { findRoot } from './root/index.ts'
import type { VhdInfo } from './vhd/index.ts'
import type { XvaDescription } from './xva/ova.ts'

/** The structure of an input, as far as it can be read. Sizes are in bytes. */
export interface Inspection {
  input: string
  kind?: DiskInput['kind']
  packedAs?: DiskInput['packedAs']
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
  /** Why the input can't be converted. */
  errors: string[]
  /** The kind of the first error. */
  errorKind?: DiskErrorKind
}

export interface InspectedVolume extends Omit<Partition, 'source'> {
  /** The content: a filesystem's type, or the name of something that can't be read. */
  holds: string
  fileSystem?: FileSystemInfo
  error?: string
}

/** Inspects all layers of an input. If one can't be read, `errors` says so, and the layers before it are still reported. */
export async function inspect(path: string, options: Omit<InputOptions, 'warn'>): Promise<Inspection> {
  const inspection: Inspection = { input: path, warnings: [], errors: [] }
  const warn = (sentence: string) => inspection.warnings.push(sentence)
  try {
    const input = await openInput(path, { ...options, warn })
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
  const { kind, packedAs, iso, appliance, chunks, xva, image } = input
  inspection.kind = kind
  if (packedAs.length > 0) inspection.packedAs = packedAs
  if (kind !== 'folder') inspection.size = statSync(path).size
  if (iso) inspection.iso = iso.iso
  if (appliance) inspection.appliance = appliance
  if (xva) inspection.xva = xva
  if (chunks)
    inspection.chunks = chunks.map(({ name, source, compression }) => ({ name, size: source.size, gzipped: compression === 'gzip' }))
  if (!image) throw notADdkIso(path)
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
    addError(
      inspection,
      new DiskError(volume.source.name, "it is the only filesystem, but it doesn't have the files of a root", 'not-a-ddk'),
    )
  }
}

function inspectVolume({ source, ...fields }: Partition): InspectedVolume {
  if (fields.extended) return { ...fields, holds: 'logical partitions' }
  try {
    // The same warnings come from the search for the root, so they are dropped here.
    const info = openFileSystem(source, () => {})?.info
    return info
      ? { ...fields, holds: info.type, fileSystem: info }
      : { ...fields, holds: identifyVolume(source)?.name ?? 'an unknown format' }
  } catch (error) {
    return { ...fields, holds: identifyVolume(source)?.name ?? "a filesystem that can't be read", error: (error as Error).message }
  }
}
