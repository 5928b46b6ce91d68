import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { listTree } from '../../src/disk/filesystem/listing.ts'
import { openRoot } from '../../src/disk/open.ts'
import { emptyFile, makeVolumeGroup } from '../fixtures/lvm.ts'
import { noMounts } from '../support/machine.ts'
import { unless } from '../support/skip.ts'
import { byPath, run, sh, walkMounted, withTempDir } from '../support/tools.ts'

// Disks as CentOS 7's installer makes them with `autopart`, and so perhaps those of DDKs from 7.0 on: /boot in the first partition, and the
// root and swap in a volume group in the second, all on XFS. Before CentOS 7.3, it was version 4 without ftype.

const bootId = '8f1b1a5e-0000-4000-8000-00000000b007'
const fstab = `
#
# /etc/fstab
# Created by anaconda on Wed Apr 29 11:25:33 2015
#
/dev/mapper/centos_ddk-root /                       xfs     defaults        0 0
UUID=${bootId} /boot                   xfs     defaults        0 0
/dev/mapper/centos_ddk-swap swap                    swap    defaults        0 0
`

/** The smallest that mkfs.xfs makes. */
const megabytes = 300

function makeTrees(dir: string): { root: string; boot: string } {
  const [root, boot] = [join(dir, 'root'), join(dir, 'boot')]
  mkdirSync(join(root, 'etc'), { recursive: true })
  writeFileSync(join(root, 'etc/fstab'), fstab)
  sh(`cd ${root}; mkdir -p boot usr/bin usr/lib lib/modules; echo 'XenServer DDK release 7.0.0-125380c (xenenterprise)' > etc/redhat-release; seq 30000 > usr/bin/make
    mkdir -p ${boot}/grub2; echo map > ${boot}/System.map-3.10.0+10; echo config > ${boot}/config-3.10.0+10; echo cfg > ${boot}/grub2/grub.cfg`)
  return { root, boot }
}

/** A disk with an MBR, made of a filesystem for /boot and of one for the root. */
function makeDisk(dir: string, boot: string, root: string): string {
  const [disk, pv] = [join(dir, 'disk.img'), join(dir, 'pv')]
  makeVolumeGroup([emptyFile(pv, megabytes + 16)], [{ name: 'swap' }, { name: 'root', image: root }], { name: 'centos_ddk' })
  const start = 1 + megabytes
  run('sfdisk', ['-q', emptyFile(disk, start + megabytes + 20)], {
    input: `label: dos\nstart=2048,size=${megabytes * 2048},type=83,bootable\nstart=${start * 2048},size=${(megabytes + 16) * 2048},type=8e\n`,
  })
  sh(
    `dd if=${boot} of=${disk} bs=1M seek=1 conv=notrunc,sparse status=none; dd if=${pv} of=${disk} bs=1M seek=${start} conv=notrunc,sparse status=none`,
  )
  return disk
}

async function read(disk: string, dir: string) {
  const warnings: string[] = []
  const root = await openRoot(disk, { tempDir: dir, warn: (sentence) => warnings.push(sentence) })
  const entries = byPath([...listTree(root.tree, { sha256: true, onLost() {} })].map((entry) => ({ ...entry })))
  root.finish()
  root.close()
  return { entries, warnings, place: root.place }
}

unless(noMounts).test('version 5 equals what the kernel mounts', () =>
  withTempDir(async (dir) => {
    const trees = makeTrees(dir)
    const images = (['root', 'boot'] as const).map((name) => {
      const [image, mounted] = [join(dir, `${name}.img`), join(dir, `${name}.mnt`)]
      run('mkfs.xfs', ['-q', '-m', name === 'boot' ? `uuid=${bootId}` : 'crc=1', emptyFile(image, megabytes)])
      sh(`mkdir ${mounted}; mount -o loop ${image} ${mounted}; cp -a ${trees[name]}/. ${mounted}; umount ${mounted}`)
      return image
    }) as [string, string]
    const top = join(dir, 'top')
    sh(`mkdir ${top}; mount -o loop,ro ${images[0]} ${top}; mount -o loop,ro ${images[1]} ${top}/boot`)
    try {
      const found = await read(makeDisk(dir, images[1], images[0]), dir)
      expect(found.warnings).toEqual([])
      expect(found.place).toMatch(/^logical volume centos_ddk\/root of /)
      expect(found.entries).toEqual(walkMounted(top))
      expect(found.entries.map(({ path }) => path)).toEqual(expect.arrayContaining(['boot/System.map-3.10.0+10', 'boot/config-3.10.0+10']))
    } finally {
      sh(`umount ${top}/boot; umount ${top}`)
    }
  }),
)

unless(noMounts).test('version 4 without ftype equals what grub-fstest reads', () =>
  withTempDir(async (dir) => {
    const trees = makeTrees(dir)
    const images = (['root', 'boot'] as const).map((name) => {
      const image = emptyFile(join(dir, `${name}.img`), megabytes)
      writeFileSync(join(dir, 'proto'), prototype(trees[name]))
      run('mkfs.xfs', [
        '-q',
        '-m',
        `crc=0,finobt=0${name === 'boot' ? `,uuid=${bootId}` : ''}`,
        '-n',
        'ftype=0',
        '-p',
        join(dir, 'proto'),
        image,
      ])
      return image
    }) as [string, string]
    const disk = makeDisk(dir, images[1], images[0])
    const { entries, warnings } = await read(disk, dir)
    expect(warnings).toEqual([])
    const files = entries.filter(({ type }) => type === 'file')
    expect(files.map(({ path }) => path)).toEqual([
      'boot/System.map-3.10.0+10',
      'boot/config-3.10.0+10',
      'boot/grub2/grub.cfg',
      'etc/fstab',
      'etc/redhat-release',
      'usr/bin/make',
    ])
    for (const { path, sha256 } of files) {
      const [device, inside] = path.startsWith('boot/') ? ['loop0,msdos1', path.slice('boot'.length)] : ['lvm/centos_ddk-root', `/${path}`]
      expect(sha256).toBe(sh(`grub-fstest ${disk} cat '(${device})${inside}' | sha256sum`).split(' ')[0])
    }
  }),
)

/** A protofile for mkfs.xfs, of directories and files of root's. */
function prototype(folder: string): string {
  const below = (dir: string): string =>
    sh(`ls -A ${dir}`)
      .split('\n')
      .filter(Boolean)
      .map((name) =>
        sh(`test -d ${dir}/${name} && echo dir || echo file`).trim() === 'dir'
          ? `${name} d--755 0 0\n${below(`${dir}/${name}`)}$\n`
          : `${name} ---644 0 0 ${dir}/${name}\n`,
      )
      .join('')
  return `/dev/null\n0 0\nd--755 0 0\n${below(folder)}$\n`
}
