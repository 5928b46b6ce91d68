import { describe, expect, test } from '@jest/globals'
import { DiskError } from '../../../src/bytes/errors.ts'
import { bytesAt, memorySource, type Source } from '../../../src/bytes/source.ts'
import { hasLabel, type LogicalVolume, readLvm } from '../../../src/disk/lvm/index.ts'
import { areaAt, groupText, linear, type MemoryPvOptions, memoryPv, sealed, uuidOf, volumeText } from './memory-pv.ts'

// Volume groups in memory: what LVM's tools don't make without the device mapper, and what they never make.

function read(...pvs: readonly Buffer[]) {
  const warnings: string[] = []
  const sources = pvs.map((pv, index) => memorySource(pv, `partition ${index + 1} of disk`))
  const { groups, problems } = readLvm(sources, 'disk', (sentence) => warnings.push(sentence))
  const volumes = new Map(
    groups.flatMap(({ logicalVolumes }) => logicalVolumes.map((volume): [string, LogicalVolume] => [volume.name, volume])),
  )
  return { groups, problems: problems.map(({ error }) => error.message), warnings, volumes }
}

function one(volumes: string, options: Partial<MemoryPvOptions> = {}) {
  return read(memoryPv({ uuid: uuidOf(0), text: groupText(volumes), ...options }))
}

/** Why a volume can't be read, or its size. */
function outcome({ volumes }: ReturnType<typeof read>, name = 'root'): string | number {
  const { source } = volumes.get(name)!
  return source instanceof DiskError ? source.message : source.size
}

const stripes = (count: number, extents: number, size: string, list: string) =>
  `start_extent = 0\nextent_count = ${extents}\ntype = "striped"\nstripe_count = ${count}\n${size}\nstripes = [${list}]`
const segment = (type: string, rest = '') => `start_extent = 0\nextent_count = 2\ntype = "${type}"\n${rest}`

test('the metadata is read as RHEL 7 writes it', () => {
  const lvm = one(volumeText('root', [linear(0, 2, 'pv0', 3)]) + volumeText('swap', [linear(0, 1, 'pv0', 0)]))
  expect(lvm).toMatchObject({ problems: [], warnings: [] })
  expect(lvm.groups[0]).toMatchObject({
    name: 'centos',
    uuid: 'Vg0000-0000-0000-0000-0000-0000-000000',
    seqno: 5,
    extentSize: 4 << 20,
    physicalVolumes: [{ size: 60 << 20, place: 'partition 1 of disk' }],
  })
  expect(outcome(lvm)).toBe(8 << 20)
})

test('wherever the text begins in its area, it is read in a ring', () => {
  const text = groupText(volumeText('root', [linear(0, 2, 'pv0', 3)]))
  const areaSize = 8192
  for (let textAt = 512; textAt < areaSize; textAt += 512) {
    const lvm = read(memoryPv({ uuid: uuidOf(0), text, areaSize, textAt }))
    expect(outcome(lvm)).toBe(8 << 20)
    expect(lvm).toMatchObject({ problems: [], warnings: [] })
  }
})

test('each byte of a volume is where its segment says', () => {
  // Extents of one sector, so that a kilobyte is enough.
  const small = (text: string) => text.replace('extent_size = 8192', 'extent_size = 1').replaceAll('pe_start = 128', 'pe_start = 1024')
  const volumes =
    volumeText('root', [linear(0, 2, 'pv1', 1), linear(2, 1, 'pv0', 5)]) +
    volumeText('usr', [stripes(2, 4, 'stripe_size = 1', '"pv0", 0, "pv1", 3')])
  const text = small(groupText(volumes, [uuidOf(0), uuidOf(1)]))
  const pvs = [0, 1].map((index) => {
    const pv = memoryPv({ uuid: uuidOf(index), text })
    for (let extent = 0; extent < 15; extent++) pv.fill(100 * index + extent, (1024 + extent) * 512, (1025 + extent) * 512)
    return pv
  })
  const lvm = read(...pvs)
  const sectors = (name: string) => {
    const source = lvm.volumes.get(name)!.source as Source
    return Array.from({ length: source.size / 512 }, (_, index) => [...new Set(bytesAt(source, index * 512, 512))]).flat()
  }
  expect(sectors('root')).toEqual([101, 102, 5])
  expect(sectors('usr')).toEqual([0, 103, 1, 104])
  expect([...bytesAt(lvm.volumes.get('usr')!.source as Source, 510, 1028)]).toEqual([
    0,
    0,
    ...Array(512).fill(103),
    ...Array(512).fill(1),
    104,
    104,
  ])
})

