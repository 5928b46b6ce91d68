import { statSync } from 'node:fs'
import { DiskError, fileError, type Warn } from '../bytes/errors.ts'
import { openFile, type Source } from '../bytes/source.ts'
import { pathText } from '../bytes/text.ts'
import { openAppliance } from './appliance/index.ts'
import type { Appliance } from './appliance/ova.ts'
import { openFolder } from './filesystem/folder.ts'
import { type IsoFileSystem, openIso } from './filesystem/iso9660/index.ts'
import { type FileTree, walk } from './filesystem/tree.ts'
import type { DiskImage } from './image.ts'
import { sniff } from './sniff.ts'
import type { Chunk } from './spool/chunk.ts'
import { isXva, openXva } from './xva/index.ts'
import type { XvaDescription } from './xva/ova.ts'

export interface InputOptions {
  /** An existing directory, with room for the whole disk if it has to be unpacked. */
  readonly tempDir: string
  readonly warn: Warn
}

/** The input that contains a disk: a DDK ISO, a folder with such an ISO's files, an .xva, or a file that is the disk itself. */
export interface DiskInput {
  readonly kind: 'iso' | 'folder' | 'xva' | 'file'
  readonly iso?: IsoFileSystem
  /** XVA version 1: the contents of ova.xml, and the files of the disk. */
  readonly appliance?: Appliance
  readonly chunks?: readonly Chunk[]
  /** XVA version 2. */
  readonly xva?: XvaDescription
  /** The kernel's command line, e.g. `root=/dev/xvda1 ro`. */
  readonly bootLine?: string
  /** Absent for an ISO without an appliance. */
  readonly image?: DiskImage
  close(): void
}

/**
 * Opens the input at `path`.
 * @throws DiskError if it can't be opened, or can't contain a disk
 */
export function openInput(path: string, options: InputOptions): DiskInput {
  return isFolder(path) ? openDdkFolder(path, options) : openInputFile(path, options)
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    throw fileError(path, error)
  }
}

function openDdkFolder(path: string, options: InputOptions): DiskInput {
  const folder = openFolder(path)
  const parts = partsOfTree(folder, path, options)
  if (!parts) throw new DiskError(path, 'there is no ova.xml in it; give a folder that a DDK ISO was unpacked into', 'not-a-ddk')
  return { kind: 'folder', ...parts, close: closeBoth(parts.image, folder) }
}

function openInputFile(path: string, options: InputOptions): DiskInput {
  const file = openFile(path)
  try {
    const { format, refusal } = sniff(file)
    if (refusal !== undefined) throw new DiskError(path, refusal.why, refusal.kind)
    if (format === 'tar') return { kind: 'xva', ...partsOfXva(file, options.warn), close: file.close }
    if (format !== 'iso9660') return { kind: 'file', image: { bytes: file, finish() {}, close() {} }, close: file.close }
    const iso = openIso(file, options.warn)
    const parts = partsOfTree(iso, path, options)
    return { kind: 'iso', iso, ...parts, close: parts ? closeBoth(parts.image, file) : file.close }
  } catch (error) {
    file.close()
    throw error
  }
}

type Parts = Pick<DiskInput, 'appliance' | 'chunks' | 'xva' | 'bootLine'> & Required<Pick<DiskInput, 'image'>>

/** Opens the disk in a tree of files: chunks beside an ova.xml, or an .xva. Returns undefined if there is neither. */
function partsOfTree(tree: FileTree, name: string, { tempDir, warn }: InputOptions): Parts | undefined {
  return openAppliance(tree, name, tempDir) ?? openXvaInTree(tree, warn)
}

function openXvaInTree(tree: FileTree, warn: Warn): Parts | undefined {
  for (const { path, node } of walk(tree, () => {})) {
    if (node.type === 'file' && /\.xva$/i.test(pathText(path)) && isXva(node.content())) return partsOfXva(node.content(), warn)
  }
  return undefined
}

/** Takes the disk that the machine boots from: the bootable one, else the first. */
function partsOfXva(source: Source, warn: Warn): Parts {
  const { description, disks } = openXva(source, warn)
  const disk = disks.find(({ bootable }) => bootable) ?? disks[0]!
  const image = { bytes: disk.source(), diskSize: disk.virtualSize, finish() {}, close() {} }
  return { xva: description, bootLine: description.bootLine, image }
}

function closeBoth(image: DiskImage, holder: { close(): void }): () => void {
  return () => {
    image.close()
    holder.close()
  }
}
