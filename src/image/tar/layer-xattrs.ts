import { DiskError } from '../../bytes/errors.ts'
import { pathText, textBytes } from '../../bytes/text.ts'
import type { TreeEntry } from '../../disk/filesystem/tree.ts'
import { aclText } from './acl.ts'

/** Why an attribute is left out. */
export type DroppedXattr = 'selinux' | 'integrity' | 'trusted' | 'overlay' | 'damaged' | 'unknown'

/** Linux's limit for one value (XATTR_SIZE_MAX), and the longest PAX header that Go's archive/tar reads, minus space for other records. */
const maxValue = 1 << 16
const maxTotal = (1 << 20) - (1 << 14)

/** How XFS stores access control lists. Linux lists them as `system.posix_acl_*` as well, and those are kept. */
const storedAcls = ['trusted.SGI_ACL_FILE', 'trusted.SGI_ACL_DEFAULT']

/**
 * The attributes that container engines keep and that mean the same on every host, by name in bytes: capabilities, ACLs in their user-space
 * form, and `user.*`. Labels, signatures and overlay attributes belong to their own machine and would be wrong on any other.
 * @throws DiskError if there are more than any engine can store
 */
export function layerXattrs({ path, node }: TreeEntry, drop: (why: DroppedXattr) => void): [name: Buffer, value: Buffer][] {
  const kept: [Buffer, Buffer][] = []
  let total = 0
  for (const [text, value] of node.xattrs()) {
    if (storedAcls.includes(text)) continue
    const why = reasonToDrop(text, value, node.type)
    if (why) {
      drop(why)
      continue
    }
    const name = textBytes(text)
    total += name.length + value.length
    if (value.length > maxValue || total > maxTotal) {
      throw new DiskError(
        `/${pathText(path)}`,
        `its extended attributes (${pathText(name)}, ${value.length} bytes) are longer than Linux can set`,
        'unsupported',
      )
    }
    kept.push([name, value])
  }
  return kept
}

function reasonToDrop(name: string, value: Buffer, type: TreeEntry['node']['type']): DroppedXattr | undefined {
  if (name === 'security.selinux') return 'selinux'
  if (name === 'security.ima' || name === 'security.evm') return 'integrity'
  if (name.startsWith('trusted.')) return 'trusted'
  if (name.startsWith('user.overlay.')) return 'overlay'
  if (name === 'security.capability') return isCapability(value) ? undefined : 'damaged'
  if (name === 'system.posix_acl_access' || name === 'system.posix_acl_default') return aclText(value) === undefined ? 'damaged' : undefined
  // A PAX keyword ends at the first `=`, and Linux allows `user.*` only on files and directories.
  if (name.startsWith('user.') && !name.includes('=') && (type === 'file' || type === 'dir')) return undefined
  return 'unknown'
}

/** struct vfs_cap_data in linux/capability.h: revision 2, or 3 with the namespace's root. Linux sets no other revision. */
function isCapability(value: Buffer): boolean {
  if (value.length < 4) return false
  const revision = value.readUInt8(3)
  return (revision === 2 && value.length === 20) || (revision === 3 && value.length === 24)
}
