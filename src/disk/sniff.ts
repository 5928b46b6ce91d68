import type { DiskErrorKind } from '../bytes/errors.ts'
import { hasText, peek } from '../bytes/peek.ts'
import type { Source } from '../bytes/source.ts'
import { hasTarChecksum } from '../bytes/tar-header.ts'
import { fileSystemFormats } from './filesystem/formats.ts'
import { identifyVolume } from './filesystem/signatures.ts'
import { hasLabel } from './lvm/index.ts'
import { gptSectorSizes, hasGptSignature } from './partitions/gpt-header.ts'
import { parseMbr } from './partitions/mbr.ts'
import { endFooter } from './vhd/footer.ts'

/** The format of a file. */
export interface Sniffed {
  /** `disk` is a raw disk, or a filesystem without a partition table. */
  readonly format: 'iso9660' | 'tar' | 'vhd' | 'disk' | PackedFormat | RefusedFormat
  /** E.g. `a gzip file`. */
  readonly description: string
  /** Why it can't be used as it is, and what to do; absent if it can be used. */
  readonly refusal?: { readonly why: string; readonly kind: DiskErrorKind }
}

/** A file that contains another one, which can be read after unpacking. */
export type PackedFormat = 'gzip' | 'zstd' | 'zip'

export type RefusedFormat =
  | 'empty'
  | 'xz'
  | 'bzip2'
  | 'lzip'
  | 'lz4'
  | 'compress'
  | '7z'
  | 'rar'
  | 'cab'
  | 'vhdx'
  | 'vmdk'
  | 'qcow2'
  | 'vdi'
  | 'udf'
  | 'html'
  | 'xml'
  | 'text'
  | 'unknown'

/** Recognizes a file by its content, never by its name. The end is looked at only if the start has no signature. */
export function sniff(source: Source): Sniffed {
  const start = peek(source, 0, 512) ?? peek(source, 0, Math.min(source.size, 512))!
  if (start.length === 0) return refuse('empty', 'an empty file', 'download it again')
  const sniffed = bySignature(source) ?? byStructure(source, start) ?? byText(start) ?? byEnd(source) ?? unknown(start)
  return withFileName(sniffed, source.name)
}

interface Magic {
  readonly at: number
  /** One character per byte. */
  readonly text: string
  readonly sniffed: Sniffed
}

/** FILE stands for the name of the file. */
const unpack = (command: string) => `unpack it first: ${command} FILE`
const convert = 'convert it first, e.g. with qemu-img convert -O raw'

const magics: readonly Magic[] = [
  { at: 0, text: 'conectix', sniffed: { format: 'vhd', description: 'a dynamic VHD' } },
  // Must come before the signatures at byte 0: a hybrid ISO may begin with a boot sector, or with the first bytes of any file.
  { at: 32769, text: 'CD001', sniffed: { format: 'iso9660', description: 'an ISO 9660 image' } },
  { at: 32769, text: 'BEA01', sniffed: refuse('udf', 'a UDF image', 'an ISO 9660 image is expected') },
  { at: 0, text: '\x1f\x8b\x08', sniffed: { format: 'gzip', description: 'a gzip file' } },
  { at: 0, text: '\x28\xb5\x2f\xfd', sniffed: { format: 'zstd', description: 'a zstd file' } },
  // A skippable frame, which pzstd writes first.
  { at: 0, text: '\x50\x2a\x4d\x18', sniffed: { format: 'zstd', description: 'a zstd file' } },
  { at: 0, text: 'PK\x03\x04', sniffed: { format: 'zip', description: 'a zip file' } },
  { at: 0, text: 'PK\x05\x06', sniffed: refuse('empty', 'an empty zip file', 'download it again') },
  { at: 0, text: 'PK\x07\x08', sniffed: refuse('7z', 'a part of a split zip file', unpack('7z x')) },
  { at: 0, text: '\xfd7zXZ\0', sniffed: refuse('xz', 'an xz file', unpack('xz -d')) },
  { at: 0, text: 'BZh', sniffed: refuse('bzip2', 'a bzip2 file', unpack('bzip2 -d')) },
  { at: 0, text: 'LZIP', sniffed: refuse('lzip', 'an lzip file', unpack('lzip -d')) },
  { at: 0, text: '\x04\x22\x4d\x18', sniffed: refuse('lz4', 'an lz4 file', unpack('lz4 -d')) },
  { at: 0, text: '\x1f\x9d', sniffed: refuse('compress', 'a file of compress', unpack('gzip -d')) },
  { at: 0, text: '7z\xbc\xaf\x27\x1c', sniffed: refuse('7z', 'a 7z file', unpack('7z x')) },
  { at: 0, text: 'Rar!\x1a\x07', sniffed: refuse('rar', 'a RAR file', unpack('7z x')) },
  { at: 0, text: 'MSCF\0\0\0\0', sniffed: refuse('cab', 'a cabinet file', unpack('7z x')) },
  { at: 0, text: 'vhdxfile', sniffed: refuse('vhdx', 'a VHDX disk', convert) },
  { at: 0, text: 'KDMV', sniffed: refuse('vmdk', 'a VMDK disk', convert) },
  { at: 0, text: '# Disk DescriptorFile', sniffed: refuse('vmdk', 'the description of a VMDK disk', convert) },
  { at: 0, text: 'QFI\xfb', sniffed: refuse('qcow2', 'a QCOW2 disk', convert) },
  { at: 64, text: '\x7f\x10\xda\xbe', sniffed: refuse('vdi', 'a VDI disk', convert) },
]

