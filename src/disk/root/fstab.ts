/** A line of /etc/fstab, see fstab(5). Text has one character per byte. */
export interface FstabLine {
  /** From 1. */
  readonly number: number
  /** The whole line, for messages. */
  readonly text: string
  /** What is mounted: `UUID=…`, `/dev/xvda2`. */
  readonly spec: string
  /** Where: an absolute path without double or trailing slashes, or another word, such as `none`. */
  readonly path: string
  readonly type: string
  readonly options: readonly string[]
}

/** A line that can't be understood. */
export interface DamagedLine extends Pick<FstabLine, 'number' | 'text'> {
  readonly why: string
}

/** Linux itself has no limit; nobody has more file systems than that. */
const maxLines = 200

/** Parses the text of an fstab. Damaged lines are reported, and the others are used, as mount does. */
export function parseFstab(text: string): { lines: readonly FstabLine[]; damaged: readonly DamagedLine[] } {
  const lines: FstabLine[] = []
  const damaged: DamagedLine[] = []
  for (const [index, whole] of text.split('\n').entries()) {
    const line = { number: index + 1, text: whole.trim() }
    if (line.text === '' || line.text.startsWith('#')) continue
    if (lines.length + damaged.length >= maxLines) {
      damaged.push({ ...line, why: `it is one of more than ${maxLines} lines; this one and those after it are ignored` })
      break
    }
    const [spec, path, type, options = 'defaults'] = line.text.split(/[ \t\r]+/).map(withoutEscapes)
    if (!spec || !path || !type) damaged.push({ ...line, why: 'it has fewer than three fields' })
    else if (/[\0\n]/.test(spec + path)) damaged.push({ ...line, why: 'it has a byte that no path can have' })
    else if (path.split('/').includes('..')) damaged.push({ ...line, why: `its mount point has ".." in it` })
    else lines.push({ ...line, spec, path: normalized(path), type, options: options.split(',') })
  }
  return { lines, damaged }
}

/** Spaces and the like are octal: `\040` (getmntent(3)). */
function withoutEscapes(field: string): string {
  return field.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

function normalized(path: string): string {
  if (!path.startsWith('/')) return path
  return `/${path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/')}`
}

/** What becomes of a line when an image is made. */
export type Plan =
  | { readonly kind: 'root' }
  | { readonly kind: 'mount' }
  /** `isSystem` if what it would mount belongs to the installed system, so that the image may lack something. */
  | { readonly kind: 'leave-out'; readonly why: string; readonly isSystem: boolean }

/** Directories that belong to the installed system (Filesystem Hierarchy Standard 3.0); /root has the DDK's examples. */
const systemDirectories = ['bin', 'boot', 'etc', 'lib', 'lib32', 'lib64', 'opt', 'root', 'sbin', 'usr', 'var']
/** Directories that have files of users, of other disks, or of the running system. */
const otherPaths = ['/dev', '/home', '/media', '/mnt', '/proc', '/run', '/sys', '/tmp', '/var/tmp', '/var/run', '/var/lock']
const networkTypes = [
  '9p',
  'afs',
  'ceph',
  'cifs',
  'coda',
  'davfs',
  'gfs',
  'gfs2',
  'glusterfs',
  'lustre',
  'ncpfs',
  'nfs',
  'nfs4',
  'ocfs2',
  'smbfs',
  'smb3',
]
const kernelTypes = [
  'autofs',
  'binfmt_misc',
  'bpf',
  'cgroup',
  'cgroup2',
  'configfs',
  'debugfs',
  'devfs',
  'devpts',
  'devtmpfs',
  'efivarfs',
  'fusectl',
  'hugetlbfs',
  'mqueue',
  'nfsd',
  'proc',
  'pstore',
  'ramfs',
  'rpc_pipefs',
  'securityfs',
  'selinuxfs',
  'sysfs',
  'tmpfs',
  'tracefs',
  'usbdevfs',
  'usbfs',
  'xenfs',
]

/** Decides what a line means for the image: only what is mounted at boot, from a disk, into the system's own directories belongs to it. */
export function planFor({ spec, path, type, options }: FstabLine): Plan {
  if (path === '/') return { kind: 'root' }
  const isSystem = systemDirectories.includes(path.split('/')[1] ?? '')
  const leave = (why: string, matters = isSystem): Plan => ({ kind: 'leave-out', why, isSystem: matters })
  if (type === 'swap') return leave('it is swap', false)
  if (!path.startsWith('/')) return leave('it has no mount point', false)
  if (kernelTypes.includes(type)) return leave('its files exist only in a running system', false)
  if (otherPaths.some((other) => path === other || path.startsWith(`${other}/`)))
    return leave(`${path} isn't part of the installed system`, false)
  if (networkTypes.includes(type) || type.startsWith('fuse.') || options.includes('_netdev') || /^\/\/|^[^/]+:\//.test(spec)) {
    return leave('it is mounted from the network')
  }
  if (options.includes('bind') || options.includes('rbind')) return leave('it is a bind mount')
  if (options.includes('noauto')) return leave("it isn't mounted at boot (noauto)")
  if (!isSystem) return leave(`${path} isn't one of the directories of an installed system`, true)
  return { kind: 'mount' }
}
