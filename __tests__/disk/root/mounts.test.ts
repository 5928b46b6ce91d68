import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { memorySource } from '../../../src/bytes/source.ts'
import { listTree } from '../../../src/disk/filesystem/listing.ts'
import { walk } from '../../../src/disk/filesystem/tree.ts'
import { readPartitions } from '../../../src/disk/partitions/index.ts'
import { findRoot, type Root } from '../../../src/disk/root/index.ts'
import { diskVolumes } from '../../../src/disk/volumes.ts'
import { tarOf } from '../../image/memory-tree.ts'
import { noMounts } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { byPath, run, sh, walkMounted, withTempDir } from '../../support/tools.ts'
import { groupText, linear, memoryPv, uuidOf, volumeText } from '../lvm/memory-pv.ts'
import type { Contents } from './made-root.ts'

/** A partition to make: an ext filesystem of 4 MiB with these files, or any bytes. */
interface Part {
  readonly contents?: Contents
  readonly bytes?: Buffer
  /** More arguments for mke2fs. */
  readonly options?: readonly string[]
}

const release = { 'etc/redhat-release': 'XenServer DDK release 7.0.0-125380c\n' }
const uuid = (last: number) => `6b1f1f0e-0000-4000-8000-00000000000${last}`

/** The partitions' images. */
function makeParts(dir: string, parts: readonly Part[]): string[] {
  return parts.map(({ contents = {}, bytes, options = [] }, index) => {
    const image = join(dir, `part${index + 1}`)
    if (bytes) {
      writeFileSync(image, bytes)
      return image
    }
    const from = join(dir, 'from')
    mkdirSync(from)
    for (const [path, content] of Object.entries(contents)) {
      mkdirSync(content === undefined ? join(from, path) : dirname(join(from, path)), { recursive: true })
      if (typeof content === 'string') writeFileSync(join(from, path), content)
      else if (content !== undefined && 'link' in content) sh(`ln -s '${content.link}' '${join(from, path)}'`)
    }
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-U', uuid(index + 1), ...options, '-d', from, image, '4M'])
    rmSync(from, { recursive: true })
    return image
  })
}

/** A GPT disk of the images, each with a name and a UUID of its own. */
function makeDisk(dir: string, images: readonly string[]): Buffer {
  const disk = join(dir, 'disk')
  const sectors = images.map((image) => readFileSync(image).length / 512)
  let start = 2048
  const lines = sectors.map((size, index) => {
    const line = `start=${start},size=${size},name=part-${index + 1},uuid=7C0E0000-0000-4000-8000-00000000000${index + 1}`
    start += size
    return line
  })
  sh(`rm -f ${disk}; truncate -s ${(start + 2048) * 512} ${disk}`)
  run('sfdisk', ['-q', disk], { input: `label: gpt\n${lines.join('\n')}\n` })
  let at = 2048
  for (const [index, image] of images.entries()) {
    sh(`dd if=${image} of=${disk} bs=512 seek=${at} conv=notrunc,sparse status=none`)
    at += sectors[index]!
  }
  return readFileSync(disk)
}

function find(disk: Buffer, bootLine?: string): Root & { warnings: string[] } {
  const warnings: string[] = []
  const warn = (sentence: string) => warnings.push(sentence)
  const root = findRoot(diskVolumes({ name: 'disk', table: readPartitions(memorySource(disk, 'disk'), warn) }, warn), bootLine, warn)
  return { ...root, warnings }
}

async function withRoot<T>(
  parts: readonly Part[],
  use: (root: ReturnType<typeof find>, dir: string, images: readonly string[]) => T,
): Promise<T> {
  return withTempDir((dir) => {
    const images = makeParts(dir, parts)
    return use(find(makeDisk(dir, images)), dir, images)
  })
}

const paths = ({ tree }: Root) => [...walk(tree)].map(({ path }) => path.toString()).filter((path) => !path.endsWith('lost+found'))
const mounts = (root: Root) => root.mounts.map(({ line, opened }) => [line.path, opened.volume.place])

