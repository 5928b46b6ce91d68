import { expect, test } from '@jest/globals'
import type { Inspection } from '../../src/disk/inspection.ts'
import { inspectionText } from '../../src/report/inspection.ts'

const nothing: Inspection = { input: '/srv/ddk.iso', warnings: [], errors: [] }
/** The lines about one layer, with its title. */
const blockOf = (inspection: Partial<Inspection>, title: string) =>
  inspectionText({ ...nothing, ...inspection })
    .split('\n\n')
    .map((block) => block.trimEnd().split('\n'))
    .find(([first]) => first === title)

test('an input about which nothing else is known', () => {
  expect(inspectionText(nothing)).toBe('Input\n  path              /srv/ddk.iso\n')
})

test('an input', () => {
  expect(blockOf({ kind: 'iso', packedAs: ['gzip', 'zip'], size: 999 } as Partial<Inspection>, 'Input')).toEqual([
    'Input',
    '  path              /srv/ddk.iso',
    '  kind              iso',
    '  packed as         gzip, zip',
    '  size              999 bytes',
  ])
  expect(blockOf({ size: 1000 }, 'Input')).toContain('  size              1000 bytes (1.0 kB)')
})

const iso: NonNullable<Inspection['iso']> = {
  volumeId: 'DDK',
  systemId: 'LINUX',
  publisherId: 'Citrix',
  preparerId: '',
  applicationId: 'genisoimage',
  created: { seconds: 1_420_070_400, nanoseconds: 0 },
  modified: undefined,
  blockSize: 2048,
  size: 5e8,
  extensions: ['rock-ridge', 'joliet'],
  naming: 'rock-ridge',
  elTorito: true,
  udfBridge: true,
  hybrid: ['mbr', 'gpt'],
  sessions: 2,
} as const

test('an ISO', () => {
  expect(blockOf({ iso }, 'ISO 9660')).toEqual([
    'ISO 9660',
    '  volume            DDK',
    '  system            LINUX',
    '  publisher         Citrix',
    '  application       genisoimage',
    '  created           2015-01-01T00:00:00Z',
    '  block size        2048 bytes (2.0 kB)',
    '  volume size       500000000 bytes (500.0 MB)',
    '  extensions        rock-ridge, joliet',
    '  read by           rock-ridge',
    '  El Torito         yes',
    '  UDF bridge        yes',
    '  hybrid            mbr, gpt',
    '  sessions          2',
  ])
  const plain = blockOf({ iso: { ...iso, extensions: [], elTorito: false, udfBridge: false, hybrid: [], sessions: 1 } }, 'ISO 9660')!
  expect(plain).toContain('  extensions        none')
  expect(plain.filter((line) => /El Torito|UDF|hybrid|sessions/.test(line))).toEqual([])
})

test('a machine in either version of the format', () => {
  const appliance = { label: 'DDK', version: '6.5.0', build: '1c', bootLine: 'ro', isHvm: true, vbds: [{ device: 'xvda', mode: 'w' }] }
  const vdis = [{ name: 'vdi_xvda', size: 5 }]
  expect(blockOf({ appliance: { ...appliance, vdis } }, 'ova.xml')).toEqual([
    'ova.xml',
    '  label             DDK',
    '  version           6.5.0',
    '  build             1c',
    '  boot line         ro',
    '  HVM               yes',
    '  vbd               device=xvda mode=w',
    '  vdi               name=vdi_xvda size=5',
  ])
  expect(blockOf({ appliance: { ...appliance, vdis, isHvm: false } }, 'ova.xml')).toContain('  HVM               no')
  const disks = [{ ref: 'Ref:4', virtualSize: 5, label: 'root', userdevice: '0', bootable: true }]
  expect(blockOf({ xva: { exportedBy: 'XenServer 7.0.0', label: 'DDK', bootLine: 'ro', bootloader: 'pygrub', disks } }, 'XVA')).toEqual([
    'XVA',
    '  exported by       XenServer 7.0.0',
    '  label             DDK',
    '  boot line         ro',
    '  bootloader        pygrub',
    '  disk              ref=Ref:4 virtualSize=5 label=root userdevice=0 bootable=true',
  ])
})

test('the first chunks and the last', () => {
  const chunks = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `xvda/c${index}`, size: index, gzipped: index > 0 }))
  const row = (index: number) => `  c${index}                ${index} bytes${index > 0 ? '' : ', not compressed'}`
  expect(blockOf({ chunks: chunks(6) }, 'Chunks (6)')).toEqual(['Chunks (6)', ...[0, 1, 2, 3, 4, 5].map(row)])
  expect(blockOf({ chunks: chunks(7) }, 'Chunks (7)')).toEqual([
    'Chunks (7)',
    ...[0, 1, 2, 3].map(row),
    '  …                 2 more',
    row(6),
  ])
})

