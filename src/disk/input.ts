import { statSync } from 'node:fs'
import { type Arrival, openArrivingFile } from '../bytes/arriving-file.ts'
import { bytesText } from '../bytes/bytes-text.ts'
import { DiskError, fileError, type Warn } from '../bytes/errors.ts'
import { openFile, type Source } from '../bytes/source.ts'
import { openAppliance } from './appliance/index.ts'
import type { Appliance } from './appliance/ova.ts'
import { openFolder } from './filesystem/folder.ts'
import { type IsoFileSystem, openIso } from './filesystem/iso9660/index.ts'
import { type FileTree, walk } from './filesystem/tree.ts'
import { type Held, holder } from './held.ts'
import type { DiskImage, OtherDisk } from './image.ts'
import { otherIso } from './other-iso.ts'
import { asStored, type Candidate, findCandidates, onlyOne } from './search.ts'
import { type PackedFormat, sniff } from './sniff.ts'
import { spoolFiles } from './spool/index.ts'
import { type PackedFile, unpackedLimit } from './spool/packed-file.ts'
import { openXva, type XvaDisk } from './xva/index.ts'
import type { XvaDescription } from './xva/ova.ts'
import { openZip, type Zip } from './zip/index.ts'

export interface InputOptions {
  /** An existing directory, with room for the whole disk if it has to be unpacked, and for whatever the disk is packed in. */
  readonly tempDir: string
  /** Set if the input is a file that is still arriving. */
  readonly arrival?: Arrival | undefined
  readonly warn: Warn
}

/** The input that contains a disk: a DDK ISO, a folder with such an ISO's files, an .xva, or a file that is the disk itself. */
export interface DiskInput {
  readonly kind: 'iso' | 'folder' | 'zip' | 'xva' | 'file'
  /** What the input was unpacked from, outermost first. */
  readonly packedAs: readonly PackedFormat[]
  readonly iso?: IsoFileSystem
  /** XVA version 1: the contents of ova.xml, and the files of the disk. */
  readonly appliance?: Appliance
  readonly chunks?: readonly PackedFile[]
  /** XVA version 2. */
  readonly xva?: XvaDescription
  /** The kernel's command line, e.g. `root=/dev/xvda1 ro`. */
  readonly bootLine?: string
  /** Absent for an ISO without an appliance. */
  readonly image?: DiskImage
  /** The machine's other disks. */
  readonly otherDisks?: readonly OtherDisk[]
  close(): void
}

/** What is found in a file or a folder. */
type Found = Omit<DiskInput, 'packedAs' | 'image' | 'close'> & { readonly image?: Pick<DiskImage, 'bytes' | 'diskSize'> }

/** A zip that contains a compressed ISO that contains a compressed .xva is more than anybody makes. */
const maxPacking = 4

/**
 * Opens the input at `path`.
 * @throws DiskError if it can't be opened, or can't contain a disk
 */
export async function openInput(path: string, options: InputOptions): Promise<DiskInput> {
  const held = holder()
  const packedAs: PackedFormat[] = []
  try {
    const opening: Opening = { ...options, held, packedAs }
    const { image, ...found } = isFolder(path) ? await openDdkFolder(path, opening) : await openContents(openFileOf(path, opening), opening)
    return { ...found, packedAs, ...(image && { image: { ...image, finish: held.finish } }), close: held.close }
  } catch (error) {
    const cause = held.causeOf(error)
    held.close()
    throw cause
  }
}

/**
 * The error for an ISO without a DDK.
 * @param iso its files
 */
export function notADdkIso(path: string, iso: FileTree | undefined): DiskError {
  const what = iso && otherIso(iso)
  const looks = what === undefined ? '' : `; it looks like ${what}`
  const wayOut = "give the DDK's ISO, which is named like XenServer-6.5.0-DDK.iso"
  return new DiskError(path, `it is no DDK's ISO: neither an ova.xml nor an .xva is on it${looks}; ${wayOut}`, 'not-a-ddk')
}

interface Opening extends InputOptions {
  /** Everything that is open. */
  readonly held: Held
  readonly packedAs: PackedFormat[]
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    throw fileError(path, error)
  }
}

function openFileOf(path: string, { arrival, held }: Opening): Source {
  return held.add(arrival ? openArrivingFile(path, arrival) : openFile(path))
}

/** A DDK lies in the folder itself or, as on its ISO, in a folder in it. */
const folderDepth = 2

async function openDdkFolder(path: string, opening: Opening): Promise<Found> {
  const folder = opening.held.add(openFolder(path))
  const candidates = await findCandidates(folder, asStored, folderDepth)
  const ddk = onlyOne(candidates.filter(isOnIso), path)
  if (ddk) return { kind: 'folder', ...(await openCandidate(folder, ddk, path, opening)) }
  const others = candidates.map((candidate) => candidate.path).slice(0, 3)
  const wayOut = others.length > 0 ? `give the file itself, e.g. ${others.join(' or ')}` : 'give a folder that a DDK ISO was unpacked into'
  throw new DiskError(path, `there is no ova.xml and no .xva in it, or in the folders in it; ${wayOut}`, 'not-a-ddk')
}

