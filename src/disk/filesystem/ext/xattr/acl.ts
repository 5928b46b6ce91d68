import { damage } from '../../../../bytes/errors.ts'

/** On disk, only entries for named users and groups have an id. */
const tagsWithId = [0x02, 0x08]
const tagsWithoutId = [0x01, 0x04, 0x10, 0x20]
const noId = 0xffffffff

/**
 * Converts an access control list from its form on disk (fs/ext4/acl.h) to the one that getxattr(2) returns (Linux,
 * include/uapi/linux/posix_acl_xattr.h): the version is 2 instead of 1, and every entry has an id.
 * @param at whose list it is, as for `damage` in bytes/errors.ts
 */
export function userSpaceAcl(stored: Buffer, source: { readonly name: string }, at: string): Buffer {
  const damaged = () => damage(source, at, 'its access control list is invalid')
  if (stored.length < 4 || stored.readUInt32LE(0) !== 1) throw damaged()
  const version = Buffer.alloc(4)
  version.writeUInt32LE(2)
  const parts = [version]
  for (let at = 4; at < stored.length; ) {
    if (at + 4 > stored.length) throw damaged()
    const tag = stored.readUInt16LE(at)
    const hasId = tagsWithId.includes(tag)
    if (!(hasId || tagsWithoutId.includes(tag)) || (hasId && at + 8 > stored.length)) throw damaged()
    const entry = Buffer.alloc(8)
    stored.copy(entry, 0, at, at + 4)
    entry.writeUInt32LE(hasId ? stored.readUInt32LE(at + 4) : noId, 4)
    parts.push(entry)
    at += hasId ? 8 : 4
  }
  return Buffer.concat(parts)
}
