import { DiskError, type Warn } from '../../bytes/errors.ts'
import type { Source } from '../../bytes/source.ts'
import { pathText } from '../../bytes/text.ts'
import type { FileType } from '../../disk/filesystem/file-type.ts'
import type { TreeEntry } from '../../disk/filesystem/tree.ts'
import { atPath } from './at-path.ts'
import { type DroppedXattr, layerXattrs } from './layer-xattrs.ts'
import { tally } from './tally.ts'
import { defaultZeroLimit, zeroLimit } from './zero-limit.ts'

export interface LayerPolicy {
  /** Limit for bytes of zeros in all files together, counted in blocks of 4 KiB, because holes are written out. Default 8 GiB. */
  readonly maxZeroBytes?: number
  /** Size of the filesystem in bytes. What a file has beyond that must be a hole, and is counted without reading it. */
  readonly filesystemSize?: number
}

/** An entry for the layer. Its names and errors contain the path. */
export interface LayerEntry extends TreeEntry {
  readonly type: Exclude<FileType, 'socket'>
  readonly xattrs: readonly (readonly [name: Buffer, value: Buffer])[]
  /** Of a file. */
  content(): Source
  /** Of a symlink. */
  target(): Buffer
}

const sentences: Readonly<Record<DroppedXattr | 'socket' | 'zeroDevice' | 'early' | 'manyXattrs', string>> = {
  socket: "sockets are left out, because tar can't store them",
  zeroDevice: 'character devices 0:0 are left out, because container engines treat them as deleted files',
  early: 'times before 1970 are set to 1970-01-01, as container engines do',
  manyXattrs: 'more than 4 KiB of extended attributes can fail to load where the engine keeps its images on ext4',
  selinux: 'SELinux labels (security.selinux) are left out, because they belong to the original machine',
  integrity: 'integrity signatures (security.ima, security.evm) are left out, because they are valid on one machine only',
  trusted: 'trusted.* attributes are left out, because container engines use them themselves',
  overlay: 'user.overlay.* attributes are left out, because container engines use them themselves',
  damaged: 'invalid capabilities or access lists (security.capability, system.posix_acl_*) are left out, because Linux would reject them',
  unknown: 'extended attributes that container engines do not keep are left out',
}

/**
 * Decides what goes into a layer. Engines differ, so whatever one of them rejects, deletes or silently changes is handled here: sockets,
 * deletion marks and foreign attributes are left out, with one sentence per kind to `warn` at the end.
 * @throws DiskError for what a layer can't represent: a `.wh.` name, an owner that Linux can't set, too many zeros
 */
export function* layerEntries(entries: Iterable<TreeEntry>, policy: LayerPolicy, warn: Warn): Generator<LayerEntry> {
  const counts = tally(sentences)
  const limited = zeroLimit(policy.maxZeroBytes ?? defaultZeroLimit, policy.filesystemSize ?? Number.MAX_SAFE_INTEGER)
  for (const entry of entries) {
    const { path, node } = entry
    checkName(path)
    if (node.type === 'socket') {
      counts.add('socket', path)
      continue
    }
    if (node.type === 'char' && node.rdev?.major === 0 && node.rdev.minor === 0) {
      counts.add('zeroDevice', path)
      continue
    }
    checkOwner(entry)
    if (node.mtime.seconds < 0) counts.add('early', path)
    const xattrs = atPath(path, () => layerXattrs(entry, (why) => counts.add(why, path)))
    if (xattrs.reduce((sum, [, value]) => sum + value.length, 0) > 4096) counts.add('manyXattrs', path)
    yield { path, node, type: node.type, xattrs, content: () => limited(path, contentOf(entry)), target: () => targetOf(entry) }
  }
  counts.say(warn)
}

/** Image Layer Filesystem Changeset, "Whiteouts". */
const whiteoutPrefix = Buffer.from('.wh.')

function checkName(path: Buffer): void {
  const name = path.lastIndexOf('/') + 1
  if (!path.subarray(name, name + 4).equals(whiteoutPrefix)) return
  throw new DiskError(
    `/${pathText(path)}`,
    "a name that begins with .wh. would delete another file of the image, so this filesystem can't become an image; rename the file",
    'unsupported',
  )
}

function contentOf({ path, node }: TreeEntry): Source {
  const content = atPath(path, () => node.content())
  if (content.size !== node.size)
    throw new DiskError(`/${pathText(path)}`, `its content has ${content.size} bytes, but its inode says ${node.size}`)
  return { name: content.name, size: content.size, read: (into, offset) => atPath(path, () => content.read(into, offset)) }
}

/** Linux allows no empty symlink targets, and none longer than PATH_MAX. */
function targetOf({ path, node }: TreeEntry): Buffer {
  const target = atPath(path, () => node.target())
  if (target.length === 0 || target.length > 4095 || target.includes(0)) {
    throw new DiskError(`/${pathText(path)}`, `its target of ${target.length} bytes is not allowed by Linux`)
  }
  return target
}

/** For chown(2), the highest number means "don't change". */
function checkOwner({ path, node }: TreeEntry): void {
  for (const [what, id] of [['user', node.uid] as const, ['group', node.gid] as const]) {
    if (id >= 0xffff_ffff) throw new DiskError(`/${pathText(path)}`, `it belongs to ${what} ${id}, which Linux can't set`, 'unsupported')
  }
}