/** A root with an fstab, and a second partition. */
const rootWith = (fstab: string, more: Contents = {}): Part => ({
  contents: { ...release, 'etc/fstab': fstab, 'usr/bin/make': 'make', boot: undefined, opt: undefined, ...more },
})
const boot: Part = { contents: { 'System.map-3.10': 'map', 'config-3.10': 'config' }, options: ['-L', 'the boot'] }

unless(noMounts).describe('the tree equals what the kernel mounts', () => {
  test('several filesystems, in another order than in the fstab, with the same inode numbers', () =>
    withTempDir((dir) => {
      const fstab = `UUID=${uuid(1)} / ext4 defaults 1 1\nPARTLABEL=part-4 /usr/local ext4 defaults 0 0\nLABEL=the\\040boot /boot ext4 defaults 1 2\n/dev/sda3 /usr ext4 defaults 1 2\nUUID=${uuid(5)} /var ext4 defaults 1 2\n`
      const images = makeParts(dir, [
        rootWith(fstab, { 'boot/hidden': 'by the mount', 'usr/bin/hidden': 'as well', var: undefined }),
        boot,
        { contents: { 'bin/make': 'make', local: undefined, 'share/doc': 'text' } },
        { contents: { 'bin/uname': 'uname' } },
        { contents: { 'log/messages': 'none' } },
      ])
      const linked = ['', '', '', '', ''].map((_, index) => {
        const mounted = join(dir, `mnt${index}`)
        mkdirSync(mounted)
        run('mount', ['-o', 'loop', images[index]!, mounted])
        sh(
          `cd ${mounted}; seq ${index} 1000 > links-a; ln links-a links-b; chmod ${(750 + index).toString()} .; touch -d @${1421841600 + index} . 2>/dev/null || true; umount -l ${mounted}`,
          { cwd: '/' },
        )
        return mounted
      })
      const top = join(dir, 'top')
      mkdirSync(top)
      const order = [
        ['', 0],
        ['boot', 1],
        ['usr', 2],
        ['usr/local', 3],
        ['var', 4],
      ] as const
      const disk = makeDisk(dir, images)
      const mounted: string[] = []
      try {
        for (const [path, index] of order) {
          run('mount', ['-o', 'loop,ro', images[index]!, join(top, path)])
          mounted.unshift(join(top, path))
        }
        const root = find(disk)
        expect(linked).toHaveLength(5)
        expect(root.warnings).toEqual([])
        expect(mounts(root)).toEqual([
          ['/boot', 'partition 2 of disk'],
          ['/usr', 'partition 3 of disk'],
          ['/var', 'partition 5 of disk'],
          ['/usr/local', 'partition 4 of disk'],
        ])
        const listing = byPath([...listTree(root.tree, { sha256: true, onLost() {} })].map((entry) => ({ ...entry })))
        const kernel = walkMounted(top)
        expect(listing).toEqual(kernel)
        // Files of different filesystems aren't links of each other in a tar, though they have the same inode numbers.
        const unpacked = join(dir, 'unpacked')
        mkdirSync(unpacked)
        run('tar', ['--numeric-owner', '-xpf', '-', '-C', unpacked], { input: tarOf(walk(root.tree)) })
        const comparable = (list: typeof kernel) =>
          list.map(({ ino, nlink, ...rest }) => ({
            ...rest,
            mtime: String(rest.mtime).split('.')[0],
            links: list
              .filter((other) => other.type !== 'dir' && other.ino === ino && other.sha256 === rest.sha256)
              .map(({ path }) => path),
          }))
        expect(comparable(walkMounted(unpacked))).toEqual(comparable(kernel))
        const groups = kernel.filter(({ path }) => path.endsWith('links-a'))
        expect(new Set(groups.map(({ ino }) => ino)).size).toBeLessThan(groups.length)
      } finally {
        for (const path of mounted) run('umount', [path])
      }
    }))
})