const hidden = '["READ", "WRITE"]'

describe('a volume of another type is refused by name', () => {
  test.each([
    ['thin', 'thin_pool = "pool00"\ntransaction_id = 0\ndevice_id = 1', 'a thin volume'],
    ['thin-pool', 'metadata = "pool00_tmeta"\npool = "pool00_tdata"', 'a thin pool'],
    ['cache', 'cache_pool = "pool"\norigin = "root_corig"', 'a cached volume'],
    ['cache+METADATA_FORMAT', 'cache_pool = "pool"\norigin = "root_corig"', 'a cached volume'],
    ['writecache', 'origin = "root_wcorig"', 'a volume with a write cache'],
    ['mirror', 'mirror_count = 2\nmirrors = ["root_mimage_0", 0, "root_mimage_1", 0]', 'a mirror'],
    ['raid1', 'device_count = 2\nraids = ["root_rmeta_0", "root_rimage_0"]', 'a RAID volume (raid1)'],
    ['raid5_ls', 'device_count = 3', 'a RAID volume (raid5_ls)'],
    ['vdo', 'vdo_pool = "vpool0"', 'a VDO volume'],
    ['vdo-pool', 'data = "vpool0_vdata"', 'a VDO pool'],
    ['striped+SOMETHING', '', 'a volume of the type "striped+SOMETHING"'],
    ['future\\"::error::', '', 'a volume of the type "future\\"::error::"'],
  ])('%s', (type, rest, name) => {
    const lvm = one(
      volumeText('root', [segment(type, rest)]) +
        volumeText('boot', [linear(0, 1, 'pv0', 0)]) +
        volumeText('root_corig', [linear(0, 2, 'pv0', 1)], hidden),
    )
    expect(outcome(lvm)).toBe(`logical volume centos/root of disk: it is ${name}, and only linear and striped volumes can be read`)
    expect(outcome(lvm, 'boot')).toBe(4 << 20)
    expect(lvm.volumes.get('root_corig')!.isVisible).toBe(false)
  })

  const snapshot = (rest: string) =>
    one(
      volumeText('root', [linear(0, 2, 'pv0', 0)]) +
        volumeText('snap', [linear(0, 1, 'pv0', 2)]) +
        volumeText('snapshot0', [segment('snapshot', `chunk_size = 8\norigin = "root"\n${rest}`)], hidden),
    )

  test('a snapshot, but not its origin', () => {
    const lvm = snapshot('cow_store = "snap"')
    expect(outcome(lvm)).toBe(8 << 20)
    expect(outcome(lvm, 'snap')).toContain('centos/snap of disk: it is a snapshot of root, and only linear')
  })

  test('the origin of a snapshot that is being merged', () => {
    const lvm = snapshot('merging_store = "snap"')
    expect(outcome(lvm)).toContain('centos/root of disk: a snapshot is being merged into it; activate it once with LVM')
    expect(outcome(lvm, 'snap')).toContain('it is a snapshot that is being merged into root')
  })

  test('a volume that pvmove was interrupted at', () => {
    const mirror = segment('mirror', 'mirror_count = 1\nmirrors = ["pv0", 0, "pv0", 4]')
    const lvm = one(volumeText('root', [linear(0, 2, 'pvmove0', 0)]) + volumeText('pvmove0', [mirror], hidden))
    expect(outcome(lvm)).toContain('a part of it lies on centos/pvmove0, which is a mirror, and only linear and striped')
  })
})

