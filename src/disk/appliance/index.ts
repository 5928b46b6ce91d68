import { bytesText } from '../../bytes/bytes-text.ts'
import type { Warn } from '../../bytes/errors.ts'
import type { FileTree } from '../filesystem/tree.ts'
import type { DiskImage } from '../image.ts'
import { spoolFiles } from '../spool/index.ts'
import type { PackedFile } from '../spool/packed-file.ts'
import { findChunks } from './chunks.ts'
import { type Appliance, otherDisks, parseOva, rootDisk, type Vdi } from './ova.ts'
import { type OvaFile, xmlText } from './ova-file.ts'

/** An XVA version 1, spread over the files of a tree. */
export interface OpenAppliance {
  readonly appliance: Appliance
  readonly bootLine: string
  readonly chunks: readonly PackedFile[]
  /** The root disk. */
  readonly image: DiskImage & { close(): void }
  /** The other disks that are attached to the machine. Opening one starts to unpack it. */
  readonly others: readonly { readonly letter: string; open(): OpenAppliance['image'] }[]
}

export interface ApplianceOptions {
  readonly tempDir: string
  readonly warn: Warn
}

/**
 * Starts to unpack the root disk of the appliance that an ova.xml describes.
 * @param name of the tree, for messages
 * @param options.tempDir an existing directory with room for the whole disk
 * @throws DiskError if ova.xml or the chunks are invalid
 */
export function openAppliance(tree: FileTree, ova: OvaFile, name: string, { tempDir, warn }: ApplianceOptions): OpenAppliance {
  const appliance = parseOva(xmlText(ova.node.content()), ova.path)
  const { vdi, vbd } = rootDisk(appliance, ova.path, warn)
  const chunks = findChunks(tree, ova.path, vdi, vbd?.device)
  const { bootLine } = appliance
  const others = otherDisks(appliance, vdi).map(({ letter, vdi: other, vbd: attached }) => ({
    letter,
    open: () => unpack(findChunks(tree, ova.path, other, attached?.device), other, `disk ${letter} of ${name}`, tempDir),
  }))
  return { appliance, bootLine, chunks, image: unpack(chunks, vdi, `disk of ${name}`, tempDir), others }
}

function unpack(chunks: readonly PackedFile[], vdi: Vdi, name: string, tempDir: string): OpenAppliance['image'] {
  const limit = imageLimit(vdi)
  const tooLarge = `the chunks inflate to more than ${bytesText(limit)}, which is more than the disk can hold`
  const wayOut = 'the ISO is damaged or incomplete; download it again'
  const spool = spoolFiles(chunks, name, { dir: tempDir, limit, tooLarge, wayOut })
  return { bytes: spool, finish: spool.finish, close: spool.close, ...(vdi.size !== undefined && { diskSize: vdi.size }) }
}

/** The largest possible size of the disk's image: a VHD adds tables, and a bitmap to every block. */
function imageLimit({ size }: Vdi): number {
  const maxVhdSize = 2 ** 41
  return size === undefined ? maxVhdSize : Math.ceil(size * 1.01) + (16 << 20)
}