describe('a volume is found by', () => {
  test.each([
    `UUID=${uuid(2)}`,
    `UUID="${uuid(2).toUpperCase()}"`,
    'LABEL=the\\040boot',
    'PARTLABEL=part-2',
    'PARTUUID=7c0e0000-0000-4000-8000-000000000002',
    '/dev/sda2',
    '/dev/xvda2',
    '/dev/hda2',
    '/dev/vda2',
    '/dev/nvme0n1p2',
    `/dev/disk/by-uuid/${uuid(2)}`,
    '/dev/disk/by-label/the\\134x20boot',
    '/dev/disk/by-partlabel/part-2',
    '/dev/disk/by-partuuid/7c0e0000-0000-4000-8000-000000000002',
  ])('%s', (spec) =>
    withRoot([rootWith(`${spec} /boot ext4 defaults 1 2\n`), boot], (root) => {
      expect(mounts(root)).toEqual([['/boot', 'partition 2 of disk']])
      expect(paths(root)).toEqual(expect.arrayContaining(['boot/System.map-3.10', 'boot/config-3.10']))
      expect(root.warnings).toEqual([])
    }),
  )

  test("the letter of the root's own disk", () =>
    withRoot([rootWith('/dev/sdb1 / ext4\n/dev/sdb2 /boot ext4\n/dev/sda2 /opt ext4\n'), boot], (root) => {
      expect(mounts(root)).toEqual([['/boot', 'partition 2 of disk']])
      expect(root.warnings).toEqual([
        '/etc/fstab, line 3 (/dev/sda2 /opt ext4): what it mounts at /opt is missing from the image, because it names another disk than that of the root',
      ])
    }))

  test("the MBR's signature and its number", () =>
    withTempDir((dir) => {
      const images = makeParts(dir, [rootWith('PARTUUID=1234abcd-02 /boot ext4\n'), boot])
      const disk = join(dir, 'mbr')
      sh(`truncate -s 12M ${disk}`)
      run('sfdisk', ['-q', disk], { input: 'label: dos\nlabel-id: 0x1234abcd\nstart=2048,size=8192\nstart=10240,size=8192\n' })
      for (const [index, image] of images.entries())
        sh(`dd if=${image} of=${disk} bs=512 seek=${2048 + index * 8192} conv=notrunc status=none`)
      expect(mounts(find(readFileSync(disk)))).toEqual([['/boot', 'partition 2 of disk']])
    }))
})