function bySignature(source: Source): Sniffed | undefined {
  return magics.find(({ at, text }) => hasText(source, at, text))?.sniffed
}

function byStructure(source: Source, start: Buffer): Sniffed | undefined {
  if (start.length < 512) return undefined
  if (hasTarChecksum(start)) return { format: 'tar', description: 'a tar archive' }
  if (parseMbr(start)) return { format: 'disk', description: 'a raw disk with a partition table' }
  if (gptSectorSizes.some((size) => hasGptSignature(source, size))) return { format: 'disk', description: 'a raw disk with a GPT' }
  if (hasLabel(source)) return { format: 'disk', description: 'an unpartitioned LVM2 physical volume' }
  const fileSystem = fileSystemFormats.find((format) => format.detect(source))
  if (fileSystem) return { format: 'disk', description: `an unpartitioned ${fileSystem.name} filesystem` }
  return undefined
}

function byText(start: Buffer): Sniffed | undefined {
  const text = start.toString('latin1').replace(/^(\xef\xbb\xbf)?\s*/, '')
  if (/^(<!doctype html|<html|<head|<body)/i.test(text)) {
    return refuse('html', 'an HTML page', 'a server may have sent an error page instead of the file; download it again')
  }
  if (/^<\?xml|^<[a-z]+[\s>]/i.test(text)) {
    return /<appliance[\s>]/.test(text)
      ? refuse('xml', 'an ova.xml without its chunks', 'give the folder that contains both')
      : refuse('xml', 'an XML document', 'a server may have sent an error message instead of the file; download it again')
  }
  // Text in any encoding that includes ASCII has no control characters except white space.
  if (start.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d))) {
    return refuse('text', `text, beginning with ${JSON.stringify(text.slice(0, 40).replace(/\s+/g, ' '))}`, 'a disk or an ISO is expected')
  }
  return undefined
}

function byEnd(source: Source): Sniffed | undefined {
  if (endFooter(source)) return { format: 'vhd', description: 'a VHD whose footer is at its end' }
  const name = identifyVolume(source)?.name
  return name ? { format: 'disk', description: `an unpartitioned ${name}` } : undefined
}

function unknown(start: Buffer): Sniffed {
  // Space is reserved for a download before its bytes arrive, and an ISO that ends before its signature has nothing else.
  if (start.every((byte) => byte === 0)) {
    const wayOut = "if it was downloaded, the download isn't complete: compare its size and its SHA-256 with those of the original"
    return refuse('unknown', 'a file of an unknown format (it begins with zeros)', wayOut)
  }
  const bytes = start.toString('hex', 0, 8).replace(/..(?=.)/g, '$& ')
  return refuse('unknown', `a file of an unknown format (it begins with ${bytes})`, 'an ISO, an .xva, a VHD or a raw disk is expected')
}

/** Puts the file's name into the command that unpacks it, quoted if a shell needs it. */
function withFileName(sniffed: Sniffed, name: string): Sniffed {
  const { refusal } = sniffed
  if (!refusal?.why.endsWith(' FILE')) return sniffed
  const word = /^[\w./:@%+,-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
  return { ...sniffed, refusal: { ...refusal, why: `${refusal.why.slice(0, -'FILE'.length)}${word}` } }
}

function refuse(format: RefusedFormat, description: string, wayOut: string): Sniffed {
  const kind = ['empty', 'udf', 'html', 'xml', 'text', 'unknown'].includes(format) ? 'not-a-ddk' : 'unsupported'
  return { format, description, refusal: { why: `it is ${description}; ${wayOut}`, kind } }
}