describe('impossible metadata is refused', () => {
  const damaged = '; the metadata of the volume group is damaged'
  test.each([
    [
      'a segment beyond the physical volume',
      [linear(0, 2, 'pv0', 14)],
      `its segment 1 ends at extent 16 of physical volume Pv0000-0000-0000-0000-0000-0000-000000, which has 15`,
    ],
    ['a segment far beyond any disk', [linear(0, 2, 'pv0', 2 ** 52)], 'its segment 1 ends at extent 4503599627370498'],
    ['a huge segment', [linear(0, 2 ** 45, 'pv0', 0)], 'its segment 1 ends beyond any possible disk'],
    ['a gap between segments', [linear(0, 1, 'pv0', 0), linear(2, 1, 'pv0', 1)], 'its segment 2 begins at extent 2 instead of 1'],
    ['segments over each other', [linear(0, 2, 'pv0', 0), linear(1, 1, 'pv0', 4)], 'its segment 2 begins at extent 1 instead of 2'],
    ['no extents', [linear(0, 0, 'pv0', 0)], 'its segment 1 has 0 extents on 1 stripes'],
    ['an unknown physical volume', [linear(0, 1, 'pv7', 0)], 'its segment 1 lies on "pv7", which doesn\'t exist'],
    [
      'stripes of no bytes',
      [stripes(2, 2, 'stripe_size = 0', '"pv0", 0, "pv0", 1')],
      'its segment 1 has stripes of 0 bytes in areas of 4194304 bytes',
    ],
    ['stripes without a size', [stripes(2, 2, '', '"pv0", 0, "pv0", 1')], 'its segment 1 has stripes of 0 bytes'],
    ['stripes that are no part of the area', [stripes(2, 2, 'stripe_size = 5000', '"pv0", 0, "pv0", 1')], 'has stripes of 2560000 bytes'],
    [
      'extents that are no multiple of the stripes',
      [stripes(2, 3, 'stripe_size = 128', '"pv0", 0, "pv0", 2')],
      'has 3 extents on 2 stripes',
    ],
    ['no segments', [], 'it has no segments'],
  ])('%s', (_what, segments, why) => {
    const result = outcome(one(volumeText('root', segments)))
    expect(result).toContain('logical volume centos/root of disk: ')
    expect(result).toContain(why)
    expect(result).toContain(damaged)
  })

  test('a volume that is mapped to itself', () => {
    expect(outcome(one(volumeText('root', [linear(0, 1, 'root', 0)])))).toContain(
      'a part of it lies on centos/root, which is a volume itself',
    )
  })

  test('volumes that share an extent, but not their neighbour', () => {
    const lvm = one(
      volumeText('root', [linear(0, 4, 'pv0', 0)]) +
        volumeText('usr', [linear(0, 2, 'pv0', 3)]) +
        volumeText('var', [linear(0, 2, 'pv0', 5)]),
    )
    const shared = 'it shares extent 3 of physical volume Pv0000-0000-0000-0000-0000-0000-000000 with centos'
    expect(outcome(lvm)).toBe(`logical volume centos/root of disk: ${shared}/usr${damaged}`)
    expect(outcome(lvm, 'usr')).toBe(`logical volume centos/usr of disk: ${shared}/root${damaged}`)
    expect(outcome(lvm, 'var')).toBe(8 << 20)
  })

  test.each([
    ['a missing bracket', (text: string) => text.slice(0, 310), 'ends in the middle'],
    ['a string without an end', (text: string) => `${text}x = "`, "has a string that doesn't end"],
    ['a name twice', (text: string) => text.replace('flags = []', 'seqno = 6'), 'has "seqno" twice (line 6)'],
    ['a list without commas', (text: string) => text.replace('"READ", "WRITE"', '"READ" "WRITE"'), 'has "WRITE" where it isn\'t allowed'],
    ['a section in a list', (text: string) => text.replace('"RESIZEABLE"', '{'), 'has "{" where it isn\'t allowed'],
    ['too many levels', (text: string) => text + 'a {'.repeat(1000), 'has more than 16 levels of sections'],
    ['no extent size', (text: string) => text.replace('extent_size = 8192', 'extent_size = 0'), 'has 0 as "extent_size"'],
    ['a negative extent size', (text: string) => text.replace('extent_size = 8192', 'extent_size = -8192'), 'has -8192 as "extent_size"'],
    ['a huge extent size', (text: string) => text.replace('extent_size = 8192', 'extent_size = 99999999999999999999'), 'as "extent_size"'],
    ['another content', (text: string) => text.replace('Text Format Volume Group', 'Other'), 'has the contents "Other"'],
    ['another version', (text: string) => text.replace('version = 1\n', 'version = 2\n'), 'has the version 2'],
    ['two groups', (text: string) => `${text}other { }`, 'describes 2 volume groups'],
    ['an impossible name', (text: string) => text.replace('root {', '../root {'), 'has the impossible name "../root"'],
    ['too few segments', (text: string) => text.replace('segment_count = 1', 'segment_count = 2'), 'lacks segment 2 of root'],
    [
      'too many segments',
      (text: string) => text.replace('segment_count = 1', 'segment_count = 1000000000'),
      'has more than 100000 segments',
    ],
    [
      'too many stripes',
      (text: string) => text.replace('stripe_count = 1', 'stripe_count = 4294967295'),
      'has no list of 4294967295 stripes',
    ],
  ])('%s', (_what, change, why) => {
    const lvm = read(memoryPv({ uuid: uuidOf(0), text: change(groupText(volumeText('root', [linear(0, 1, 'pv0', 0)]))) }))
    expect(lvm.groups).toEqual([])
    expect(lvm.problems).toHaveLength(1)
    expect(lvm.problems[0]).toContain(
      "partition 1 of disk: its LVM metadata can't be read: the metadata area at byte 4096 is damaged (the metadata ",
    )
    expect(lvm.problems[0]).toContain(why)
  })
})

