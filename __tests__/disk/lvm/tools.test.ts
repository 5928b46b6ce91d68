import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { sha256OfSource } from '../../../src/bytes/digest.ts'
import { DiskError } from '../../../src/bytes/errors.ts'
import { memorySource, openFile, type Source } from '../../../src/bytes/source.ts'
import { hasLabel, type LogicalVolume, readLvm } from '../../../src/disk/lvm/index.ts'
import { emptyFile, type LogicalVolumeOptions, makeVolumeGroup, type VolumeGroupOptions, withLvm } from '../../fixtures/lvm.ts'
import { noMounts } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { run, sh, withTempDir } from '../../support/tools.ts'
import { groupText, linear, memoryPv, uuidOf, volumeText } from './memory-pv.ts'

// Volume groups by LVM's own tools.

const { describe: suite } = unless(noMounts)

/** Bytes that differ everywhere. */
function makeImage(path: string, megabytes: number): string {
  const bytes = Buffer.alloc(megabytes << 20)
  for (let at = 0; at < bytes.length; at += 512) bytes.writeUInt32LE(at ^ 0x5bd1e995, at)
  writeFileSync(path, bytes)
  return path
}

function read(files: readonly string[]) {
  const warnings: string[] = []
  const sources = files.map((file, index) => memorySource(readFileSync(file), `partition ${index + 1} of disk`))
  expect(sources.every(hasLabel)).toBe(true)
  return { ...readLvm(sources, 'disk', (sentence) => warnings.push(sentence)), warnings }
}

function volume({ groups }: ReturnType<typeof read>, name: string): LogicalVolume {
  return groups.flatMap(({ logicalVolumes }) => logicalVolumes).find((other) => other.name === name)!
}

function bytesOf(lvm: ReturnType<typeof read>, name: string): Source {
  const { source } = volume(lvm, name)
  if (source instanceof DiskError) throw source
  return source
}

/** Makes a volume group with one image, and expects the volume to have its bytes. */
function expectSame(dir: string, pvs: number, volumes: readonly Omit<LogicalVolumeOptions, 'image'>[], options?: VolumeGroupOptions) {
  const image = makeImage(join(dir, 'image'), 20)
  const files = Array.from({ length: pvs }, (_, index) => emptyFile(join(dir, `pv${index}`), 80))
  makeVolumeGroup(
    files,
    volumes.map((each) => ({ ...each, image })),
    options,
  )
  const lvm = read(files)
  for (const { name } of volumes) {
    const source = bytesOf(lvm, name)
    const [expected, size] = [readFileSync(image), source.size]
    expect(sha256OfSource(source)).toBe(
      createHash('sha256')
        .update(expected)
        .update(Buffer.alloc(size - expected.length))
        .digest('hex'),
    )
  }
  expect(lvm).toMatchObject({ problems: [], warnings: [] })
  return { lvm, files }
}

suite("a volume has the bytes that were written where LVM's tools say that its extents are", () => {
  test('linear', () =>
    withTempDir((dir) => {
      const { lvm, files } = expectSame(dir, 1, [{ name: 'root' }])
      expect(volume(lvm, 'root')).toMatchObject({ types: ['linear'], isVisible: true, size: 20 << 20 })
      const [line] = withLvm(files, (command) => command('lvs', '--noheadings', '-o', 'vg_name,vg_uuid,lv_uuid,vg_seqno'))
        .trim()
        .split('\n')
      const { group, uuid } = volume(lvm, 'root')
      expect([group, lvm.groups[0]!.uuid, uuid, String(lvm.groups[0]!.seqno)]).toEqual(line!.trim().split(/ +/))
    }))

  test('linear, in segments on two physical volumes', () =>
    withTempDir((dir) => {
      expectSame(dir, 2, [{ name: 'root', pieces: [1, 2, 1, 1] }])
    }))

  test.each([
    [2, 2],
    [3, 3],
    [3, 2],
  ])('striped, on %i physical volumes in %i stripes', (pvs, stripes) =>
    withTempDir((dir) => {
      const { lvm } = expectSame(dir, pvs, [{ name: 'root', stripes }])
      expect(volume(lvm, 'root').types).toEqual(['striped'])
    }),
  )

  test('linear and striped, with dashes in their names', () =>
    withTempDir((dir) => {
      expectSame(dir, 2, [{ name: 'lv-root' }, { name: 'usr-x', stripes: 2 }], { name: 'my-vg' })
    }))

  test.each([
    ['a label in the last of the four sectors', ['--labelsector', '3'], []],
    ['metadata at both ends', ['--pvmetadatacopies', '2'], []],
    ['an odd place of the first extent', ['--dataalignment', '64k', '--dataalignmentoffset', '7s'], []],
  ] as const)('with %s', (_name, pvcreate, vgcreate) =>
    withTempDir((dir) => {
      expectSame(dir, 1, [{ name: 'root' }], { pvcreate, vgcreate })
    }),
  )

  test('with metadata that wraps around the end of its area', () =>
    withTempDir((dir) => {
      const file = emptyFile(join(dir, 'pv'), 40)
      let wrapped = 0
      makeVolumeGroup([file], [{ name: 'root' }], {
        pvcreate: ['--metadatasize', '32k', '--dataalignment', '64k'],
        more(lvm) {
          // Of growing length, so that the end of the area isn't the end of a text.
          for (let index = 0; index < 30; index++) {
            lvm('vgchange', '--addtag', `tag${index}-${'x'.repeat(100)}`, 'ddk-vg')
            expect(read([file])).toMatchObject({
              problems: [],
              warnings: [],
              groups: [{ seqno: 3 + index, logicalVolumes: [{ name: 'root' }] }],
            })
            if (isWrapped(readFileSync(file))) wrapped++
          }
        },
      })
      expect(wrapped).toBeGreaterThan(0)
    }))
})