describe('a mount', () => {
  test('follows symlinks to its mount point, and needs a directory', () =>
    withRoot(
      [
        rootWith('/dev/sda2 /opt/here ext4\n/dev/sda2 /usr/bin/make ext4\n/dev/sda2 /var ext4\n', { 'opt/here': { link: '../boot' } }),
        boot,
      ],
      (root) => {
        expect(paths(root)).toContain('boot/config-3.10')
        expect(root.warnings).toEqual([
          '/etc/fstab, line 2 (/dev/sda2 /usr/bin/make ext4): what it mounts at /usr/bin/make is missing from the image, because there is no directory /usr/bin/make',
          '/etc/fstab, line 3 (/dev/sda2 /var ext4): what it mounts at /var is missing from the image, because there is no directory /var',
        ])
      },
    ))

  test('has a space in its path', () =>
    withRoot([rootWith('/dev/sda2 /opt/a\\040b ext4\n', { 'opt/a b': undefined }), boot], (root) => {
      expect(paths(root)).toContain('opt/a b/config-3.10')
    }))

  test.each([
    ['LABEL=none /boot ext4', 'no filesystem that can be read has this label (partition 3 of disk contains swap)'],
    ['UUID=ABCD-1234 /boot vfat', 'no filesystem that can be read has this UUID (partition 3 of disk contains swap)'],
    ['/dev/sda7 /boot ext4', 'the disk has no such volume'],
    ['/dev/sda3 /boot ext4', "partition 3 of disk contains swap, which can't be read"],
    ['/dev/mapper/vg-boot /boot ext4', 'the disk has no such volume'],
    ['/dev/sda1 /boot ext4', 'it names the root filesystem itself'],
    ['nodev /boot ext4', "its first field isn't the name of a disk's volume"],
    ['server:/boot /boot nfs', 'it is mounted from the network'],
    ['/dev/sda2 /boot ext4 noauto', "it isn't mounted at boot (noauto)"],
  ])("that can't be: %s", (line, why) =>
    withTempDir((dir) => {
      const swap = join(dir, 'swap')
      sh(`truncate -s 1M ${swap}; mkswap -q ${swap}`)
      const images = makeParts(dir, [rootWith(`${line}\n`), boot, { bytes: readFileSync(swap) }])
      const root = find(makeDisk(dir, images))
      expect(root.mounts).toEqual([])
      expect(root.warnings).toEqual([`/etc/fstab, line 1 (${line}): what it mounts at /boot is missing from the image, because ${why}`])
      expect(paths(root)).toContain('boot')
    }),
  )

  test('of a name that two volumes have', () =>
    withRoot(
      [rootWith('LABEL=twice /boot ext4\n'), { ...boot, options: ['-L', 'twice'] }, { ...boot, options: ['-L', 'twice'] }],
      (root) => {
        expect(root.mounts).toEqual([])
        expect(root.warnings[0]).toContain('2 volumes have this name: partition 2 of disk and partition 3 of disk')
      },
    ))

  test('of a damaged filesystem', () =>
    withTempDir((dir) => {
      const images = makeParts(dir, [rootWith('/dev/sda2 /boot ext4\n'), boot])
      const disk = makeDisk(dir, images)
      disk.writeUInt32LE(99, (2048 + 8192) * 512 + 1024 + 24)
      const { warnings } = find(disk)
      expect(warnings[0]).toMatch(/^\/etc\/fstab, line 1 .*is missing from the image, because .*partition 2 of disk.*is damaged$/)
    }))

  test('of two mounts at the same place, the first is used', () =>
    withRoot([rootWith('/dev/sda2 /boot ext4\n/dev/sda3 /boot/ ext4\n'), boot, { contents: { other: 'x' } }], (root) => {
      expect(mounts(root)).toEqual([['/boot', 'partition 2 of disk']])
      expect(root.warnings).toEqual([
        expect.stringContaining(
          'line 2 (/dev/sda3 /boot/ ext4): what it mounts at /boot is missing from the image, because line 1 has the same',
        ),
      ])
    }))
})

