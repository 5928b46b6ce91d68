import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { bytesAt, memorySource } from '../../../src/bytes/source.ts'
import { isXva, openXva, type Xva } from '../../../src/disk/xva/index.ts'
import { sh, withTempDir } from '../../support/tools.ts'

const blockSize = 1 << 20

const member = (name: string, value: string) => `<member><name>${name}</name><value>${value}</value></member>`
const struct = (...members: string[]) => `<struct>${members.join('')}</struct>`
const object = (kind: string, id: string, ...members: string[]) =>
  `<value>${struct(member('class', kind), member('id', id), member('snapshot', struct(...members)))}</value>`

/** The shape in which xapi exports a machine, without what isn't asked for. */
const ovaXml = `<?xml version="1.0"?>
<value>${struct(
  member('version', struct(member('product_brand', 'XenServer'), member('product_version', '7.0.0'), member('export_vsn', '2'))),
  member(
    'objects',
    `<array><data>
    ${object('VM', 'Ref:9', member('name_label', 'an older one'), member('is_a_snapshot', '<boolean>1</boolean>'))}
    ${object(
      'VM',
      'Ref:0',
      member('name_label', 'XenServer DDK 7.0.0-125380c &amp; more'),
      member('is_a_snapshot', '<boolean>0</boolean>'),
      member('PV_args', ''),
      member('PV_legacy_args', 'root=/dev/xvda1 ro'),
      member('PV_bootloader', 'pygrub'),
      member('VBDs', '<array><data><value>Ref:3</value></data></array>'),
    )}
    ${object('VBD', 'Ref:6', member('VDI', 'Ref:7'), member('userdevice', '1'), member('bootable', '<boolean>0</boolean>'))}
    ${object('VBD', 'Ref:3', member('VDI', 'Ref:4'), member('userdevice', '0'), member('bootable', '<boolean>1</boolean>'))}
    ${object('VDI', 'Ref:7', member('virtual_size', '<int>5242880</int>'))}
    ${object('VDI', 'Ref:4', member('virtual_size', String(3.5 * blockSize)), member('name_label', 'root'))}
    </data></array>`,
  ),
)}</value>`

/** Makes an archive with GNU tar; blocks by name, each with its checksum beside it. */
function makeXva(dir: string, blocks: Record<string, Buffer>, change: { ova?: string; suffix?: string; sum?: string } = {}): string {
  const { ova = ovaXml, suffix = '.checksum', sum } = change
  writeFileSync(join(dir, 'ova.xml'), ova)
  const names = ['ova.xml']
  for (const [name, bytes] of Object.entries(blocks)) {
    mkdirSync(join(dir, name, '..'), { recursive: true })
    writeFileSync(join(dir, name), bytes)
    writeFileSync(join(dir, name + suffix), sum ?? createHash('sha1').update(bytes).digest('hex'))
    names.push(name, name + suffix)
  }
  sh(`cd ${dir}; tar --format=ustar -cf machine.xva ${names.join(' ')}`)
  return join(dir, 'machine.xva')
}

const block = (fill: string, size = blockSize) => Buffer.alloc(size, fill)
const blocks = { 'Ref:4/00000000': block('first'), 'Ref:4/00000002': block('third'), 'Ref:4/00000003': block('last', blockSize / 2) }

function open(path: string, warnings: string[] = []): Xva {
  return openXva(memorySource(readFileSync(path), 'machine.xva'), (sentence) => warnings.push(sentence))
}

test('a machine, its disks and their bytes', async () => {
  await withTempDir((dir) => {
    const path = makeXva(dir, blocks)
    expect(isXva(memorySource(readFileSync(path), 'machine.xva'))).toBe(true)
    const warnings: string[] = []
    const xva = open(path, warnings)
    expect(xva.ovaXml).toBe(ovaXml)
    expect(xva.description).toMatchObject({
      exportedBy: 'XenServer 7.0.0',
      label: 'XenServer DDK 7.0.0-125380c & more',
      bootloader: 'pygrub',
    })
    expect(xva.description.bootLine).toBe('root=/dev/xvda1 ro')
    expect(xva.description.disks.map(({ ref }) => ref)).toEqual(['Ref:4', 'Ref:7'])
    expect(xva.disks).toMatchObject([{ ref: 'Ref:4', userdevice: '0', bootable: true, label: 'root', virtualSize: 3.5 * blockSize }])
    const disk = xva.disks[0]!.source()
    const whole = Buffer.concat([block('first'), Buffer.alloc(blockSize), block('third'), block('last', blockSize / 2)])
    expect(bytesAt(disk, 0, disk.size).equals(whole)).toBe(true)
    expect(bytesAt(disk, blockSize - 10, 20).equals(whole.subarray(blockSize - 10, blockSize + 10))).toBe(true)
    expect(() => bytesAt(disk, disk.size - 1, 2)).toThrow('but it ends at byte 3670016')
    expect(warnings).toEqual([])
  })
})

