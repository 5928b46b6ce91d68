import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { memorySource } from '../../../src/bytes/source.ts'
import { readPartitions } from '../../../src/disk/partitions/index.ts'
import { findRoot } from '../../../src/disk/root/index.ts'
import { diskVolumes } from '../../../src/disk/volumes.ts'
import { noCorpus, noMounts } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { fromCorpus, run, sh, withTempDir } from '../../support/tools.ts'
import { type Contents, makeDisk, makeExt } from './made-root.ts'

const rootContents: Contents = { 'etc/redhat-release': 'XenServer DDK release 6.5.0-90233c\n', 'usr/bin/make': 'make' }
const bootContents: Contents = { 'vmlinuz-3.10': 'kernel' }

function find(disk: Buffer, bootLine?: string) {
  const warnings: string[] = []
  const warn = (sentence: string) => warnings.push(sentence)
  const table = readPartitions(memorySource(disk, 'disk'), warn)
  const { volume, fileSystem, lacks, check } = findRoot(diskVolumes({ name: 'disk', table }, warn), bootLine, warn)
  check()
  return { number: volume.number, type: fileSystem.info.type, ...(lacks !== undefined && { lacks }), warnings }
}

const pv = Buffer.alloc(1 << 20)
pv.write('LABELONE', 512)
pv.write('LVM2 001', 536)

describe('the root is found', () => {
  test('by its content, whatever the boot line says', () =>
    withTempDir((dir) => {
      const disk = makeDisk(dir, [makeExt(dir, bootContents), makeExt(dir, rootContents), pv])
      for (const bootLine of [undefined, 'root=/dev/xvda1 ro', 'root=LABEL=none']) {
        expect(find(disk, bootLine)).toEqual({ number: 2, type: 'ext3', warnings: [] })
      }
    }))

  test('by /etc/os-release that is a link', () =>
    withTempDir((dir) => {
      const contents = { 'etc/os-release': { link: '../usr/lib/os-release' }, 'usr/lib/os-release': 'NAME=x\n' }
      expect(find(makeExt(dir, contents, ['-t', 'ext4']))).toEqual({ number: 0, type: 'ext4', warnings: [] })
    }))

  describe('among several', () => {
    let made: Buffer | undefined
    /** Made once, with a root in either partition. */
    const twoRoots = () =>
      withTempDir((dir) => {
        const root = (label: string, last: number) =>
          makeExt(dir, rootContents, ['-t', 'ext2', '-L', label, '-U', `6b1f1f0e-0000-4000-8000-00000000000${last}`])
        made ??= makeDisk(dir, [root('first', 1), root('second', 2)])
        return made
      })

    test.each([
      ['/dev/xvda1', 1],
      ['/dev/sda2', 2],
      ['/dev/hda2', 2],
      ['/dev/nvme0n1p2', 2],
      ['LABEL=second', 2],
      ['LABEL="first"', 1],
      ['UUID=6B1F1F0E-0000-4000-8000-000000000002', 2],
    ])('by root=%s', async (device, number) => {
      expect(find(await twoRoots(), `ro root=${device} console=hvc0`)).toEqual({
        number,
        type: 'ext2',
        warnings: [
          `partition ${3 - number} of disk has the files of a root as well; partition ${number} of disk is used, because the boot line names it`,
        ],
      })
    })

    test('not by a boot line that names neither, which is an error', async () => {
      const disk = await twoRoots()
      for (const bootLine of [undefined, 'noroot=/dev/xvda1', 'root=/dev/xvda3', 'root=LABEL=third']) {
        expect(() => find(disk, bootLine)).toThrow(
          'no root filesystem was found: 2 filesystems could be the root, and the boot line names none of them ' +
            '(partition 1 of disk: ext2 "first", with the files of a root; partition 2 of disk: ext2 "second", with the files of a root)',
        )
      }
    })
  })

  test('not by a label that two have, which is an error', () =>
    withTempDir((dir) => {
      const copy = () => makeExt(dir, rootContents, ['-t', 'ext2', '-L', '/'])
      expect(() => find(makeDisk(dir, [copy(), copy()]), 'root=LABEL=/ ro')).toThrow(
        'no root filesystem was found: 2 filesystems could be the root, and the boot line names several of them (partition 1 of disk: ext2 "/", with',
      )
    }))

  test('with a flag if it is merely the only filesystem', () =>
    withTempDir((dir) => {
      expect(find(makeDisk(dir, [makeExt(dir, bootContents), makeExt(dir, {}).fill(0)]))).toMatchObject({
        number: 1,
        lacks: 'it has neither /etc/redhat-release nor /etc/os-release',
      })
    }))

  test('beside a partition that lies past the end of the disk, with a warning', () =>
    withTempDir((dir) => {
      const disk = makeDisk(dir, [makeExt(dir, rootContents), makeExt(dir, bootContents)])
      const { number, warnings } = find(disk.subarray(0, (63 + 10240) * 512))
      expect(number).toBe(1)
      expect(warnings).toEqual([expect.stringMatching(/^disk: \d+ bytes are needed at byte \d+, but it ends at byte/)])
    }))

  test('beside a filesystem whose root directory is damaged, with a warning', () =>
    withTempDir((dir) => {
      const image = join(dir, 'damaged')
      writeFileSync(image, makeExt(dir, bootContents))
      sh(`debugfs -w -R 'sif <2> block[0] 4000000' ${image} 2>/dev/null`)
      const { number, warnings } = find(makeDisk(dir, [readFileSync(image), makeExt(dir, rootContents)]))
      expect(number).toBe(2)
      expect(warnings).toEqual([expect.stringContaining('partition 1 of disk')])
    }))

  test('beside a damaged filesystem, with a warning', () =>
    withTempDir((dir) => {
      const damaged = makeExt(dir, bootContents)
      damaged.writeUInt32LE(99, 1024 + 24)
      const { number, warnings } = find(makeDisk(dir, [damaged, makeExt(dir, rootContents)]))
      expect(number).toBe(2)
      expect(warnings).toEqual([expect.stringContaining('partition 1 of disk')])
    }))
})

