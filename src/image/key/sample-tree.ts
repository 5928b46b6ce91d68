import { memorySource } from '../../bytes/source.ts'
import type { FileNode, FileTree } from '../../disk/filesystem/tree.ts'

/** Properties of a node of the sample that differ from an empty file owned by root. */
interface Contents extends Partial<Omit<FileNode, 'content' | 'target' | 'xattrs'>> {
  readonly content?: string
  readonly target?: string
  /** Values in hexadecimal. */
  readonly xattrs?: Readonly<Record<string, string>>
}

const dir: Contents = { type: 'dir', mode: 0o755, nlink: 2 }
const linked: Contents = { content: 'two names', ino: 1000, nlink: 2, mode: 0o755 }

/**
 * One of everything that a layer treats specially, and everything that the build environment looks for. By path; folders come before their
 * contents.
 */
const contents: Readonly<Record<string, Contents>> = {
  bin: dir,
  'bin/setarch': { content: 'program', mode: 0o755 },
  'bin/su': { content: 'program', mode: 0o4755, xattrs: { 'security.capability': '0100000200040000000000000000000000000000' } },
  dev: dir,
  'dev/deleted': { type: 'char', rdev: { major: 0, minor: 0 } },
  'dev/disk': { type: 'block', rdev: { major: 259, minor: 1_048_575 } },
  'dev/null': { type: 'char', rdev: { major: 1, minor: 3 }, mode: 0o666 },
  'dev/pipe': { type: 'fifo' },
  'dev/socket': { type: 'socket' },
  etc: { ...dir, mode: 0o2755, xattrs: { 'user.dir': '00ff3d25', 'user.overlay.opaque': '79', 'trusted.x': '78' } },
  'etc/early': { mtime: { seconds: -1, nanoseconds: 5 } },
  'etc/labelled': { xattrs: { 'security.selinux': '00', 'security.ima': '01', 'security.evm': '02', 'system.unknown': '03' } },
  'etc/listed': {
    xattrs: { 'system.posix_acl_access': '0200000001000600ffffffff020007002100000004000400ffffffff10000700ffffffff20000400ffffffff' },
  },
  'etc/owned': { uid: 300_000, gid: 4_294_967_294, mtime: { seconds: 2_208_988_800, nanoseconds: 123_456_789 } },
  'etc/profile.d': dir,
  lib: dir,
  'lib/modules': dir,
  'lib/modules/1.2.3': dir,
  'lib/modules/1.2.3/build': dir,
  'lib/modules/1.2.3/build/include': dir,
  'lib/modules/1.2.3/build/include/generated': dir,
  'lib/modules/1.2.3/build/include/generated/compile.h': { content: '#define UTS_VERSION "#4 SMP"\n' },
  link: { type: 'symlink', target: 'bin', mode: 0o777 },
  [`long-${'n'.repeat(200)}`]: { content: 'x'.repeat(600) },
  'one-name': linked,
  'other-name': linked,
  usr: dir,
  'usr/local': { ...dir, uid: 7 },
}

/** A small root filesystem that is always the same. */
export function sampleTree(): FileTree {
  const children = new Map<number, [name: string, node: FileNode][]>([[1, []]])
  const inos = new Map([['', 1]])
  for (const [path, more] of Object.entries(contents)) {
    const node = nodeOf(more, 2 + inos.size)
    inos.set(path, node.ino)
    if (node.type === 'dir') children.set(node.ino, [])
    const slash = path.lastIndexOf('/')
    children.get(inos.get(path.slice(0, Math.max(0, slash)))!)!.push([path.slice(slash + 1), node])
  }
  return {
    root: nodeOf(dir, 1),
    entries: ({ ino }) => children.get(ino)!.map(([name, node]) => ({ name: Buffer.from(name), node: () => node })),
  }
}

function nodeOf({ content = '', target = '', xattrs = {}, ...more }: Contents, ino: number): FileNode {
  const bytes = Buffer.from(content || target)
  return {
    type: 'file',
    ino,
    mode: 0o644,
    uid: 0,
    gid: 0,
    nlink: 1,
    mtime: { seconds: 1_420_000_000, nanoseconds: 0 },
    size: bytes.length,
    content: () => memorySource(bytes, 'sample'),
    target: () => bytes,
    xattrs: () => new Map(Object.entries(xattrs).map(([name, hex]) => [name, Buffer.from(hex, 'hex')])),
    ...more,
  }
}