describe('an fstab', () => {
  test('that is no text is a warning', () =>
    withRoot([rootWith(`${'\u0001garbage \n'.repeat(3)}/dev/sda2 /boot ext4\n`), boot], (root) => {
      expect(mounts(root)).toHaveLength(1)
      expect(root.warnings).toHaveLength(3)
    }))

  test('that is too long is read as far as it goes', () =>
    withRoot([rootWith(`/dev/sda2 /boot ext4\n${'# comment\n'.repeat(10_000)}`), boot], (root) => {
      expect(mounts(root)).toHaveLength(1)
      expect(root.warnings).toEqual(['partition 1 of disk: /etc/fstab has 100021 bytes; only the first 65536 are used'])
    }))

  test('that is missing, a directory or a dangling link mounts nothing', async () => {
    for (const more of [{ 'etc/x': '' }, { 'etc/fstab': undefined }, { 'etc/fstab': { link: 'nowhere' } }] as Contents[]) {
      await withRoot([{ contents: { ...release, 'usr/bin/make': 'make', ...more } }, boot], (root) => {
        expect(root).toMatchObject({ mounts: [], warnings: [] })
      })
    }
  })

  test("that can't be read is a warning", () =>
    withTempDir((dir) => {
      const images = makeParts(dir, [rootWith('/dev/sda2 /boot ext4\n'), boot])
      sh(
        `debugfs -w -R 'sif /etc/fstab block[2] 0xffffff' ${images[0]} 2>/dev/null; debugfs -w -R 'sif /etc/fstab mode 0' ${images[0]} 2>/dev/null`,
      )
      const root = find(makeDisk(dir, images))
      expect(root.mounts).toEqual([])
      expect(root.warnings[0]).toMatch(/^partition 1 of disk: \/etc\/fstab can't be read, so nothing is mounted that it may name: /)
    }))
})

describe('a root with /usr on a volume of its own', () => {
  const usr: Part = { contents: { 'bin/make': 'make', 'lib/os-release': 'NAME="XenServer DDK"\nVERSION="7.1.0-137272c"\n' } }
  const root = (fstab: string): Part => ({
    contents: { 'etc/os-release': { link: '../usr/lib/os-release' }, 'etc/fstab': fstab, usr: undefined },
  })

  test('is found by what is in /usr', () =>
    withRoot([root(`UUID=${uuid(2)} /usr ext4\n`), usr], (found) => {
      expect(found.lacks).toBeUndefined()
      expect(found.volume.place).toBe('partition 1 of disk')
      expect(paths(found)).toContain('usr/bin/make')
    }))

  test('is refused without it, and the line is named', () =>
    withRoot([{ contents: { ...release, usr: undefined, 'etc/fstab': 'LABEL=usr /usr ext4\n' } }], (found) => {
      const line =
        '/etc/fstab, line 1 (LABEL=usr /usr ext4): what it mounts at /usr is missing from the image, because no filesystem that can be read has this label'
      expect(found.lacks).toBe(`its /usr is empty; ${line}`)
    }))

  test('is refused if that is empty', async () => {
    const parts = [{ contents: { ...release, usr: undefined, 'etc/fstab': '/dev/sda2 /usr ext4\n' } }, { contents: {} }]
    await expect(withRoot(parts, () => {})).rejects.toThrow(
      'no root filesystem was found: partition 1 of disk: ext4, without the files of a root: its /usr is empty; partition 2 of disk: ext4, without',
    )
  })
})

describe('on logical volumes', () => {
  /** Two filesystems of 4 MiB, each in one extent. */
  function makeLvm(dir: string, volumes: string, parts: readonly Part[]): Buffer {
    const pv = memoryPv({ uuid: uuidOf(0), text: groupText(volumes), size: 61 << 20 })
    for (const [index, image] of makeParts(dir, parts).entries()) readFileSync(image).copy(pv, (64 << 10) + index * (4 << 20))
    return pv
  }
  const two = volumeText('lv-root', [linear(0, 1, 'pv0', 0)]) + volumeText('boot', [linear(0, 1, 'pv0', 1)])

  test.each([
    '/dev/mapper/centos-boot',
    '/dev/centos/boot',
    `UUID=${uuid(2)}`,
    'LABEL=the\\040boot',
    '/dev/disk/by-id/dm-name-centos-boot',
  ])('by %s', (spec) =>
    withTempDir((dir) => {
      const root = find(makeLvm(dir, two, [rootWith(`${spec} /boot ext4\n`), boot]))
      expect(root.volume.place).toBe('logical volume centos/lv-root of disk')
      expect(mounts(root)).toEqual([['/boot', 'logical volume centos/boot of disk']])
      expect(root.warnings).toEqual([])
    }),
  )

  test.each(['/dev/mapper/centos-lv--root', '/dev/centos/lv-root'])('root=%s decides between two', (name) =>
    withTempDir((dir) => {
      const pv = makeLvm(dir, two, [rootWith(''), rootWith('')])
      expect(() => find(pv)).toThrow('2 filesystems could be the root, and the boot line names none of them')
      const root = find(pv, `ro root=${name} quiet`)
      expect(root.volume.place).toBe('logical volume centos/lv-root of disk')
      root.check()
      expect(root.warnings).toEqual([
        'logical volume centos/boot of disk has the files of a root as well; logical volume centos/lv-root of disk is used, because the boot line names it',
      ])
    }),
  )

  test('root= does not decide between two of the same name in two groups', () =>
    withTempDir((dir) => {
      const image = readFileSync(makeParts(dir, [rootWith('')])[0]!)
      const pvs = [0, 1].map((index) => {
        const text = groupText(volumeText('root', [linear(0, 1, 'pv0', 0)]), [uuidOf(index)]).replace('Vg0000', `Vg000${index}`)
        const pv = memoryPv({ uuid: uuidOf(index), text, size: 8 << 20 })
        image.copy(pv, 64 << 10)
        writeFileSync(join(dir, `pv${index}`), pv)
        return join(dir, `pv${index}`)
      })
      expect(() => find(makeDisk(dir, pvs), 'root=/dev/mapper/centos-root')).toThrow(
        'no root filesystem was found: 2 filesystems could be the root, and the boot line names several of them (logical volume centos/root of disk: ext4, with',
      )
    }))

  test('an unreadable one is a warning only if it would be mounted', () =>
    withTempDir((dir) => {
      const thin = 'start_extent = 0\nextent_count = 1\ntype = "thin"\nthin_pool = "pool"\ntransaction_id = 0\ndevice_id = 1'
      const volumes = two + volumeText('opt', [thin]) + volumeText('data', [thin])
      const root = find(makeLvm(dir, volumes, [rootWith('/dev/centos/opt /opt xfs\n'), boot]))
      expect(root.warnings).toEqual([
        '/etc/fstab, line 1 (/dev/centos/opt /opt xfs): what it mounts at /opt is missing from the image, because ' +
          'logical volume centos/opt of disk: it is a thin volume, and only linear and striped volumes can be read',
      ])
      const named = find(makeLvm(dir, volumes, [rootWith(''), boot]), 'root=/dev/centos/data')
      expect(named.warnings).toEqual([
        'logical volume centos/data of disk: it is a thin volume, and only linear and striped volumes can be read',
      ])
    }))

  test('the root itself is refused by name', () =>
    withTempDir((dir) => {
      const thin = 'start_extent = 0\nextent_count = 1\ntype = "thin"\nthin_pool = "pool"\ntransaction_id = 0\ndevice_id = 1'
      const pv = makeLvm(dir, volumeText('root', [thin]) + volumeText('boot', [linear(0, 1, 'pv0', 1)]), [{}, boot])
      expect(() => find(pv)).toThrow(
        /^no root filesystem was found: logical volume centos\/boot of disk: ext4 "the boot", without the files of a root: .*; logical volume centos\/root of disk: it is a thin volume, and only linear/,
      )
    }))

  test('a hidden volume and a filesystem under a label are no candidates', () =>
    withTempDir((dir) => {
      const volumes = volumeText('root_corig', [linear(0, 1, 'pv0', 0)], '["READ", "WRITE"]') + volumeText('boot', [linear(0, 1, 'pv0', 1)])
      expect(find(makeLvm(dir, volumes, [rootWith(''), boot])).volume.place).toBe('logical volume centos/boot of disk')
    }))
})

test('the same root gives the same layer in a partition, in a volume, and with its /boot beside it', () =>
  withTempDir((dir) => {
    const layer = (disk: Buffer, bootLine?: string) =>
      createHash('sha256')
        .update(tarOf(walk(find(disk, bootLine).tree)))
        .digest('hex')
    const images = makeParts(dir, [rootWith('/dev/sda2 /home ext4\n'), boot])
    const expected = layer(readFileSync(images[0]!))
    expect(layer(makeDisk(dir, images))).toBe(expected)
    const pv = memoryPv({ uuid: uuidOf(0), text: groupText(volumeText('root', [linear(0, 1, 'pv0', 3)])), size: 61 << 20 })
    readFileSync(images[0]!).copy(pv, (64 << 10) + 3 * (4 << 20))
    expect(layer(pv)).toBe(expected)
    writeFileSync(images[0]!, Buffer.alloc(1 << 20))
    writeFileSync(images[1]!, pv)
    expect(layer(makeDisk(dir, images))).toBe(expected)
  }))
