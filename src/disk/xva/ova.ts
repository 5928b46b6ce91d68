import { SaxesParser } from 'saxes'
import { DiskError } from '../../bytes/errors.ts'

/** What `ova.xml` of an XVA version 2 says about the virtual machine and its disks. */
export interface XvaDescription {
  /** The product that exported it, e.g. `XenServer 7.0.0`. */
  readonly exportedBy: string
  /** VM's `name_label`. */
  readonly label: string
  /** The kernel's command line: the VM's `PV_args`, else `PV_legacy_args`. */
  readonly bootLine: string
  readonly bootloader: string
  /** In the order in which they are attached. */
  readonly disks: readonly XvaDiskDescription[]
}

export interface XvaDiskDescription {
  /** The folder of its blocks, e.g. `Ref:4`. */
  readonly ref: string
  /** In bytes. */
  readonly virtualSize: number
  readonly label: string
  /** Position at which it is attached: 0, 1, …; undefined if it isn't. */
  readonly userdevice: string | undefined
  readonly bootable: boolean
}

/** A machine has at most 255 disks, and so has each of its snapshots. */
const maxDisks = 2000

/** The limit of a VHD. */
const maxDiskSize = 2040 * 2 ** 30

/** An XML-RPC value. A scalar of any type is represented by its text. */
type Value = string | Value[] | Struct
type Struct = Map<string, Value>

/** Far deeper than any record of xapi. */
const maxDepth = 64

/** @throws DiskError if it isn't XML, or wasn't written by xapi */
export function parseXvaOva(xml: string, place: string): XvaDescription {
  const top = parseValue(xml, place)
  const objects = struct(top).get('objects')
  if (!Array.isArray(objects))
    throw new DiskError(place, 'it has no list of objects, so it is not the description of an XVA version 2', 'not-a-ddk')
  const ofClass = (name: string) => objects.map(struct).filter((object) => text(object, 'class') === name)
  for (const kind of ['VDI', 'VBD']) {
    const { length } = ofClass(kind)
    if (length > maxDisks) throw new DiskError(place, `it describes ${length} objects of the class ${kind}; the limit is ${maxDisks}`)
  }
  const vms = ofClass('VM')
  // Snapshots of the machine are exported with it.
  const machines = vms.filter((object) => !isTrue(snapshot(object), 'is_a_snapshot'))
  if (machines.length > 1) {
    const names = machines.map((object) => JSON.stringify(text(snapshot(object), 'name_label'))).slice(0, 10)
    throw new DiskError(place, `it describes ${machines.length} virtual machines: ${names.join(', ')}; export the DDK alone`, 'not-a-ddk')
  }
  const machine = machines[0] ?? vms[0]
  if (!machine) throw new DiskError(place, 'it describes no virtual machine (an object of the class VM)', 'not-a-ddk')
  const vm = snapshot(machine)
  const otherVms = vms.filter((object) => object !== machine)
  const vbds = attachments(ofClass('VBD').map(snapshot), otherVms)
  const product = struct(struct(top).get('version'))
  return {
    exportedBy: `${text(product, 'product_brand')} ${text(product, 'product_version')}`.trim(),
    label: text(vm, 'name_label'),
    bootLine: text(vm, 'PV_args') || text(vm, 'PV_legacy_args'),
    bootloader: text(vm, 'PV_bootloader'),
    disks: describeDisks(ofClass('VDI'), vbds, place),
  }
}

/** How a machine's disks are attached. Those of its snapshots have the same positions, and drives for CDs contain no disk of it. */
function attachments(vbds: readonly Struct[], otherVms: readonly Struct[]): Struct[] {
  const others = new Set(otherVms.map((vm) => text(vm, 'id')))
  return vbds.filter((vbd) => !others.has(text(vbd, 'VM')) && ['', 'disk'].includes(text(vbd, 'type').toLowerCase()))
}

