import { DiskError } from '../../../../bytes/errors.ts'

const storedHeader = 4
const storedEntry = 12
const namedUserOrGroup = [0x02, 0x08]
const knownTags = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20]
const noId = 0xffffffff

/**
 * Converts an access control list from its form on disk (Linux, fs/xfs/libxfs/xfs_format.h, struct xfs_acl) to the one that getxattr(2)
 * returns (include/uapi/linux/posix_acl_xattr.h).
 */
export function userSpaceAcl(stored: Buffer, place: string): Buffer {
  const damaged = () => new DiskError(place, 'its access control list is damaged')
  if (stored.length < storedHeader) throw damaged()
  const count = stored.readUInt32BE(0)
  if (storedHeader + count * storedEntry > stored.length) throw damaged()
  const acl = Buffer.alloc(4 + count * 8)
  acl.writeUInt32LE(2)
  for (let index = 0; index < count; index++) {
    const from = storedHeader + index * storedEntry
    const to = 4 + index * 8
    const tag = stored.readUInt32BE(from)
    if (!knownTags.includes(tag)) throw damaged()
    acl.writeUInt16LE(tag, to)
    acl.writeUInt16LE(stored.readUInt16BE(from + 8), to + 2)
    acl.writeUInt32LE(namedUserOrGroup.includes(tag) ? stored.readUInt32BE(from + 4) : noId, to + 4)
  }
  return acl
}
