import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { bytesAt, openFile } from '../../../src/bytes/source.ts'
import { readPartitions } from '../../../src/disk/partitions/index.ts'
import { noCorpus, noMounts } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { fromCorpus, run, sh, withTempDir } from '../../support/tools.ts'

function emptyDisk(path: string, size: number): void {
  const fd = openSync(path, 'w')
  ftruncateSync(fd, size)
  closeSync(fd)
}

interface SfdiskPartition {
  node: string
  start: number
  size: number
  type: string
  name?: string
  bootable?: boolean
  attrs?: string
}

/** What sfdisk finds; it counts in sectors of 512 bytes, or of another size if it is told so. */
function bySfdisk(path: string) {
  const { partitiontable } = JSON.parse(run('sfdisk', ['--json', path])) as {
    partitiontable: { label: string; sectorsize: number; partitions: SfdiskPartition[] }
  }
  return partitiontable.partitions.map(({ node, start, size, type, name, bootable, attrs }) => ({
    number: Number(/\d+$/.exec(node.slice(path.length))![0]),
    start: start * partitiontable.sectorsize,
    size: size * partitiontable.sectorsize,
    type: partitiontable.label === 'gpt' ? type : type.padStart(2, '0'),
    name: name ?? '',
    bootable: bootable ?? attrs?.includes('LegacyBIOSBootable') ?? false,
  }))
}

function byUs(path: string) {
  const file = openFile(path)
  const warnings: string[] = []
  const table = readPartitions(file, (sentence) => warnings.push(sentence))
  table.check()
  file.close()
  const partitions = table.partitions.map(({ number, start, size, type, name, bootable }) => ({
    number,
    start,
    size,
    type,
    name,
    bootable,
  }))
  return { ...table, partitions, warnings }
}

describe('tables by sfdisk', () => {
  test.each([
    ['one partition at sector 63, as CentOS 5 makes it', 'dos', '63,100000,83,*'],
    ['one partition at sector 2048', 'dos', '2048,100000,83'],
    ['slots with a gap', 'dos', '1:start=2048,size=2048,type=83\n4:start=8192,size=2048,type=82\n3:start=16384,size=4096,type=8e'],
    ['logical partitions', 'dos', '2048,2048,83,*\n4096,80000,5\n,2048,83\n,4096,82\n,8192,83'],
    [
      'logical partitions of an extended one with LBA, not last',
      'dos',
      '1:start=2048,size=2048,type=83\n3:start=8192,size=80000,type=f\n5:start=10240,size=2048,type=83\n6:start=30000,size=2048,type=8e\n2:start=100000,size=2048,type=83',
    ],
    ['an empty extended partition', 'dos', '2048,2048,83\n4096,80000,5'],
    [
      'a GPT',
      'gpt',
      'start=2048,size=2048,name="boot ünïcode",attrs=LegacyBIOSBootable\nstart=8192,size=20480,type=E6D6D379-F507-44C2-A23C-238F2A3DF928\n9:start=40000,size=2048',
    ],
    ['a GPT of 4 entries', 'gpt\ntable-length: 4', 'start=2048,size=2048\nstart=8192,size=20480'],
  ])('%s', (_, label, script) =>
    withTempDir((dir) => {
      const disk = join(dir, 'disk')
      emptyDisk(disk, 64 << 20)
      run('sfdisk', ['-q', disk], { input: `label: ${label}\n${script}\n` })
      const { scheme, partitions, warnings } = byUs(disk)
      expect(partitions).toEqual(bySfdisk(disk))
      expect(scheme).toBe(label === 'dos' ? 'mbr' : 'gpt')
      expect(warnings).toEqual([])
    }),
  )

  test('forty logical partitions', () =>
    withTempDir((dir) => {
      const disk = join(dir, 'disk')
      emptyDisk(disk, 256 << 20)
      const logical = Array.from({ length: 40 }, () => ',512,83').join('\n')
      run('sfdisk', ['-q', '--no-reread', disk], { input: `label: dos\n2048,500000,5\n${logical}\n` })
      expect(byUs(disk).partitions).toEqual(bySfdisk(disk))
    }))
})

