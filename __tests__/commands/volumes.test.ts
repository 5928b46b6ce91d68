import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { groupText, linear, memoryPv, uuidOf, volumeText } from '../disk/lvm/memory-pv.ts'
import { type Contents, makeDisk, makeExt } from '../disk/root/made-root.ts'
import { cli } from '../support/cli.ts'
import { withTempDir } from '../support/tools.ts'

// What the commands say about disks with several volumes.

const release = { 'etc/redhat-release': 'XenServer DDK release 7.0.0-125380c\n' }
const boot: Contents = { 'System.map-3.10': 'map' }

test('a disk whose root cannot be read is not listed as if its /boot were the root', () =>
  withTempDir((dir) => {
    const btrfs = Buffer.alloc(1 << 20)
    btrfs.write('_BHRfS_M', 65_536 + 64)
    const disk = join(dir, 'disk.img')
    writeFileSync(disk, makeDisk(dir, [makeExt(dir, boot), btrfs]))
    const why =
      `partition 1 of ${disk}: it isn't the root filesystem of a DDK: it has neither /etc/redhat-release nor /etc/os-release; ` +
      `it may be elsewhere: partition 2 of ${disk}: btrfs filesystem, which can't be read`
    expect(cli('list', disk)).toEqual({ code: 1, stdout: '', stderr: `error: ${why}\n` })
    expect(cli('convert', disk, '-o', join(dir, 'image.tar'))).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining(`xenserver-ddk: ${why}\n`),
    })
    const { code, stdout } = cli('inspect', disk, '--json')
    expect([code, JSON.parse(stdout).errors]).toEqual([4, [why]])
    // A filesystem alone is listed, whatever it is.
    writeFileSync(disk, makeExt(dir, boot))
    expect(cli('list', disk)).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('System.map-3.10') })
  }))

test('a root with an empty /usr is no DDK, and the line of its fstab is named', () =>
  withTempDir((dir) => {
    const disk = join(dir, 'disk.img')
    writeFileSync(
      disk,
      makeExt(dir, { ...release, usr: undefined, 'etc/fstab': '/dev/xvda1 / ext3 defaults 1 1\n/dev/xvda3 /usr ext3 defaults 1 2\n' }),
    )
    const line =
      '/etc/fstab, line 2 (/dev/xvda3 /usr ext3 defaults 1 2): what it mounts at /usr is missing from the image, because the disk has no such volume'
    const { code, stderr } = cli('convert', disk, '-o', join(dir, 'image.tar'))
    expect(code).toBe(7)
    expect(stderr).toContain(`warning: ${line}\n`)
    expect(stderr).toContain(`xenserver-ddk: ${disk}: it isn't the root filesystem of a DDK: its /usr is empty; ${line}\n`)
  }))

test('inspect shows volume groups, what is mounted, what is left out, and why something cannot be read', () =>
  withTempDir((dir) => {
    const thin = 'start_extent = 0\nextent_count = 1\ntype = "thin"\nthin_pool = "pool"'
    const volumes = volumeText('root', [linear(0, 1, 'pv0', 0)]) + volumeText('boot', [linear(0, 1, 'pv0', 1)]) + volumeText('data', [thin])
    const pv = memoryPv({ uuid: uuidOf(0), text: groupText(volumes), size: 61 << 20 })
    const fstab = '/dev/mapper/centos-boot /boot ext3 defaults 1 2\n/dev/centos/home /home ext3 defaults 1 2\n'
    makeExt(dir, { ...release, 'usr/bin/make': 'make', boot: undefined, 'etc/fstab': fstab }).copy(pv, 64 << 10)
    makeExt(dir, boot).copy(pv, (64 << 10) + (4 << 20))
    const disk = join(dir, 'disk.img')
    writeFileSync(disk, pv)
    const { code, stdout } = cli('inspect', disk)
    expect(code).toBe(0)
    for (const text of [
      '  holds             LVM2 physical volume of centos\n',
      '\nVolume group centos\n  UUID              Vg0000-0000-0000-0000-0000-0000-000000\n  change            5\n',
      `  physical volume   Pv0000-0000-0000-0000-0000-0000-000000, 62914560 bytes (62.9 MB), ${disk}\n`,
      '\nLogical volume centos/root\n',
      '  type              linear\n  holds             ext3\n',
      `\nLogical volume centos/data\n  UUID              Lv0000-0000-0000-0000-0000-0000-data00\n  size              4194304 bytes (4.2 MB)\n  type              thin\n  holds             a volume that can't be read\n  error             logical volume centos/data of ${disk}: it is a thin volume, and only linear and striped volumes can be read\n`,
      `  mounted           /boot: logical volume centos/boot of ${disk} (/etc/fstab, line 1)\n`,
      "  left out          /home: /dev/centos/home (/etc/fstab, line 2): /home isn't part of the installed system\n",
    ]) {
      expect(stdout).toContain(text)
    }
    const found = JSON.parse(cli('inspect', disk, '--json').stdout)
    expect(found.volumeGroups[0].logicalVolumes.map(({ name, holds }: { name: string; holds: string }) => [name, holds])).toEqual([
      ['root', 'ext3'],
      ['boot', 'ext3'],
      ['data', "a volume that can't be read"],
    ])
    expect(found.root.mounts).toEqual([{ path: '/boot', place: `logical volume centos/boot of ${disk}`, line: 1 }])
    expect(cli('list', disk).stdout).toContain('boot/System.map-3.10')
  }))