/** By the metadata area's header at byte 4096: the text reaches past the area's end. */
function isWrapped(disk: Buffer): boolean {
  const [areaSize, offset, size] = [32, 40, 48].map((at) => Number(disk.readBigUInt64LE(4096 + at)))
  return offset! + size! > areaSize!
}

suite('of several copies of the metadata', () => {
  test('the one from the last change is used', () =>
    withTempDir((dir) => {
      const files = [emptyFile(join(dir, 'a'), 40), emptyFile(join(dir, 'b'), 40)]
      makeVolumeGroup(files, [{ name: 'root' }])
      const before = readFileSync(files[0]!).subarray(0, 1 << 20)
      withLvm(files, (lvm) => lvm('lvrename', 'ddk-vg', 'root', 'renamed'))
      const stale = Buffer.concat([before, readFileSync(files[0]!).subarray(1 << 20)])
      writeFileSync(files[0]!, stale)
      const lvm = read(files)
      expect(lvm.groups.flatMap(({ logicalVolumes }) => logicalVolumes.map(({ name }) => name))).toEqual(['renamed'])
      expect(lvm.warnings).toEqual([
        'partition 1 of disk, byte 4096: the metadata of volume group ddk-vg is that of change 2; the newer one of change 3 is used',
      ])
    }))

  test.each([
    ['header', 4096 + 30, 'the checksum of its header is wrong'],
    ['text', 4096 + 512 + 100, 'the checksum of its text is wrong'],
  ])('one with a damaged %s is replaced by that at the end', (_what, at, why) =>
    withTempDir((dir) => {
      const file = emptyFile(join(dir, 'a'), 40)
      makeVolumeGroup([file], [], { pvcreate: ['--pvmetadatacopies', '2'] })
      const disk = readFileSync(file)
      disk[at]! ^= 1
      writeFileSync(file, disk)
      const lvm = read([file])
      expect(lvm.groups).toHaveLength(1)
      expect(lvm.warnings).toEqual([`partition 1 of disk: the metadata area at byte 4096 is damaged (${why}); another copy is used`])
      const only = Buffer.from(disk.fill(0, 5 << 20))
      writeFileSync(file, only)
      expect(read([file]).problems[0]!.error.message).toContain(
        `its LVM metadata can't be read: the metadata area at byte 4096 is damaged (${why})`,
      )
    }),
  )

  test('one is enough if the others have none or are ignored', () =>
    withTempDir((dir) => {
      const files = [emptyFile(join(dir, 'a'), 40), emptyFile(join(dir, 'b'), 40), emptyFile(join(dir, 'c'), 40)]
      makeVolumeGroup(files, [{ name: 'root', pieces: [1, 1, 1] }], { vgcreate: ['--vgmetadatacopies', '1'] })
      const lvm = read(files)
      expect(lvm).toMatchObject({ problems: [], warnings: [] })
      expect(lvm.groups[0]!.physicalVolumes.map(({ place }) => place)).toEqual([1, 2, 3].map((number) => `partition ${number} of disk`))
      expect(bytesOf(lvm, 'root').size).toBe(12 << 20)
    }))
})