describe('a damaged label or area', () => {
  const good = () => memoryPv({ uuid: uuidOf(0), text: groupText(volumeText('root', [linear(0, 1, 'pv0', 0)])) })
  test.each([
    ['the sector number', (pv: Buffer) => void pv.writeUInt8(2, 520), 'byte 512: the LVM label says that it is in sector 2'],
    ['the place of the header', (pv: Buffer) => void pv.writeUInt32LE(600, 532), 'the LVM label has its header at byte 600'],
    ['the UUID', (pv: Buffer) => void pv.fill(0, 544, 560), 'the LVM label has no valid UUID'],
    ['the end of the areas', (pv: Buffer) => void pv.fill(1, 584, 1024), 'beyond any possible disk'],
    [
      'the area past the end',
      (pv: Buffer) => void pv.writeBigUInt64LE(1n << 40n, 616),
      'at byte 1099511627776 is damaged (it lies past the end)',
    ],
    ['the version', (pv: Buffer) => void pv.writeUInt32LE(2, areaAt + 20), 'is damaged (its version is 2)'],
    ['the signature', (pv: Buffer) => void pv.fill(0, areaAt + 4, areaAt + 8), 'is damaged (its header has no signature)'],
    ['its own place', (pv: Buffer) => void pv.writeUInt32LE(8192, areaAt + 24), 'is damaged (its header belongs to byte 8192)'],
    ['the offset of the text', (pv: Buffer) => void pv.writeUInt32LE(60 << 10, areaAt + 40), "doesn't fit into its 61440 bytes"],
    ['the size of the text', (pv: Buffer) => void pv.writeUInt32LE(60 << 10, areaAt + 48), "doesn't fit into its 61440 bytes"],
    [
      'a huge text',
      (pv: Buffer) => {
        pv.writeUInt8(1, areaAt + 39)
        pv.writeUInt8(1, areaAt + 53)
      },
      "doesn't fit into",
    ],
    [
      'a text over the limit',
      (pv: Buffer) => {
        pv.writeUInt8(1, areaAt + 36)
        pv.writeUInt8(8, areaAt + 51)
      },
      'the limit is 16777216',
    ],
    ['the checksum of the text', (pv: Buffer) => void pv.writeUInt32LE(1, areaAt + 56), 'is damaged (the checksum of its text is wrong)'],
  ])('%s', (_what, change, why) => {
    const pv = good()
    change(pv)
    sealed(pv)
    expect(hasLabel(memorySource(pv, 'pv'))).toBe(true)
    const lvm = read(pv)
    expect(lvm.groups).toEqual([])
    expect(lvm.problems).toHaveLength(1)
    expect(lvm.problems[0]).toContain(why)
  })

  test('a bit of the label', () => {
    const pv = good()
    pv.writeUInt8(1, 600)
    expect(read(pv).problems).toEqual(['partition 1 of disk, byte 512: the LVM label has a wrong checksum; the physical volume is damaged'])
  })

  test('metadata that never came into force is not used', () => {
    const pv = good()
    pv.copy(pv, areaAt + 64, areaAt + 40, areaAt + 64)
    pv.fill(0, areaAt + 40, areaAt + 64)
    expect(read(sealed(pv)).problems).toEqual(['partition 1 of disk: it is an LVM2 physical volume that belongs to no volume group'])
  })

  test('nothing, where the source is shorter than a label', () => {
    for (const length of [0, 511, 512, 543]) expect(hasLabel(memorySource(good().subarray(0, length), 'pv'))).toBe(false)
  })
})
