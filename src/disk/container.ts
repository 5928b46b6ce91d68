import { statSync } from 'node:fs'
import { type Chunk, findChunks } from './chunks.ts'
import { DiskError, fileError, type Warn } from './errors.ts'
import { openFolder } from './folder.ts'
import { type IsoFileSystem, openIso } from './iso9660/index.ts'
import { type Appliance, parseOva, rootDisk, type Vdi } from './ova.ts'
import { findOva, xmlText } from './ova-file.ts'
import { sniff } from './sniff.ts'
import { concat, openFile, type Source } from './source.ts'
import { spoolChunks } from './spool.ts'
import type { FileTree } from './tree.ts'

export interface ContainerOptions {
  /** An existing directory with room for the whole disk, if it has to be unpacked. */
  readonly tempDir: string
  readonly warn: Warn
}

/** What a disk comes in: a DDK's ISO, such an ISO unpacked into a folder, or a file that is the disk itself. */
export interface Container {
  readonly kind: 'iso' | 'folder' | 'file'
  readonly iso?: IsoFileSystem
  readonly appliance?: Appliance
  readonly chunks?: readonly Chunk[]
  /** Absent from an ISO without an appliance. */
  readonly image?: DiskImage
  close(): void
}

/** The file that a disk is in, in any format. */
export interface DiskImage {
  /** May still be growing: then its `size` waits for its end. */
  readonly bytes: Source
  /** What ova.xml says of the disk inside. */
  readonly vdi?: Vdi
  /** How many of `bytes` have been unpacked by now. */
  unpacked(): number
  /**
   * Waits until all of it is there and verified.
   * @throws DiskError that names the chunk that isn't sound
   */
  finish(): void
  close(): void
}

/**
 * Opens whatever lies at `path`.
 * @throws DiskError if it can't be opened, or is nothing that a disk can be in
 */
export function openContainer(path: string, options: ContainerOptions): Container {
  return isFolder(path) ? openDdkFolder(path, options) : openContainerFile(path, options)
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    throw fileError(path, error)
  }
}

function openDdkFolder(path: string, options: ContainerOptions): Container {
  const folder = openFolder(path)
  const appliance = openAppliance(folder, path, options)
  if (!appliance) throw new DiskError(path, 'there is no ova.xml in it; give a folder that a DDK ISO was unpacked into')
  return { kind: 'folder', ...appliance, close: closeBoth(appliance.image, folder) }
}

function openContainerFile(path: string, options: ContainerOptions): Container {
  const file = openFile(path)
  const { format, refusal } = sniff(file)
  if (refusal !== undefined) throw new DiskError(path, refusal)
  if (format !== 'iso9660') return { kind: 'file', image: whole(file), close: () => file.close() }
  const iso = openIso(file, options.warn)
  const appliance = openAppliance(iso, path, options)
  if (!appliance) return { kind: 'iso', iso, close: () => file.close() }
  return { kind: 'iso', iso, ...appliance, close: closeBoth(appliance.image, file) }
}

/** The root disk of the appliance that a tree's ova.xml describes; nothing if it has none. */
function openAppliance(
  tree: FileTree,
  name: string,
  options: ContainerOptions,
): Required<Pick<Container, 'appliance' | 'chunks' | 'image'>> | undefined {
  const ova = findOva(tree)
  if (!ova) return undefined
  const appliance = parseOva(xmlText(ova.node.content()), ova.path)
  const { vdi, vbd } = rootDisk(appliance, ova.path)
  const chunks = findChunks(tree, ova.path, vdi, vbd?.device)
  const image = chunks[0]!.gzipped ? spooled(chunks, vdi, `disk of ${name}`, options.tempDir) : joined(chunks, vdi, `disk of ${name}`)
  return { appliance, chunks, image }
}

function spooled(chunks: readonly Chunk[], vdi: Vdi, name: string, tempDir: string): DiskImage {
  const spool = spoolChunks(chunks, name, { dir: tempDir, limit: imageLimit(vdi) })
  return { bytes: spool, vdi, unpacked: spool.inflated, finish: spool.finish, close: spool.close }
}

function joined(chunks: readonly Chunk[], vdi: Vdi, name: string): DiskImage {
  const sources = chunks.map(({ source }) => source)
  return { ...whole(concat(sources, name)), vdi }
}

/** An image all of which is there. */
function whole(bytes: Source): DiskImage {
  return { bytes, unpacked: () => bytes.size, finish() {}, close() {} }
}

/** The most bytes that an image of the disk can have: a VHD adds a bitmap to every block, and tables. */
function imageLimit({ size }: Vdi): number {
  const largestVhd = 2 ** 41
  return size === undefined ? largestVhd : Math.ceil(size * 1.01) + (16 << 20)
}

function closeBoth(image: DiskImage, holder: { close(): void }): () => void {
  return () => {
    image.close()
    holder.close()
  }
}