test('a VHD, and what lies on the disk in it', () => {
  const vhd = {
    ...{ type: 'dynamic', creator: 'tap', uuid: 'u', currentSize: 5, originalSize: 6, geometrySize: 7, blockSize: 8 },
    ...{ blocks: 10, allocatedBlocks: 9, batmap: true },
  } as NonNullable<NonNullable<Inspection['image']>['vhd']>
  expect(blockOf({ image: { format: 'dynamic VHD', size: 4, vhd } }, 'Disk image')).toEqual([
    'Disk image',
    '  format            dynamic VHD',
    '  size              4 bytes',
    '  created by        tap',
    '  UUID              u',
    '  disk size         5 bytes',
    '  original size     6 bytes',
    '  geometry size     7 bytes',
    '  block size        8 bytes',
    '  blocks            9 of 10 allocated',
    '  batmap            yes',
  ])
  expect(blockOf({ image: { format: 'raw', size: 4 } }, 'Disk image')).toEqual([
    'Disk image',
    '  format            raw',
    '  size              4 bytes',
  ])
  const disk = { size: 5, scheme: 'gpt', sectorSize: 512 }
  expect(blockOf({ disk }, 'Disk')).toEqual([
    'Disk',
    '  size              5 bytes',
    '  partition table   GPT',
    '  sector size       512 bytes',
  ])
  expect(blockOf({ disk: { ...disk, scheme: 'none' } }, 'Disk')).toContain('  partition table   none')
})

test('a partition, and the filesystem in it', () => {
  const fileSystem = {
    ...{ type: 'ext3', label: 'root', uuid: 'f', blockSize: 4096, size: 9000, free: 2000 },
    ...{ features: ['has_journal', 'sparse_super'], notes: ['journal replayed: 3 transactions'] },
  }
  const volume = {
    ...{ number: 1, start: 1024, size: 9216, type: '0x83', typeName: 'Linux', extended: false, name: 'system', uuid: 'p', bootable: true },
    ...{ holds: 'ext3', fileSystem },
  }
  expect(blockOf({ volumes: [volume] }, 'Partition 1')).toEqual([
    'Partition 1',
    '  start             byte 1024 (sector 2 of 512)',
    '  size              9216 bytes (9.2 kB)',
    '  type              0x83, Linux',
    '  name              system',
    '  partition UUID    p',
    '  bootable          yes',
    '  holds             ext3',
    '  label             root',
    '  UUID              f',
    '  block size        4096 bytes (4.1 kB)',
    '  filesystem size   9000 bytes (9.0 kB), 2.0 kB free',
    '  features          has_journal sparse_super',
    '  note              journal replayed: 3 transactions',
  ])
  const whole = { ...volume, number: 0, start: 0, type: '', typeName: 'whole disk', name: '', uuid: '', bootable: false }
  const unreadable = { holds: 'XFS', fileSystem: undefined as never, error: 'it is damaged' }
  expect(blockOf({ volumes: [{ ...whole, ...unreadable }] }, 'Whole disk')).toEqual([
    'Whole disk',
    '  size              9216 bytes (9.2 kB)',
    '  type              whole disk',
    '  holds             XFS',
    '  error             it is damaged',
  ])
})

test('a root filesystem, and which DDK it is', () => {
  const root = { place: 'partition 1', looksLikeRoot: true, mounts: [], leftOut: [] }
  const identity = { product: 'XenServer DDK', version: '6.5.0', build: '1c', kernelVersion: '3.10.0+2', architecture: 'x86_64' } as const
  expect(blockOf({ root, identity }, 'Root filesystem')).toEqual([
    'Root filesystem',
    '  in                partition 1',
    '  looks like a root yes',
    '  product           XenServer DDK',
    '  version           6.5.0',
    '  build             1c',
    '  kernel            3.10.0+2',
    '  architecture      x86_64',
  ])
  expect(blockOf({ root: { ...root, looksLikeRoot: false } }, 'Root filesystem')).toEqual([
    'Root filesystem',
    '  in                partition 1',
    '  looks like a root no',
    ...['product          ', 'version          ', 'build            ', 'kernel           ', 'architecture     '].map(
      (name) => `  ${name} unknown`,
    ),
  ])
})

test('what is wrong, each in one line, whatever names it contains', () => {
  const wrong = { warnings: ['it is odd\n::error::x'], errors: ['it is damaged', '##[error]x'] }
  expect(blockOf(wrong, 'Warnings')).toEqual(['Warnings', '  it is odd\\u000a::error::x'])
  expect(blockOf(wrong, 'Errors')).toEqual(['Errors', '  it is damaged', '  \\u0023#[error]x'])
  expect(blockOf({ input: 'a\n::error::x' }, 'Input')).toEqual(['Input', '  path              a\\u000a::error::x'])
})