test('a wrong checksum is found when its block is read, an xxHash is only spoken of', async () => {
  await withTempDir((dir) => {
    const disk = open(makeXva(dir, blocks, { sum: 'f'.repeat(40) })).disks[0]!.source()
    expect(bytesAt(disk, blockSize, 10)).toEqual(Buffer.alloc(10))
    expect(() => bytesAt(disk, 10, 10)).toThrow(
      /^block 0 of Ref:4 of machine\.xva: its SHA-1 is \w{40}, but should be f{40}; the archive is damaged$/,
    )
  })
  await withTempDir((dir) => {
    const warnings: string[] = []
    const disk = open(makeXva(dir, blocks, { suffix: '.xxhash' }), warnings).disks[0]!.source()
    expect(bytesAt(disk, 0, 5).toString()).toBe('first')
    expect(warnings).toEqual(['machine.xva: blocks have only xxHash checksums, which are not verified'])
  })
})

test('an empty block is zeros; a short one before the last, and one past the end, are damage', async () => {
  const source = (dir: string, more: Record<string, Buffer>) => open(makeXva(dir, { ...blocks, ...more })).disks[0]!.source()
  await withTempDir((dir) => expect(bytesAt(source(dir, { 'Ref:4/00000001': block('', 0) }), blockSize, 4)).toEqual(Buffer.alloc(4)))
  await withTempDir((dir) =>
    expect(() => source(dir, { 'Ref:4/00000001': block('x', 99) })).toThrow('block 1 of Ref:4 of machine.xva: it has 99 bytes'),
  )
  await withTempDir((dir) =>
    expect(() => source(dir, { 'Ref:4/00000003': block('x'), 'Ref:4/00000004': block('y') })).toThrow('it lies past the end of the disk'),
  )
})

test('what can’t be an XVA is told in one sentence', async () => {
  await withTempDir((dir) => {
    const path = makeXva(dir, blocks)
    sh(`gzip -k ${path}`)
    expect(() => open(`${path}.gz`)).toThrow('machine.xva: the XVA is compressed; unpack it with gunzip first')
    truncateSync(path, 2 * blockSize)
    expect(() => open(path)).toThrow('Ref:4/00000002 should have 1048576 bytes, but the archive ends at byte 2097152; it is cut short')
    truncateSync(path, 512)
    expect(() => open(path)).toThrow('it is cut short')
  })
  const garbage = memorySource(Buffer.alloc(4096, 'x'), 'x')
  expect(isXva(garbage)).toBe(false)
  expect(() => openXva(garbage, () => {})).toThrow('x, byte 0: a tar header should be here, but its checksum is wrong')
  for (const [ova, sentence] of [
    ['<appliance version="0.1"/>', 'its outermost element is not a <value>'],
    ['<value><struct>', 'ova.xml of machine.xva: it is not well-formed XML'],
    ['<value/>', 'it has no list of objects'],
    [`${'<value>'.repeat(100)}`, 'nested more than 64 deep'],
    [ovaXml.replace('<int>5242880</int>', 'many'), 'the disk Ref:7 has the size "many"'],
    [ovaXml.replaceAll('>VM<', '><'), 'it describes no virtual machine'],
    [ovaXml.replaceAll('Ref:4', 'Ref:5'), 'no blocks of any disk that its ova.xml describes'],
  ] as const) {
    await withTempDir((dir) => expect(() => open(makeXva(dir, blocks, { ova }))).toThrow(sentence))
  }
})