suite('what has no readable bytes is refused by name', () => {
  test.each(['zero', 'error'])('%s', (type) =>
    withTempDir((dir) => {
      const file = emptyFile(join(dir, 'a'), 40)
      makeVolumeGroup([file], [{ name: 'other' }], {
        more: (lvm) => void lvm('lvcreate', '-an', '-Zn', '-Wn', '--type', type, '-l2', '-n', 'root', 'ddk-vg'),
      })
      const lvm = read([file])
      expect(() => bytesOf(lvm, 'root')).toThrow(
        `logical volume ddk-vg/root of disk: it is a volume without data (${type}), and only linear and striped volumes can be read`,
      )
      expect(bytesOf(lvm, 'other').size).toBe(4 << 20)
    }),
  )

  test('a volume on a missing physical volume, but not its neighbour', () =>
    withTempDir((dir) => {
      const files = [emptyFile(join(dir, 'a'), 40), emptyFile(join(dir, 'b'), 40)]
      makeVolumeGroup(files, [{ name: 'here' }, { name: 'both', pieces: [1, 1] }])
      const lvm = read(files.slice(0, 1))
      expect(bytesOf(lvm, 'here').size).toBe(4 << 20)
      const missing = lvm.groups[0]!.physicalVolumes[1]!
      expect(missing.problem).toMatch(/^which is missing \(it was \/dev\/loop\d+ before\)$/)
      expect(() => bytesOf(lvm, 'both')).toThrow(`ddk-vg/both of disk: it needs the physical volume ${missing.uuid}, which is missing`)
    }))

  test('a volume on a physical volume that is there twice', () =>
    withTempDir((dir) => {
      const file = emptyFile(join(dir, 'a'), 40)
      makeVolumeGroup([file], [{ name: 'root' }])
      expect(() => bytesOf(read([file, file]), 'root')).toThrow(
        /it needs the physical volume .*, of which there are several: partition 1 of disk and partition 2 of disk/,
      )
    }))

  test('a physical volume without a group', () =>
    withTempDir((dir) => {
      const file = emptyFile(join(dir, 'a'), 40)
      withLvm([file], (lvm, devices) => lvm('pvcreate', ...devices))
      expect(read([file]).problems.map(({ error }) => error.message)).toEqual([
        'partition 1 of disk: it is an LVM2 physical volume that belongs to no volume group',
      ])
    }))
})

suite('equals what grub-fstest reads', () => {
  test('and the physical volumes that other tests make in memory are valid to pvck', () =>
    withTempDir((dir) => {
      const text = groupText(volumeText('root', [linear(0, 1, 'pv0', 0)]))
      const file = join(dir, 'pv')
      for (const textAt of [512, (60 << 10) - 512]) {
        writeFileSync(file, memoryPv({ uuid: uuidOf(0), text, textAt, size: 8 << 20 }))
        const dump = (what: string) => run('pvck', ['--dump', what, '--config', 'backup { backup = 0 archive = 0 }', file])
        expect(dump('headers')).toContain(`pv_header.pv_uuid ${uuidOf(0)}`)
        expect(dump('metadata')).toContain(text.trim())
      }
    }))

  test.each([
    ['linear', 1, undefined, undefined],
    ['in three segments', 2, [1, 2, 2], undefined],
    ['striped', 2, undefined, 2],
  ] as const)('%s', (_name, pvs, pieces, stripes) =>
    withTempDir((dir) => {
      const from = join(dir, 'from')
      sh(`mkdir -p ${from}/usr; cd ${from}; seq 200000 > numbers; seq 7 > usr/few`)
      const image = join(dir, 'image')
      run('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', '^metadata_csum', '-d', from, image, '18M'])
      const files = Array.from({ length: pvs }, (_, index) => emptyFile(join(dir, `pv${index}`), 80))
      makeVolumeGroup(files, [{ name: 'lv-root', image, ...(pieces && { pieces }), ...(stripes && { stripes }) }])
      const opened = files.map((file) => openFile(file))
      const [
        {
          logicalVolumes: [found],
        } = { logicalVolumes: [] },
      ] = readLvm(opened, 'disk', () => {}).groups
      writeFileSync(join(dir, 'read'), readAll(found!.source as Source))
      for (const file of opened) file.close()
      const byGrub = (path: string) => run('grub-fstest', ['-c', String(pvs), ...files, 'cat', `(lvm/ddk--vg-lv--root)${path}`])
      for (const path of ['/numbers', '/usr/few']) {
        const expected = readFileSync(join(from, path), 'utf8')
        expect(byGrub(path)).toBe(expected)
        expect(run('debugfs', ['-R', `cat ${path}`, join(dir, 'read')], { stdio: ['ignore', 'pipe', 'ignore'] })).toBe(expected)
      }
    }),
  )
})

function readAll(source: Source): Buffer {
  const bytes = Buffer.alloc(source.size)
  source.read(bytes, 0)
  return bytes
}
