import { damage } from '../../../bytes/errors.ts'
import { bytesAt, type Source } from '../../../bytes/source.ts'
import { checkedTarget } from '../checks.ts'
import { type DeviceNumber, deviceNumber, type FileType, fileTypeOf } from '../file-type.ts'
import type { FileNode, Time } from '../tree.ts'
import { checkNotEncrypted, fileContent } from './content.ts'
import { type Inode, loadInode, modificationTime } from './inode/inode.ts'
import { blockField, inodeFlags } from './inode/layout.ts'
import type { ExtReader } from './reader.ts'
import { readAttributes } from './xattr/xattr.ts'

const rootInode = 2

/** @throws DiskError if the inode is damaged, or a name can't refer to it */
export function openNode(reader: ExtReader, number: number): FileNode {
  const inode = loadInode(reader, number)
  const at = `inode ${number}`
  if ((number < reader.superblock.firstInode && number !== rootInode) || inode.flags & inodeFlags.eaInode) {
    throw damage(reader, at, 'a name refers to it, but it is reserved for the filesystem itself')
  }
  if (inode.linksCount === 0) throw damage(reader, at, 'a name refers to it, but it is deleted')
  const type = fileTypeOf(inode.mode)
  if (type === undefined) throw damage(reader, at, `its mode ${inode.mode.toString(8)} has no known type`)
  return new ExtNode(reader, inode, type)
}

/** Small, because all children of a directory are held while it is walked. Everything else is read again when it is needed. */
class ExtNode implements FileNode {
  readonly type: FileType
  readonly ino: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly nlink: number
  readonly mtime: Time
  readonly size: number
  declare readonly rdev?: DeviceNumber
  readonly #reader: ExtReader

  constructor(reader: ExtReader, inode: Inode, type: FileType) {
    const { raw } = inode
    this.#reader = reader
    this.type = type
    this.ino = inode.number
    this.mode = inode.mode & 0o7777
    this.uid = raw.readUInt16LE(0x2) + raw.readUInt16LE(0x78) * 0x10000
    this.gid = raw.readUInt16LE(0x18) + raw.readUInt16LE(0x7a) * 0x10000
    this.nlink = inode.linksCount
    this.mtime = modificationTime(inode)
    this.size = inode.size
    if (type === 'char' || type === 'block') this.rdev = storedDevice(inode)
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

/** The block field's first number has the old 16-bit encoding, the second the 32-bit encoding. */
function storedDevice(inode: Inode): DeviceNumber {
  const field = blockField(inode)
  const old = field.readUInt32LE(0)
  if (old !== 0) return { major: (old >>> 8) & 0xff, minor: old & 0xff }
  return deviceNumber(field.readUInt32LE(4))
}

/** A target shorter than 60 bytes is stored in the block field. The block count doesn't tell, because attributes count as blocks too. */
function symlinkTarget(reader: ExtReader, inode: Inode): Buffer {
  checkNotEncrypted(reader, inode)
  const at = `inode ${inode.number}`
  const { size } = inode
  const field = blockField(inode)
  if (size > reader.superblock.blockSize) throw damage(reader, at, `the symlink's target has ${size} bytes`)
  const target = size < field.length ? Buffer.from(field.subarray(0, size)) : bytesAt(fileContent(reader, inode), 0, size)
  return checkedTarget(target, reader, at)
}
