import type { FileSystemInfo } from '../filesystem/format.ts'
import type { Volume } from './volume.ts'

/** What `root=` on the boot line, or the first field of fstab(5), names. Text has one character per byte. */
export type Device =
  | { readonly kind: 'uuid' | 'label' | 'partuuid' | 'partlabel'; readonly value: string }
  /** A partition, or with number 0 a whole disk. `disk` is the letter or the number that tells disks apart. */
  | { readonly kind: 'partition'; readonly disk: string; readonly number: number }
  /** The name of a logical volume below /dev/mapper. */
  | { readonly kind: 'logical'; readonly mapperName: string }
  | { readonly kind: 'unknown' }

type Tag = Extract<Device, { value: string }>['kind']

const links: readonly (readonly [prefix: string, kind: Tag])[] = [
  ['/dev/disk/by-uuid/', 'uuid'],
  ['/dev/disk/by-label/', 'label'],
  ['/dev/disk/by-partuuid/', 'partuuid'],
  ['/dev/disk/by-partlabel/', 'partlabel'],
]

/** Parses the name of a device: a tag, a device file, or one of udev's links. */
export function parseDevice(text: string): Device {
  const { key, value } = /^(?<key>UUID|LABEL|PARTUUID|PARTLABEL)=(?<quote>["']?)(?<value>.+)\k<quote>$/.exec(text)?.groups ?? {}
  if (key && value) return { kind: key.toLowerCase() as Tag, value }
  for (const [prefix, kind] of links) if (text.startsWith(prefix)) return { kind, value: withoutUdevEscapes(text.slice(prefix.length)) }
  const partition = /^\/dev\/(?:(?:xvd|sd|hd|vd)([a-z]+)|(?:nvme|mmcblk)(\d+)(?:n\d+)?p?)(\d*)$/.exec(text)
  if (partition) return { kind: 'partition', disk: partition[1] ?? partition[2]!, number: Number(partition[3]) }
  const mapped = /^\/dev\/(?:mapper\/|disk\/by-id\/dm-name-)([^/]+)$/.exec(text)
  if (mapped) return { kind: 'logical', mapperName: withoutUdevEscapes(mapped[1]!) }
  const logical = /^\/dev\/([^/]+)\/([^/]+)$/.exec(text)
  if (logical) return { kind: 'logical', mapperName: mapperName(logical[1]!, logical[2]!) }
  return { kind: 'unknown' }
}

/** udev writes all but plain characters as `\x20`. */
function withoutUdevEscapes(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** The name of a logical volume below /dev/mapper: `group-volume`, with every dash in either name doubled. */
function mapperName(group: string, volume: string): string {
  return [group, volume].map((name) => name.replaceAll('-', '--')).join('-')
}

/** Whether a device is this volume, as far as that is known without its content. The letter of the disk isn't compared. */
export function isVolume(device: Device, { number, uuid, name, logical }: Volume): boolean {
  switch (device.kind) {
    case 'partition':
      return number === device.number
    case 'partuuid':
      return uuid !== undefined && uuid !== '' && uuid === device.value.toLowerCase()
    case 'partlabel':
      return name !== undefined && name !== '' && Buffer.from(name).toString('latin1') === device.value
    case 'logical':
      return logical !== undefined && mapperName(logical.group, logical.name) === device.mapperName
    default:
      return false
  }
}

/** Whether a device is a volume with this filesystem. */
export function isFileSystem(device: Device, { label, uuid }: FileSystemInfo): boolean {
  if (device.kind === 'label') return label !== '' && Buffer.from(label).toString('latin1') === device.value
  return device.kind === 'uuid' && uuid !== '' && uuid.toLowerCase() === device.value.toLowerCase()
}
