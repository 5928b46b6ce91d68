import { SaxesParser } from 'saxes'
import { DiskError, type DiskErrorKind, type Warn } from '../../bytes/errors.ts'
import { rootOnBootLine } from '../root/boot-line.ts'

/** A virtual machine as described in `ova.xml` of an XVA version 1. */
export interface Appliance {
  readonly label: string
  /** From a label like `XenServer DDK 6.1.0-58481p`. */
  readonly version?: string
  readonly build?: string
  /** The kernel's command line, e.g. `root=/dev/xvda1 ro`. */
  readonly bootLine: string
  /** The last `root=` of the command line. */
  readonly rootDevice?: string
  readonly isHvm: boolean
  readonly vbds: readonly Vbd[]
  readonly vdis: readonly Vdi[]
}

/** How a disk is attached (virtual block device). */
export interface Vbd {
  readonly device?: string
  readonly function?: string
  readonly mode?: string
  /** Name of the disk. */
  readonly vdi?: string
}

/** A disk (virtual disk image). */
export interface Vdi {
  readonly name: string
  /** In bytes. */
  readonly size?: number
  /** Where its chunks are, relative to ova.xml, e.g. `file://xvda`. */
  readonly source?: string
  /** E.g. `dir-gzipped-chunks`. */
  readonly type?: string
  readonly variety?: string
}

/** A virtual machine has a few dozen elements. These limits keep a hostile file from costing more. */
const limits = { depth: 32, disks: 1000 }

/**
 * Parses `ova.xml` of an XVA version 1.
 * @param name of the file, for messages
 * @throws DiskError with line and column, if it is something else or isn't well-formed XML
 */
export function parseOva(xml: string, name: string): Appliance {
  // The parser doesn't read declarations, and doesn't expand undeclared entities, so a DOCTYPE has no effect.
  const parser = new SaxesParser({ position: false, xmlns: false } as const)
  const path: string[] = []
  const vbds: Vbd[] = []
  const vdis: Vdi[] = []
  const vm = { count: 0, label: '', bootLine: '', isHvm: false }
  const fail: Fail = (what, kind) => {
    throw new DiskError(`${name}, line ${parser.line}, column ${parser.column}`, what, kind)
  }
  const onElement: Record<string, (attributes: Record<string, string>) => void> = {
    'appliance/vm': () => {
      vm.count++
    },
    'appliance/vm/hacks': (hacks) => {
      vm.isHvm = /^(?:true|1)$/i.test(hacks.is_hvm ?? '')
      vm.bootLine = hacks.kernel_boot_cmdline ?? ''
    },
    'appliance/vm/vbd': (vbd) => vbds.push(pick(vbd, ['device', 'function', 'mode', 'vdi'])),
    'appliance/vdi': (vdi) => {
      const { name: vdiName, size, ...rest } = pick(vdi, ['name', 'size', 'source', 'type', 'variety'])
      if (vdiName === undefined) return fail('the <vdi> has no name')
      vdis.push({ name: vdiName, ...rest, ...(size !== undefined && { size: byteCount(size) ?? fail(`the size of a disk is ${size}`) }) })
    },
  }
  const addText = (text: string) => {
    if (path.join('/') === 'appliance/vm/label') vm.label += text
  }
  parser.on('error', (error) => fail(`the XML isn't well-formed: ${error.message.replace(/\.$/, '')}`))
  parser.on('opentag', (tag) => {
    if (path.length === 0) checkRoot(tag.name, fail)
    path.push(tag.name)
    if (path.length > limits.depth) fail(`elements are nested more than ${limits.depth} deep`)
    onElement[path.join('/')]?.(tag.attributes)
    if (vbds.length > limits.disks || vdis.length > limits.disks) fail(`it has more than ${limits.disks} disks`)
  })
  parser.on('closetag', () => path.pop())
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.write(xml).close()
  if (vm.count !== 1) throw new DiskError(name, `it describes ${vm.count} virtual machines, but a DDK is exactly one`, 'not-a-ddk')
  return describe(vm, vbds, vdis)
}

function describe(vm: { label: string; bootLine: string; isHvm: boolean }, vbds: Vbd[], vdis: Vdi[]): Appliance {
  const label = vm.label.trim()
  const [, version, build] = /\bDDK (\d+(?:\.\d+)*)-(\w+)$/.exec(label) ?? []
  const rootDevice = rootOnBootLine(vm.bootLine)
  return {
    label,
    ...(version !== undefined && { version }),
    ...(build !== undefined && { build }),
    bootLine: vm.bootLine,
    ...(rootDevice !== undefined && { rootDevice }),
    isHvm: vm.isHvm,
    vbds,
    vdis,
  }
}

/** Throws an error with line and column. */
type Fail = (what: string, kind?: DiskErrorKind) => never