describe('an error says what each volume holds', () => {
  test('if none can be read', () =>
    withTempDir((dir) => {
      const disk = makeDisk(dir, [makeExt(dir, bootContents).fill(0), pv])
      expect(() => find(disk)).toThrow(
        'no root filesystem was found: partition 1 of disk: an unknown format; partition 2 of disk, byte 512: the LVM label has a wrong checksum; the physical volume is damaged',
      )
    }))

  test('if none of several fits', () =>
    withTempDir((dir) => {
      const disk = makeDisk(dir, [makeExt(dir, bootContents), makeExt(dir, { usr: undefined })])
      expect(() => find(disk)).toThrow(
        'partition 1 of disk: ext3, without the files of a root: it has neither /etc/redhat-release nor /etc/os-release; partition 2 of disk: ext3, without',
      )
    }))

  test('of the filesystem itself, if there is only that one', () =>
    withTempDir((dir) => {
      const damaged = makeExt(dir, rootContents)
      damaged.writeUInt32LE(99, 1024 + 24)
      expect(() => find(damaged)).toThrow(/^the superblock of disk: .* damaged$/)
      expect(() => find(damaged)).not.toThrow('no root filesystem was found')
    }))
})

describe('formats of other programs are named', () => {
  const cases: [string, string][] = [
    ['truncate -s 64M disk; mkswap -q disk', 'swap'],
    ['truncate -s 64M disk; mkswap -q -p 65536 disk', 'swap'],
    ['truncate -s 8M disk; mke2fs -q -F -O journal_dev disk', 'journal'],
  ]
  test.each(cases)('%s', (script, name) =>
    withTempDir((dir) => {
      sh(script.replace(' -q disk', ' disk >/dev/null 2>&1').replace(' -q -p 65536', ' -p 65536'), { cwd: dir })
      expect(() => find(readFileSync(join(dir, 'disk')))).toThrow(name)
    }),
  )

  unless(noMounts).test('an LVM2 physical volume by pvcreate', () =>
    withTempDir((dir) => {
      const path = join(dir, 'disk')
      sh(`truncate -s 16M ${path}`)
      const loop = run('losetup', ['-f', '--show', path]).trim()
      try {
        run('pvcreate', ['-q', '--config', `devices { filter = [ "a|^${loop}$|", "r|.*|" ] } devices { use_devicesfile = 0 }`, loop])
      } finally {
        run('losetup', ['-d', loop])
      }
      expect(() => find(readFileSync(path))).toThrow('it is an LVM2 physical volume that belongs to no volume group')
    }),
  )

  unless(noCorpus).test.each([
    ['neg-jbd.img.xz', 'journal'],
    ['neg-luks1.img.xz', 'LUKS 1 encrypted volume'],
    ['neg-luks2.img.xz', 'LUKS 2 encrypted volume'],
    ['neg-lvm2.img.xz', 'it is an LVM2 physical volume that belongs to no volume group'],
    ['neg-mdraid.img.xz', 'Linux RAID member'],
    ['neg-swap1.img.xz', 'swap'],
  ])('%s', (file, name) =>
    withTempDir((dir) => {
      expect(() => find(readFileSync(fromCorpus(`pt/${file}`, dir)))).toThrow(name)
    }),
  )
})