function isOnIso({ holds }: Candidate): boolean {
  return holds === 'ova.xml' || holds === 'xva'
}

async function openContents(source: Source, opening: Opening): Promise<Found> {
  const { format, description, refusal } = sniff(source)
  if (refusal !== undefined) throw new DiskError(source.name, refusal.why, refusal.kind)
  switch (format) {
    case 'tar':
      return { kind: 'xva', ...(await openDiskOfXva(source, opening)) }
    case 'iso9660':
      return openDdkIso(source, opening)
    case 'gzip':
    case 'zstd':
      return openContents(unpack(source, format, opening), opening)
    case 'zip':
      addPacking(source, format, opening)
      return openDdkZip(opening.held.add(await openZip(source, opening.tempDir)), source.name, opening)
    case 'vhd':
    case 'disk':
      return { kind: 'file', image: { bytes: source } }
    default:
      throw new DiskError(source.name, `it is ${description}`, 'unsupported')
  }
}

async function openDdkIso(source: Source, opening: Opening): Promise<Found> {
  const iso = openIso(source, opening.warn)
  const candidates = await findCandidates(iso, asStored)
  const ddk = onlyOne(candidates.filter(isOnIso), source.name)
  return { kind: 'iso', iso, ...(ddk && (await openCandidate(iso, ddk, source.name, opening))) }
}

async function openDdkZip(zip: Zip, name: string, opening: Opening): Promise<Found> {
  const candidates = await findCandidates(zip, zip.packed)
  // Next to an ISO, what looks like a disk may be anything, e.g. the image of a boot floppy.
  const ddk = onlyOne(
    candidates.filter(({ holds }) => holds !== 'disk'),
    name,
  )
  const found = ddk ?? onlyOne(candidates, name)
  if (!found) {
    verifyLargest(zip)
    throw new DiskError(name, 'the zip contains no DDK: no ISO, no .xva, no ova.xml and no disk', 'not-a-ddk')
  }
  if (found.holds !== 'ova.xml') return openContents(found.node.content(), opening)
  return { kind: 'zip', ...(await openCandidate(zip, found, name, opening)) }
}

/** What is damaged at its start can't be recognized: the error should name it then. */
function verifyLargest(zip: Zip): void {
  const files = [...walk(zip, () => {})].filter(({ node }) => node.type === 'file')
  files.sort((a, b) => b.node.size - a.node.size)[0]?.node.content()
  zip.finish()
}

/** Opens the disk in a tree of files: chunks beside an ova.xml, or an .xva. */
async function openCandidate(
  tree: FileTree,
  { path, node, holds }: Candidate,
  name: string,
  opening: Opening,
): Promise<Omit<Found, 'kind'>> {
  if (holds === 'ova.xml') {
    const { image, others, ...appliance } = openAppliance(tree, { path, node }, name, opening)
    const otherDisks = others.map(({ letter, open }) => ({ letter, open: () => opening.held.add(open()) }))
    return { ...appliance, image: opening.held.add(image), otherDisks }
  }
  const content = node.content()
  const { format } = sniff(content)
  return openDiskOfXva(format === 'gzip' || format === 'zstd' ? unpack(content, format, opening) : content, opening)
}

async function openDiskOfXva(source: Source, { warn, held }: Opening): Promise<Omit<Found, 'kind'>> {
  const { description, disk, others } = await openXva(source, warn)
  const use = (opened: XvaDisk): DiskImage => {
    held.add({ finish: opened.finish, close() {} })
    return { bytes: opened, diskSize: opened.size, finish: opened.finish }
  }
  const otherDisks = others.map(({ letter, open }) => ({ letter, open: () => use(open()) }))
  return { xva: description, bootLine: description.bootLine, image: use(disk), otherDisks }
}

/** Unpacks a compressed file in the background. */
function unpack(source: Source, compression: 'gzip' | 'zstd', opening: Opening): Source {
  addPacking(source, compression, opening)
  const file: PackedFile = { name: source.name, source, compression }
  const tooLarge = `it unpacks to more than ${bytesText(unpackedLimit)}`
  const wayOut = 'the file is damaged or incomplete; download it again'
  return opening.held.add(spoolFiles([file], `${source.name} (unpacked)`, { dir: opening.tempDir, limit: unpackedLimit, tooLarge, wayOut }))
}

function addPacking(source: Source, format: PackedFormat, { packedAs }: Opening): void {
  packedAs.push(format)
  if (packedAs.length > maxPacking)
    throw new DiskError(source.name, `it is packed more than ${maxPacking} times: ${packedAs.join(', ')}`, 'unsupported')
}
