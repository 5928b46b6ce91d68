import { openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { memorySource } from '../../../../src/bytes/source.ts'
import { ext } from '../../../../src/disk/filesystem/ext/index.ts'
import { resolve } from '../../../../src/disk/filesystem/tree.ts'
import { readImage, withFileSystem } from '../../../support/filesystem.ts'
import { run, sh, withTempDir } from '../../../support/tools.ts'
import { makeImage } from './support.ts'

describe('what a filesystem is, as dumpe2fs and blkid say', () => {
  test.each([
    '-t ext2 -L label',
    '-t ext3 -b 1024',
    '-t ext4 -L sixteen-letters.',
    '-t ext2 -O meta_bg,^resize_inode',
    '-t ext2 -O uninit_bg',
    '-t ext4 -O bigalloc,orphan_file,quota,project,mmp,inline_data,ea_inode,large_dir,encrypt,verity,casefold,fast_commit,metadata_csum_seed',
    '-r 0 -O none',
  ])('%s', async (options) => {
    await withTempDir((dir) => {
      const image = makeImage(join(dir, 'image'), options, '16M')
      const dump = sh(`dumpe2fs -h ${image} 2>/dev/null`)
      const field = (name: string) => new RegExp(`^${name}: +(.*)$`, 'm').exec(dump)?.[1]?.trim() ?? ''
      const [features, label] = [field('Filesystem features'), field('Filesystem volume name')]
      const { info } = withFileSystem(image, ext.open, (fs) => fs)
      expect(info).toEqual({
        type: run('blkid', ['-p', '-o', 'value', '-s', 'TYPE', image]).trim(),
        label: label === '<none>' ? '' : label,
        uuid: field('Filesystem UUID'),
        blockSize: Number(field('Block size')),
        size: Number(field('Block count')) * Number(field('Block size')),
        free: Number(field('Free blocks')) * Number(field('Block size')),
        features: features === '(none)' ? [] : features.split(' '),
        notes: [],
      })
    })
  })
})

describe('refused, by name', () => {
  /** A small filesystem without checksums, and a 32-bit field of its superblock. */
  async function withField(at: number, change: (value: number) => number, use: (bytes: Buffer) => void) {
    await withTempDir((dir) => {
      const bytes = readFileSync(makeImage(join(dir, 'image'), '-t ext4 -b 1024 -O ^metadata_csum', '2M'))
      bytes.writeUInt32LE(change(bytes.readUInt32LE(1024 + at)) >>> 0, 1024 + at)
      use(bytes)
    })
  }
  const open = (bytes: Buffer, warnings: string[] = []) => ext.open(memorySource(bytes, 'the image'), (sentence) => warnings.push(sentence))

  test.each([
    [0x60, (word: number) => word | 0x1, "the image: the ext filesystem uses a feature that can't be read: compression"],
    [0x60, (word: number) => word | 0x81000, "the image: the ext filesystem uses a feature that can't be read: dirdata, FEATURE_I19"],
    [0x64, (word: number) => word | 0x80, "the image: the ext filesystem uses a feature that can't be read: has_snapshot"],
    [
      0x60,
      (word: number) => word | 0x8,
      'the image: it is the external journal of an ext filesystem, not a filesystem (feature journal_dev)',
    ],
    [
      0x18,
      () => 7,
      'the superblock of the image: it says that the filesystem has a block size of 2^17, which is impossible; the filesystem is damaged',
    ],
    [
      0x20,
      () => 0,
      'the superblock of the image: it says that the filesystem has 0 blocks in a group, which is impossible; the filesystem is damaged',
    ],
    [
      0x28,
      () => 0,
      'the superblock of the image: it says that the filesystem has 0 inodes in a group, which is impossible; the filesystem is damaged',
    ],
    [
      0x58,
      () => 100,
      'the superblock of the image: it says that the filesystem has an inode size of 100, which is impossible; the filesystem is damaged',
    ],
    [0x38, () => 0, 'the superblock of the image: its magic number is wrong; the filesystem is damaged'],
  ])('superblock field at %i', async (at, change, message) => {
    await withField(at, change, (bytes) => expect(() => open(bytes)).toThrow(message))
  })

  test('an unknown feature that only matters for writing is accepted', async () => {
    await withField(
      0x64,
      (word) => word | 0x40000000,
      (bytes) => expect(open(bytes).info.features).toContain('FEATURE_R30'),
    )
  })

  test('a journal on another device', async () => {
    await withTempDir((dir) => {
      const [journal, image] = [join(dir, 'journal'), join(dir, 'image')]
      sh(`truncate -s 8M ${journal}; mke2fs -q -F -b 1024 -O journal_dev ${journal}`)
      expect(ext.detect(memorySource(readFileSync(journal), 'it'))).toBe(true)
      expect(() => open(readFileSync(journal))).toThrow('external journal')
      const bytes = readFileSync(makeImage(image, '-t ext4 -b 1024 -O ^metadata_csum', '2M'))
      bytes.writeUInt32LE(bytes.readUInt32LE(1024 + 0x60) | 0x4, 1024 + 0x60)
      bytes.writeUInt32LE(bytes.readUInt32LE(1024 + 0x5c) | 0x4, 1024 + 0x5c)
      bytes.writeUInt32LE(0, 1024 + 0xe0)
      expect(() => open(bytes)).toThrow('on another device')
    })
  })

  test('a state that needs a warning', async () => {
    await withTempDir((dir) => {
      const bytes = readFileSync(makeImage(join(dir, 'image'), '-t ext4 -b 1024 -O ^metadata_csum,^has_journal,mmp', '8M'))
      bytes.writeUInt16LE(2, 1024 + 0x3a)
      bytes.writeUInt32LE(1, Number(bytes.readBigUInt64LE(1024 + 0x168)) * 1024 + 4)
      const warnings: string[] = []
      open(bytes, warnings)
      expect(warnings).toEqual([
        'the image: the ext filesystem is marked as having errors; check it with e2fsck',
        'the image: the ext filesystem was not cleanly unmounted and has no journal to replay, so it may be inconsistent',
        'the image: the ext filesystem is marked as in use by another computer, so it may have changed while it was copied',
      ])
      warnings.length = 0
      open(bytes.subarray(0, 7 << 20), warnings)
      expect(warnings[0]).toMatch(
        /^the image: the ext filesystem has 8388608 bytes, of which only the first 7340032 are there; files at its end can't be read/,
      )
    })
  })
})

test('encrypted files, directories and symlinks are listed, and their contents refused', async () => {
  await withTempDir((dir) => {
    const from = join(dir, 'from')
    sh(`mkdir -p ${from}/dir; echo text > ${from}/file; ln -s target ${from}/link`)
    const image = makeImage(join(dir, 'image'), '-t ext4 -O encrypt', '8M', ['-d', from])
    for (const name of ['dir', 'file', 'link']) {
      const flags = name === 'link' ? 0x800 : 0x80800
      sh(`debugfs -w -R 'set_inode_field /${name} flags ${flags}' ${image} 2>/dev/null`)
    }
    withFileSystem(image, ext.open, (fs) => {
      const child = (name: string) => [...fs.entries(fs.root)].find((entry) => entry.name.toString() === name)!.node()
      const message = (name: string) => `inode ${child(name).ino} of the image: it is encrypted and can't be read without its key`
      expect(child('file').type).toBe('file')
      expect(() => child('file').content()).toThrow(message('file'))
      expect(() => child('link').target()).toThrow(message('link'))
      expect(() => [...fs.entries(child('dir'))]).toThrow(message('dir'))
      expect(resolve(fs, 'lost+found')?.type).toBe('dir')
    })
  })
})

// By debugfs, which writes attributes of a block at most: the kernel may run out of room in its journal for as many, if another program syncs.
test('more bytes of attributes than any layer can carry', async () => {
  await withTempDir((dir) => {
    const image = makeImage(join(dir, 'image'), '-t ext4 -b 65536 -O ea_inode', '64M')
    const commands = Array.from({ length: 17 }, (_, index) => {
      writeFileSync(join(dir, `value-${index}`), Buffer.alloc(65_000, index))
      return `ea_set -f ${dir}/value-${index} file user.${index}`
    })
    writeFileSync(join(dir, 'file'), '')
    run('debugfs', ['-w', '-f', '-', image], { input: [`write ${dir}/file file`, ...commands].join('\n') })
    withFileSystem(image, ext.open, (fs) => {
      expect(() => resolve(fs, 'file')!.xattrs()).toThrow('it has 1105000 bytes of attributes; the limit is 1048576')
    })
  })
})

describe('a checksum that is wrong', () => {
  /** Flips a bit, at a place that debugfs knows. */
  async function damaged(options: string, fill: string, place: (image: string) => number, check: (image: string) => void) {
    await withTempDir((dir) => {
      const from = join(dir, 'from')
      sh(`mkdir ${from}; cd ${from}; ${fill}`)
      const image = makeImage(join(dir, 'image'), options, '16M', ['-d', from])
      const at = place(image)
      const fd = openSync(image, 'r+')
      writeSync(fd, Buffer.from([readFileSync(image)[at]! ^ 1]), 0, 1, at)
      check(image)
    })
  }
  const debugfs = (image: string, command: string) => sh(`debugfs -R '${command}' ${image} 2>/dev/null`)
  const read = (image: string, path: string) =>
    withFileSystem(image, ext.open, (fs) => {
      const node = resolve(fs, path)!
      node.xattrs()
      if (node.type === 'file') node.content().read(Buffer.alloc(1), 0)
    })

  test('of the superblock', async () => {
    await damaged(
      '-t ext4',
      ':',
      () => 1024 + 0x78,
      (image) => expect(() => read(image, '/')).toThrow('its checksum is wrong; the filesystem is damaged'),
    )
  })
  test.each(['-t ext4 -b 1024', '-t ext4 -b 1024 -O ^metadata_csum,uninit_bg', '-t ext4 -b 1024 -O ^metadata_csum,uninit_bg,^64bit'])(
    'of a group descriptor, which Linux mounts read-only all the same, %s',
    async (options) => {
      await damaged(
        options,
        ':',
        () => 2048 + 0xc,
        (image) => {
          const { entries, unreadable, warnings } = readImage(image, ext.open)
          expect(entries.map(({ path }) => path)).toEqual(['lost+found'])
          expect(unreadable).toEqual({})
          expect(warnings).toEqual([expect.stringMatching(/^the image: the checksum of a block group's descriptor is wrong/)])
        },
      )
    },
  )
  test('of an inode', async () => {
    const place = (image: string) => {
      const [, block, offset] = /block (\d+), offset 0x(\w+)/.exec(debugfs(image, 'imap /file'))!
      return Number(block) * 4096 + Number.parseInt(offset!, 16) + 0x10
    }
    await damaged('-t ext4 -b 4096', 'echo 1 > file', place, (image) =>
      expect(() => read(image, 'file')).toThrow(/^inode \d+ of the image: its checksum is wrong/),
    )
  })
  test('of a directory', async () => {
    const place = (image: string) => Number(debugfs(image, 'blocks /dir').trim()) * 4096 + 12
    await damaged('-t ext4 -b 4096', 'mkdir dir; touch dir/file', place, (image) => {
      expect(() => read(image, 'dir/file')).toThrow(
        /^block 0 of the directory \(block \d+ of the filesystem\), inode \d+ of the image: its checksum/,
      )
    })
  })
  test('of an extent tree', async () => {
    const place = (image: string) => Number(/\(ETB0\):(\d+)/.exec(debugfs(image, 'stat /file'))![1]) * 1024 + 12
    const fill = 'for i in $(seq 0 2 40); do dd if=/dev/urandom of=file bs=1024 count=1 seek=$i conv=notrunc status=none; done'
    await damaged('-t ext4 -b 1024', fill, place, (image) =>
      expect(() => read(image, 'file')).toThrow(/the checksum of block \d+ of its extent tree is wrong/),
    )
  })
  test('of an attribute block', async () => {
    const place = (image: string) => Number(/File ACL: (\d+)/.exec(debugfs(image, 'stat /file'))![1]) * 4096 + 4000
    await damaged('-t ext4 -b 4096', 'echo 1 > file; setfattr -n user.x -v $(seq -s, 200) file', place, (image) => {
      expect(() => read(image, 'file')).toThrow(/^attribute block \d+ of the image: its checksum is wrong/)
    })
  })
})
