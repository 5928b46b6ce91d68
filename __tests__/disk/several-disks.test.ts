import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { walk } from '../../src/disk/filesystem/tree.ts'
import { openRoot } from '../../src/disk/open.ts'
import { makeXva, withChecksum, type XvaOptions } from '../fixtures/xva.ts'
import { withTempDir } from '../support/tools.ts'
import { groupText, linear, memoryPv, uuidOf, volumeText } from './lvm/memory-pv.ts'
import { type Contents, makeExt } from './root/made-root.ts'

// A machine with two disks: the root's, and one that a volume group lies on as well, or that the root's fstab names.

const release = { 'etc/redhat-release': 'XenServer DDK release 7.0.0-125380c\n', 'usr/bin/make': 'make' }
/** The size of the second disk in the fixture's ova.xml. */
const secondSize = 5 << 20

type Maker = (dir: string, first: Buffer, second: Buffer | undefined) => string

/** An .xva, whose second disk is `Ref:data` at position 1. */
const xva =
  (options: XvaOptions): Maker =>
  (dir, first, second) => {
    const [disk, file] = [join(dir, 'first'), join(dir, 'machine.xva')]
    writeFileSync(disk, first)
    const blocks = second ? Array.from({ length: 5 }, (_, index) => second.subarray(index << 20, (index + 1) << 20)) : []
    makeXva(disk, file, dir, {
      ...options,
      edit: (members) => [
        ...members,
        ...blocks.flatMap((bytes, index) =>
          withChecksum({ name: `Ref:data/${String(index).padStart(8, '0')}`, bytes }, options.maker ?? 'xenserver-7'),
        ),
      ],
    })
    return file
  }

/** A folder with an ova.xml and gzipped chunks. */
const folder: Maker = (dir, first, second) => {
  const top = join(dir, 'ddk')
  for (const [device, disk] of [
    ['xvda', first],
    ['xvdb', second],
  ] as const) {
    if (!disk) continue
    mkdirSync(join(top, device), { recursive: true })
    writeFileSync(join(top, device, 'chunk-000000000.gz'), gzipSync(disk))
  }
  const vdi = (device: string, size: number) =>
    `<vdi name="vdi_${device}" size="${size}" source="file://${device}" type="dir-gzipped-chunks"/>`
  writeFileSync(
    join(top, 'ova.xml'),
    '<appliance version="0.1"><vm name="vm"><label>XenServer DDK 7.0.0-125380c</label><hacks is_hvm="false" kernel_boot_cmdline=""/>' +
      '<vbd device="xvda" function="root" mode="w" vdi="vdi_xvda"/><vbd device="xvdb" function="data" mode="w" vdi="vdi_xvdb"/></vm>' +
      `${vdi('xvda', first.length)}${vdi('xvdb', secondSize)}</appliance>`,
  )
  return top
}

async function read(input: string, dir: string) {
  const warnings: string[] = []
  const root = await openRoot(input, { tempDir: dir, warn: (sentence) => warnings.push(sentence) })
  try {
    const paths = [...walk(root.tree)].map(({ path }) => path.toString())
    root.finish()
    return { paths, warnings, place: root.place }
  } catch (error) {
    throw root.causeOf(error)
  } finally {
    root.close()
  }
}

const padded = (bytes: Buffer) => Buffer.concat([bytes], secondSize)

describe.each<[string, Maker]>([
  ['an .xva', xva({})],
  ['an .xva, zstd', xva({ maker: 'xenserver-8', compression: 'zstd' })],
  ['a folder with an ova.xml', folder],
])('of %s', (_name, make) => {
  const rootOf = (dir: string, fstab: string, more: Contents = {}) =>
    makeExt(dir, { ...release, 'etc/fstab': fstab, opt: undefined, ...more })

  test.each(['/dev/xvdb', '/dev/sdb', 'LABEL=second'])('the second disk is mounted by %s', (spec) =>
    withTempDir(async (dir) => {
      const second = padded(makeExt(dir, { 'on-second': 'x' }, ['-t', 'ext4', '-L', 'second']))
      const { paths, warnings } = await read(make(dir, rootOf(dir, `${spec} /opt ext4\n`), second), dir)
      expect(warnings).toEqual([])
      expect(paths).toContain('opt/on-second')
    }),
  )

  test('a volume group on both disks is read', () =>
    withTempDir(async (dir) => {
      const image = rootOf(dir, '')
      const extent = 512 << 10
      const text = groupText(volumeText('root', [linear(0, 5, 'pv0', 0), linear(5, 3, 'pv1', 2)]), [uuidOf(0), uuidOf(1)])
        .replace('extent_size = 8192', 'extent_size = 1024')
        .replaceAll('pe_count = 15', 'pe_count = 9')
      const [first, second] = [0, 1].map((index) => memoryPv({ uuid: uuidOf(index), text, size: secondSize })) as [Buffer, Buffer]
      image.copy(first, 64 << 10, 0, 5 * extent)
      image.copy(second, (64 << 10) + 2 * extent, 5 * extent)
      const { paths, warnings, place } = await read(make(dir, first, second), dir)
      expect(warnings).toEqual([])
      expect(place).toMatch(/^logical volume centos\/root of /)
      expect(paths).toContain('usr/bin/make')
    }))

  test('a second disk without contents is not missed until it is named', () =>
    withTempDir(async (dir) => {
      expect((await read(make(dir, rootOf(dir, ''), undefined), dir)).warnings).toEqual([])
    }))

  test('a second disk that cannot be read is a warning that names the line', () =>
    withTempDir(async (dir) => {
      const { warnings } = await read(make(dir, rootOf(dir, '/dev/xvdb1 /opt ext4\n'), undefined), dir)
      expect(warnings).toEqual([
        expect.stringMatching(
          /^\/etc\/fstab, line 1 \(\/dev\/xvdb1 \/opt ext4\): what it mounts at \/opt is missing from the image, because it names another disk than that of the root; .+/,
        ),
      ])
    }))
})

test('damage on the second disk of an .xva is found, if the disk is used', () =>
  withTempDir(async (dir) => {
    const second = padded(makeExt(dir, { 'on-second': 'x' }, ['-t', 'ext4', '-L', 'second']))
    const damaged: Maker = (folder, first, bytes) => {
      const file = xva({})(folder, first, bytes)
      const archive = readFileSync(file)
      // Where no file is, so that only the block's checksum tells.
      archive.write('damage', archive.indexOf('Ref:data/00000004\0') + 512 + (900 << 10))
      writeFileSync(file, archive)
      return file
    }
    const rootOf = (fstab: string) => makeExt(dir, { ...release, 'etc/fstab': fstab, opt: undefined })
    expect((await read(damaged(dir, rootOf(''), second), dir)).warnings).toEqual([])
    await expect(read(damaged(dir, rootOf('/dev/xvdb /opt ext4\n'), second), dir)).rejects.toThrow(
      /^Ref:data\/00000004 of .*machine\.xva.*SHA-1/,
    )
  }))