function describeDisks(vdis: readonly Struct[], vbds: readonly Struct[], place: string): XvaDiskDescription[] {
  const disks = vdis.map((vdi) => {
    const ref = text(vdi, 'id')
    const size = text(snapshot(vdi), 'virtual_size')
    if (!/^\d{1,15}$/.test(size))
      throw new DiskError(place, `the disk ${ref} has the size ${JSON.stringify(size)}, which is not a number of bytes`)
    if (Number(size) > maxDiskSize)
      throw new DiskError(place, `the disk ${ref} has ${size} bytes; the limit is ${maxDiskSize}`, 'unsupported')
    const vbd = vbds.find((candidate) => text(candidate, 'VDI') === ref)
    return {
      ref,
      virtualSize: Number(size),
      label: text(snapshot(vdi), 'name_label'),
      userdevice: vbd && text(vbd, 'userdevice'),
      bootable: vbd !== undefined && isTrue(vbd, 'bootable'),
    }
  })
  return disks.sort((a, b) => positionOf(a.userdevice) - positionOf(b.userdevice))
}

/** The number of `0`, `1`, …, or of `xvda`, `xvdb`, …; unattached disks come last. */
function positionOf(userdevice: string | undefined): number {
  if (userdevice === undefined) return Number.MAX_SAFE_INTEGER
  if (/^\d{1,9}$/.test(userdevice)) return Number(userdevice)
  const letter = /^(?:xvd|sd|hd)([a-z])$/.exec(userdevice)?.[1]
  return letter === undefined ? 1e9 : letter.charCodeAt(0) - 'a'.charCodeAt(0)
}

/** XML-RPC writes 1. */
function isTrue(from: Struct, name: string): boolean {
  return ['1', 'true'].includes(text(from, name).toLowerCase())
}

function snapshot(object: Struct): Struct {
  return struct(object.get('snapshot'))
}

function struct(value: Value | undefined): Struct {
  return value instanceof Map ? value : new Map()
}

function text(from: Struct, name: string): string {
  const value = from.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

/** An element that is still open. */
interface Open {
  readonly name: string
  text: string
  value?: Value
  /** Name of a member. */
  key?: string
}

/** Parses the outermost `<value>` of an XML-RPC document (http://xmlrpc.com/spec.md). */
function parseValue(xml: string, place: string): Value {
  const stack: Open[] = []
  let result: Value | undefined
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw new DiskError(place, `it is not well-formed XML: ${error.message}`)
  })
  parser.on('opentag', ({ name }) => {
    if (stack.length >= maxDepth) throw new DiskError(place, `its elements are nested more than ${maxDepth} deep`)
    const open: Open = { name, text: '' }
    if (name === 'struct') open.value = new Map()
    if (name === 'data') open.value = []
    stack.push(open)
  })
  const characters = (piece: string) => {
    const open = stack.at(-1)
    if (open) open.text += piece
  }
  parser.on('text', characters)
  parser.on('cdata', characters)
  parser.on('closetag', () => {
    const closed = stack.pop()!
    const parent = stack.at(-1)
    if (parent) give(parent, closed)
    else if (closed.name === 'value') result = finished(closed)
  })
  parser.write(xml).close()
  if (result === undefined)
    throw new DiskError(place, 'its outermost element is not a <value>, so it is not the description of an XVA version 2', 'not-a-ddk')
  return result
}

/** Adds a finished element to its parent. */
function give(parent: Open, child: Open): void {
  if (child.name === 'name' && parent.name === 'member') parent.key = child.text
  else if (child.name === 'member' && parent.value instanceof Map) parent.value.set(child.key ?? '', child.value ?? '')
  else if (child.name === 'value' && Array.isArray(parent.value)) parent.value.push(finished(child))
  else if (parent.name === 'member' || parent.name === 'value' || parent.name === 'array') parent.value = finished(child)
}

function finished(element: Open): Value {
  return element.value ?? element.text
}
