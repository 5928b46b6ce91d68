import { tarBlockSize, tarChecksum, tarPadding } from '../../bytes/tar-header.ts'
import type { DeviceNumber } from '../../disk/filesystem/file-type.ts'
import { aclText } from './acl.ts'

/** POSIX.1-2001, pax, "ustar Interchange Format", values of typeflag. */
const typeflags = { file: '0', link: '1', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6', pax: 'x' } as const

/** A member of a tar, as in its header. */
export interface TarMember {
  /** Without a leading slash. A directory has a trailing slash. */
  readonly path: Buffer
  readonly type: keyof typeof typeflags
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Size of the content that follows, in bytes. */
  readonly size: number
  /** Whole seconds since 1970, not negative. */
  readonly mtime: number
  /** Target of a symlink, or path of the member that a hard link refers to. */
  readonly linkname?: Buffer
  readonly device?: DeviceNumber
  /** Names are raw bytes. */
  readonly xattrs?: readonly (readonly [name: Buffer, value: Buffer])[]
}

/**
 * A member's header in whole blocks: the ustar header, after a PAX extended header for what ustar can't hold. Names are raw bytes (POSIX
 * wants UTF-8 in PAX records, but every reader accepts any bytes). Attributes are stored as `SCHILY.xattr.NAME`, which star introduced and
 * everyone uses.
 */
export function tarHeader(member: TarMember): Buffer {
  const records = paxRecords(member)
  if (records.length === 0) return ustarHeader(member)
  const body = Buffer.concat(records)
  // The name is always the same. Other tools put a process number here, so that no two of their archives are equal.
  const pax = ustarHeader({ path: Buffer.from('PaxHeader'), type: 'pax', mode: 0o644, uid: 0, gid: 0, size: body.length, mtime: 0 })
  return Buffer.concat([pax, body, Buffer.alloc(tarPadding(body.length)), ustarHeader(member)])
}

/** The largest numbers in fields of 12 and 8 bytes: octal digits and a NUL. */
const octal11 = 8 ** 11 - 1
const octal7 = 8 ** 7 - 1
const nameLength = 100
const prefixLength = 155

/** POSIX.1-2001, pax, "pax Extended Header": values that don't fit into ustar's fields, sorted by keyword. */
function paxRecords(member: TarMember): Buffer[] {
  const records: [keyword: Buffer, value: Buffer][] = []
  const add = (keyword: string, value: Buffer | number) =>
    records.push([Buffer.from(keyword), typeof value === 'number' ? Buffer.from(String(value)) : value])
  if (!ustarName(member.path)) add('path', member.path)
  if (member.linkname && member.linkname.length > nameLength) add('linkpath', member.linkname)
  if (member.size > octal11) add('size', member.size)
  if (member.mtime > octal11) add('mtime', member.mtime)
  if (member.uid > octal7) add('uid', member.uid)
  if (member.gid > octal7) add('gid', member.gid)
  for (const [name, value] of member.xattrs ?? []) {
    records.push([Buffer.concat([Buffer.from('SCHILY.xattr.'), name]), value])
    const acl = aclKeywords.get(name.toString('latin1'))
    if (acl) add(acl, Buffer.from(aclText(value) ?? ''))
  }
  return records.sort(([a], [b]) => Buffer.compare(a, b)).map(([keyword, value]) => paxRecord(keyword, value))
}

/** Engines set ACLs as plain attributes. GNU tar and bsdtar read ACLs only as text, and would drop the attributes. */
const aclKeywords: ReadonlyMap<string, string> = new Map([
  ['system.posix_acl_access', 'SCHILY.acl.access'],
  ['system.posix_acl_default', 'SCHILY.acl.default'],
])

/** `LENGTH KEYWORD=VALUE\n`, where LENGTH includes itself. */
function paxRecord(keyword: Buffer, value: Buffer): Buffer {
  const rest = keyword.length + value.length + ' =\n'.length
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length++
  return Buffer.concat([Buffer.from(`${length} `), keyword, Buffer.from('='), value, Buffer.from('\n')])
}

/** Splits a path into ustar's two fields `prefix/name`, if it fits. */
function ustarName(path: Buffer): { name: Buffer; prefix: Buffer } | undefined {
  if (path.length <= nameLength) return { name: path, prefix: Buffer.alloc(0) }
  const slash = path.indexOf('/', path.length - nameLength - 1)
  if (slash === -1 || slash > prefixLength || slash === path.length - 1) return undefined
  return { name: path.subarray(slash + 1), prefix: path.subarray(0, slash) }
}

/** Always one block, even for a member larger than 8 GiB. Values that don't fit are cut off; see `tarHeader`. */
export function ustarHeader(member: TarMember): Buffer {
  const header = Buffer.alloc(tarBlockSize)
  const { name, prefix } = ustarName(member.path) ?? { name: member.path.subarray(0, nameLength), prefix: Buffer.alloc(0) }
  name.copy(header, 0)
  number(header, 100, 8, member.mode)
  number(header, 108, 8, member.uid)
  number(header, 116, 8, member.gid)
  number(header, 124, 12, member.size)
  number(header, 136, 12, member.mtime)
  header.write(typeflags[member.type], 156, 'latin1')
  member.linkname?.copy(header, 157, 0, nameLength)
  header.write('ustar\x0000', 257, 'latin1')
  number(header, 329, 8, member.device?.major ?? 0)
  number(header, 337, 8, member.device?.minor ?? 0)
  prefix.copy(header, 345)
  header.write(`${tarChecksum(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** Writes a number in octal or, if it has too many digits, in GNU's base-256: big-endian, with the first bit set. */
function number(header: Buffer, at: number, width: 8 | 12, value: number): void {
  if (value <= (width === 8 ? octal7 : octal11)) {
    header.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1')
    return
  }
  header.writeBigUInt64BE(BigInt(value), at + width - 8)
  header[at]! |= 0x80
}
