import { damage } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'
import { type DeviceNumber, type FileType, fileTypeOf } from '../file-type.ts'
import type { FileNode, Time } from '../tree.ts'
import { readAttributes } from './attributes/attributes.ts'
import { fileContent } from './content.ts'
import { dataFork } from './inode/fork.ts'
import { type Inode, inodeFlags2, loadInode } from './inode/inode.ts'
import { modificationTime } from './inode/time.ts'
import type { XfsReader } from './reader.ts'
import { symlinkTarget } from './symlink.ts'

/** @throws DiskError if the inode is damaged, or a name can't refer to it */
export function openNode(reader: XfsReader, number: number): FileNode {
  const at = `inode ${number}`
  if (reader.superblock.reservedInodes.includes(number))
    throw damage(reader, at, 'a name refers to it, but it is reserved for the filesystem itself')
  const inode = loadInode(reader, number)
  if (inode.flags2 & inodeFlags2.metadata) throw damage(reader, at, 'a name refers to it, but it is reserved for the filesystem itself')
  if (inode.mode === 0 || inode.linksCount === 0) throw damage(reader, at, 'a name refers to it, but it is deleted')
  const type = fileTypeOf(inode.mode)
  if (type === undefined) throw damage(reader, at, `its mode ${inode.mode.toString(8)} has no known type`)
  const { format } = dataFork(reader, inode)
  if (!allowedFormats(type).includes(format)) throw damage(reader, at, `it is of the type ${type}, but its data has the format ${format}`)
  return new XfsNode(reader, inode, type)
}

function allowedFormats(type: FileType): readonly string[] {
  if (type === 'file') return ['extents', 'btree']
  if (type === 'dir') return ['local', 'extents', 'btree']
  return type === 'symlink' ? ['local', 'extents'] : ['device']
}

/** Small, because all children of a directory are held while it is walked. Everything else is read again when it is needed. */
class XfsNode implements FileNode {
  readonly type: FileType
  readonly ino: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly nlink: number
  readonly mtime: Time
  readonly size: number
  declare readonly rdev?: DeviceNumber
  readonly #reader: XfsReader

  constructor(reader: XfsReader, inode: Inode, type: FileType) {
    const { raw } = inode
    this.#reader = reader
    this.type = type
    this.ino = inode.number
    this.mode = inode.mode & 0o7777
    this.uid = raw.readUInt32BE(8)
    this.gid = raw.readUInt32BE(12)
    this.nlink = inode.linksCount
    this.mtime = modificationTime(inode)
    this.size = inode.size
    if (type === 'char' || type === 'block') this.rdev = storedDevice(dataFork(reader, inode).bytes)
  }

  content(): Source {
    return fileContent(this.#reader, this.#inode())
  }

  target(): Buffer {
    return symlinkTarget(this.#reader, this.#inode())
  }

  xattrs(): ReadonlyMap<string, Buffer> {
    return readAttributes(this.#reader, this.#inode())
  }

  #inode(): Inode {
    return loadInode(this.#reader, this.ino)
  }
}

/** As in System V: 14 bits for the major number, 18 for the minor one (Linux, include/linux/kdev_t.h, sysv_encode_dev). */
function storedDevice(bytes: Buffer): DeviceNumber {
  const encoded = bytes.readUInt32BE(0)
  return { major: encoded >>> 18, minor: encoded & 0x3ffff }
}
