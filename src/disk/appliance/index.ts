import type { FileTree } from '../filesystem/tree.ts'
import type { DiskImage } from '../image.ts'
import type { Chunk } from '../spool/chunk.ts'
import { spoolChunks } from '../spool/index.ts'
import { findChunks } from './chunks.ts'
import { type Appliance, parseOva, rootDisk, type Vdi } from './ova.ts'
import { findOva, xmlText } from './ova-file.ts'

/** An XVA version 1, spread over the files of a tree. */
export interface OpenAppliance {
  readonly appliance: Appliance
  readonly bootLine: string
  readonly chunks: readonly Chunk[]
  /** The root disk. */
  readonly image: DiskImage
}

/**
 * Starts to unpack the root disk of the appliance that a tree's ova.xml describes. Returns undefined if there is no ova.xml.
 * @param name of the tree, for messages
 * @param tempDir an existing directory with room for the whole disk
 * @throws DiskError if ova.xml or the chunks are invalid
 */
export function openAppliance(tree: FileTree, name: string, tempDir: string): OpenAppliance | undefined {
  const ova = findOva(tree)
  if (!ova) return undefined
  const appliance = parseOva(xmlText(ova.node.content()), ova.path)
  const { vdi, vbd } = rootDisk(appliance, ova.path)
  const chunks = findChunks(tree, ova.path, vdi, vbd?.device)
  const { bootLine } = appliance
  return { appliance, bootLine, chunks, image: unpack(chunks, vdi, `disk of ${name}`, tempDir) }
}

function unpack(chunks: readonly Chunk[], vdi: Vdi, name: string, tempDir: string): DiskImage {
  const spool = spoolChunks(chunks, name, { dir: tempDir, limit: imageLimit(vdi) })
  return { bytes: spool, finish: spool.finish, close: spool.close, ...(vdi.size !== undefined && { diskSize: vdi.size }) }
}

/** The largest possible size of the disk's image: a VHD adds tables, and a bitmap to every block. */
function imageLimit({ size }: Vdi): number {
  const maxVhdSize = 2 ** 41
  return size === undefined ? maxVhdSize : Math.ceil(size * 1.01) + (16 << 20)
}