function checkRoot(element: string, fail: Fail): void {
  if (element === 'appliance') return
  if (element === 'value')
    fail(
      'this is an ova.xml of XVA version 2, whose disks are in an .xva file beside it, not in chunks; give the .xva file itself',
      'unsupported',
    )
  fail(`the outermost element is <${element.slice(0, 100)}>, not the <appliance> of an XVA`, 'not-a-ddk')
}

function pick<Name extends string>(attributes: Record<string, string>, names: readonly Name[]): { [name in Name]?: string } {
  const picked: { [name in Name]?: string } = {}
  for (const name of names) if (attributes[name] !== undefined) picked[name] = attributes[name]
  return picked
}

function byteCount(text: string): number | undefined {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(count) ? count : undefined
}

/** A disk, and how it is attached if that is known. */
export interface AttachedDisk {
  readonly vdi: Vdi
  readonly vbd?: Vbd
}

/**
 * Finds the disk that the machine boots from: the one whose function is `root`, else the only one, else the first writable one. If several
 * have the function `root`, the one that the boot line names.
 * @param name of the ova.xml, for messages
 * @throws DiskError that lists the disks, if none qualifies
 */
export function rootDisk(appliance: Appliance, name: string, warn: Warn): AttachedDisk {
  const { vbds, vdis } = appliance
  const attached = (vbd: Vbd | undefined) => {
    const vdi = vbd && vdis.find((candidate) => candidate.name === vbd.vdi)
    return vdi && { vdi, vbd }
  }
  const roots = vbds.filter((vbd) => vbd.function === 'root')
  if (roots.length > 0) return attached(roots.length === 1 ? roots[0] : bootDisk(roots, appliance, name, warn)) ?? noRoot(vbds, vdis, name)
  const disks = vbds.map(attached).filter((disk) => disk !== undefined)
  if (disks.length === 0 && vdis.length === 1) return { vdi: vdis[0]! }
  if (disks.length === 1) return disks[0]!
  const writable = disks.find(({ vbd }) => vbd.mode?.startsWith('w'))
  if (!writable) return noRoot(vbds, vdis, name)
  warn(
    `${name}: no disk has the function root; the first writable one of ${disks.length} is used: ${writable.vbd.device ?? writable.vdi.name}`,
  )
  return writable
}

/** The attached disks other than the root, with the letters of their devices, e.g. `b` of `xvdb`. */
export function otherDisks({ vbds, vdis }: Appliance, root: Vdi): (AttachedDisk & { readonly letter: string })[] {
  return vbds.flatMap((vbd) => {
    const vdi = vdis.find((candidate) => candidate.name === vbd.vdi)
    const letter = diskLetter(vbd.device)
    return vdi && vdi !== root && letter !== undefined ? [{ vdi, vbd, letter }] : []
  })
}

/** A partition's number may follow. The kernel's name for the bus may be another one: xvda1 is on sda. */
function diskLetter(device: string | undefined): string | undefined {
  return /^(?:\/dev\/)?(?:xvd|sd|hd)([a-z]+)\d*$/.exec(device ?? '')?.[1]
}

/** Of several disks with the function `root`, the one that the boot line names. */
function bootDisk(roots: readonly Vbd[], { rootDevice }: Appliance, name: string, warn: Warn): Vbd {
  const devices = roots.map(({ device }) => device ?? '?').join(', ')
  const letter = diskLetter(rootDevice)
  const exact = roots.filter(({ device }) => device !== undefined && rootDevice?.replace(/^\/dev\/|\d+$/g, '') === device)
  const named = exact.length > 0 ? exact : roots.filter(({ device }) => letter !== undefined && diskLetter(device) === letter)
  if (named.length !== 1) {
    throw new DiskError(
      name,
      `${roots.length} disks have the function root: ${devices}; the boot line names none of them (root=${rootDevice ?? ''}); copy ova.xml and the chunks into a folder, and leave the function to one disk`,
      'not-a-ddk',
    )
  }
  warn(`${name}: ${roots.length} disks have the function root: ${devices}; the boot line decides, root=${rootDevice}: ${named[0]!.device}`)
  return named[0]!
}

function noRoot(vbds: readonly Vbd[], vdis: readonly Vdi[], name: string): never {
  const attachments = vbds
    .slice(0, 10)
    .map((vbd) => `${vbd.device ?? '?'} (function ${vbd.function ?? '?'}, mode ${vbd.mode ?? '?'}, disk ${vbd.vdi ?? '?'})`)
  const disks = vdis.slice(0, 10).map((vdi) => vdi.name)
  throw new DiskError(
    name,
    `it doesn't say which disk is the root: its attachments are ${attachments.join(', ') || 'none'}; its disks are ${disks.join(', ') || 'none'}`,
    'not-a-ddk',
  )
}