describe('tables by sgdisk', () => {
  let gpt: Buffer | undefined
  // Made once: each call of sgdisk waits for the disk below.
  const makeGpt = (disk: string) => {
    if (gpt) {
      writeFileSync(disk, gpt)
      return
    }
    emptyDisk(disk, 32 << 20)
    run('sgdisk', ['-a1', '-n1:34:2047', '-c1:tiny', '-n3:2048:40000', '-t3:8200', '-c3:swap', '-n128:50000:0', '-A128:set:2', disk])
    gpt = readFileSync(disk)
  }

  test('are those that sfdisk finds, up to the last entry', () =>
    withTempDir((dir) => {
      const disk = join(dir, 'disk')
      makeGpt(disk)
      expect(byUs(disk)).toMatchObject({ scheme: 'gpt', partitions: bySfdisk(disk), warnings: [] })
    }))

  test('a hybrid MBR does not hide the GPT', () =>
    withTempDir((dir) => {
      const disk = join(dir, 'disk')
      makeGpt(disk)
      const before = byUs(disk).partitions
      run('sgdisk', ['-h1:3', disk])
      expect(byUs(disk)).toMatchObject({ scheme: 'gpt', partitions: before, warnings: [] })
    }))

  test.each([
    ['header', 'conv=notrunc bs=512 seek=1 count=1', 'the header in sector 1 is missing'],
    ['checksum of the header', 'conv=notrunc bs=1 seek=570 count=1', 'its checksum is wrong'],
    ['array', 'conv=notrunc bs=512 seek=2 count=1', 'the checksum of its entries is wrong'],
  ])('with a damaged %s are read from their backup', (_, dd, why) =>
    withTempDir((dir) => {
      const disk = join(dir, 'disk')
      makeGpt(disk)
      const before = bySfdisk(disk)
      sh(`dd if=/dev/zero of=${disk} status=none ${dd}`)
      const after = byUs(disk)
      expect(after.partitions).toEqual(before)
      expect(after.warnings).toEqual([expect.stringContaining(why)])
      // A disk that was made larger has its backup before its end.
      sh(`truncate -s +1M ${disk}`)
      expect(byUs(disk).partitions).toEqual(before)
    }),
  )

  test('with both copies damaged are refused', () =>
    withTempDir((dir) => {
      const disk = join(dir, 'disk')
      makeGpt(disk)
      sh(`dd if=/dev/zero of=${disk} status=none conv=notrunc bs=512 seek=1 count=1; truncate -s -1M ${disk}`)
      expect(() => byUs(disk)).toThrow(
        'its partition table is a GPT, but the header in sector 1 is missing, and there is no valid backup at its end',
      )
    }))

  test('cut short are read, and check() says what is missing', () =>
    withTempDir((dir) => {
      const disk = join(dir, 'disk')
      makeGpt(disk)
      const before = bySfdisk(disk)
      sh(`truncate -s -1M ${disk}`)
      expect(byUs(disk)).toMatchObject({
        partitions: before,
        warnings: [
          expect.stringMatching(/partition 128 ends at byte \d+, but the disk ends at byte/),
          expect.stringMatching(/the backup GPT in sector \d+ is missing/),
        ],
      })
    }))
})

unless(noMounts).test('a GPT with sectors of 4096 bytes', () =>
  withTempDir((dir) => {
    const disk = join(dir, 'disk')
    emptyDisk(disk, 64 << 20)
    const loop = run('losetup', ['-f', '--show', '-b', '4096', disk]).trim()
    try {
      run('sfdisk', ['-q', '--no-reread', '--no-tell-kernel', loop], {
        input: 'label: gpt\nstart=256,size=1024,name=small\nstart=2048,size=8192\n',
      })
      const { partitiontable } = JSON.parse(run('sfdisk', ['--json', loop])) as { partitiontable: { partitions: SfdiskPartition[] } }
      const found = byUs(disk)
      expect(found).toMatchObject({ scheme: 'gpt', sectorSize: 4096, warnings: [] })
      expect(found.partitions.map(({ start, size }) => [start / 4096, size / 4096])).toEqual(
        partitiontable.partitions.map(({ start, size }) => [start, size]),
      )
    } finally {
      run('losetup', ['-d', loop])
    }
  }),
)

const { test: withCorpus } = unless(noCorpus)

describe('tables by other programs', () => {
  withCorpus.each(['dos+bsd.img.xz', 'gpt.img.xz', 'faux-all-types.img.gz', 'faux-all-types-32.img.gz', 'faux-all-types-tiny.img.gz'])(
    '%s',
    (name) =>
      withTempDir((dir) => {
        const disk = fromCorpus(`pt/${name}`, dir)
        expect(byUs(disk).partitions).toEqual(bySfdisk(disk))
      }),
  )

  withCorpus('the slices in a BSD partition are named, not followed', () =>
    withTempDir((dir) => {
      const file = openFile(fromCorpus('pt/dos+bsd.img.xz', dir))
      const { partitions } = readPartitions(file, () => {})
      expect(partitions[1]).toMatchObject({ number: 2, type: 'a5', typeName: expect.stringContaining('FreeBSD') })
      expect(bytesAt(partitions[1]!.source, 0, 512)).toEqual(bytesAt(file, 7680 * 512, 512))
      file.close()
    }),
  )
})
