import { DiskError, damageAt } from '../../../../bytes/errors.ts'
import { pathText } from '../../../../bytes/text.ts'
import { inodePlace } from '../address.ts'
import { attributeFork, type Fork } from '../inode/fork.ts'
import type { Inode } from '../inode/inode.ts'
import { forkRuns } from '../mapping/fork-runs.ts'
import type { XfsReader } from '../reader.ts'
import { userSpaceAcl } from './acl.ts'
import { type Attribute, attributeFlags } from './attribute.ts'
import { type ForkBlock, forkBlocks } from './fork-blocks.ts'
import { leafAttributes } from './leaves.ts'
import { remoteValue } from './remote-value.ts'
import { shortFormAttributes } from './short-form.ts'

/** Limit for all names and values of an inode. */
const maxBytes = 2 ** 20
/** Linux's XATTR_SIZE_MAX. */
const maxValueSize = 65536

/** Access control lists are attributes with these names. Linux lists them twice: converted, and as they are. */
const aclNames: Readonly<Record<string, string>> = {
  'trusted.SGI_ACL_FILE': 'system.posix_acl_access',
  'trusted.SGI_ACL_DEFAULT': 'system.posix_acl_default',
}

/** Reads attributes by full name, as getxattr(2) returns them. What belongs to the filesystem itself, such as pointers to parents, isn't listed. */
export function readAttributes(reader: XfsReader, inode: Inode): Map<string, Buffer> {
  const fork = attributeFork(reader, inode)
  if (!fork) return new Map()
  const place = inodePlace(reader, inode.number)
  const found: [string, Buffer][] = []
  let total = 0
  const { attributes, readBlock } = storedAttributes(reader, inode, fork)
  for (const attribute of attributes) {
    if (attribute.flags & (attributeFlags.parent | attributeFlags.incomplete)) continue
    const { name, valueSize, value } = attribute
    const fullName = prefix(attribute) + pathText(name)
    total += name.length + valueSize
    if (valueSize > maxValueSize || name.length === 0 || name.includes(0)) {
      throw damageAt(place, `it has an attribute with an impossible name or a value of ${valueSize} bytes`)
    }
    if (total > maxBytes) throw new DiskError(place, `it has more than ${maxBytes} bytes of attributes`)
    const bytes = Buffer.isBuffer(value) ? Buffer.from(value) : remoteValue(reader, inode, value.forkBlock, valueSize, readBlock)
    found.push([fullName, bytes])
    const aclName = aclNames[fullName]
    if (aclName !== undefined) found.push([aclName, userSpaceAcl(bytes, place)])
  }
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function prefix({ flags }: Attribute): string {
  if (flags & attributeFlags.secure) return 'security.'
  return flags & attributeFlags.trusted ? 'trusted.' : 'user.'
}

interface Stored {
  readonly attributes: Iterable<Attribute>
  /** Reads a block of the attribute fork. */
  readBlock(block: number): ForkBlock
}

function storedAttributes(reader: XfsReader, inode: Inode, fork: Fork): Stored {
  const noBlocks = () => {
    throw damageAt(inodePlace(reader, inode.number), 'its attributes are in it, and yet in blocks')
  }
  if (fork.format === 'local') return { attributes: shortFormAttributes(reader, inode, fork), readBlock: noBlocks }
  const runs = forkRuns(reader, inode, fork)
  if (runs.counts.length === 0) return { attributes: [], readBlock: noBlocks }
  const readBlock = forkBlocks(reader, inode, runs)
  return { attributes: leafAttributes(reader, inode, readBlock), readBlock }
}
