import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { memorySource } from '../../../../src/bytes/source.ts'
import { resolve } from '../../../../src/disk/filesystem/tree.ts'
import { xfs } from '../../../../src/disk/filesystem/xfs/index.ts'
import { withFileSystem } from '../../../support/filesystem.ts'
import { noMountOf } from '../../../support/machine.ts'
import { unless } from '../../../support/skip.ts'
import { run, sh, withMount, withTempDir } from '../../../support/tools.ts'
import { makeImage } from './support.ts'

describe('what a filesystem is, as xfs_db and blkid say', () => {
  test.each([
    '',
    '-L twelve-chars',
    '-b size=1024 -n version=ci',
    '-m crc=1,rmapbt=1,reflink=1,bigtime=1,inobtcount=1,finobt=1 -i sparse=1,nrext64=1 -s size=4096',
    '-m rmapbt=0,reflink=0,bigtime=0,inobtcount=0,finobt=0 -i sparse=0',
    '-m crc=0 -n ftype=0 -i attr=1,projid32bit=0 -l version=1,lazy-count=0',
    '-m crc=0 -n ftype=1 -d agcount=2 -b size=512',
  ])('%s', async (options) => {
    await withTempDir((dir) => {
      const image = makeImage(join(dir, 'image'), options)
      const field = (name: string) => sh(`xfs_db -r -c 'sb 0' -c 'p ${name}' ${image} 2>/dev/null | sed 's/.* = //; s/"//g'`).trim()
      const { info } = withFileSystem(image, xfs.open, (fs) => fs)
      expect(info).toEqual({
        type: run('blkid', ['-p', '-o', 'value', '-s', 'TYPE', image]).trim(),
        label: field('fname').replaceAll(String.raw`\000`, ''),
        uuid: run('blkid', ['-p', '-o', 'value', '-s', 'UUID', image]).trim(),
        blockSize: Number(field('blocksize')),
        size: Number(field('dblocks')) * Number(field('blocksize')),
        free: Number(field('fdblocks')) * Number(field('blocksize')),
        features: /= (.*)/.exec(sh(`xfs_db -r -c version ${image} 2>/dev/null`))![1]!.split(','),
        notes: [],
      })
    })
  })
})

describe('refused, by name', () => {
  /** A filesystem without checksums, or with one that is right again, and a changed field of its superblock. */
  async function withField(options: string, field: string, value: string, use: (image: string) => void) {
    await withTempDir((dir) => {
      const image = makeImage(join(dir, 'image'), options)
      sh(`xfs_db -x -c 'sb 0' -c 'write -d ${field} ${value}' ${image} >/dev/null 2>&1`)
      use(image)
    })
  }

  test.each([
    ['', 'features_incompat', '0x200', "the image: the XFS filesystem uses a feature that can't be read: ZONED"],
    ['', 'features_incompat', '0x40000000', "the image: the XFS filesystem uses a feature that can't be read: incompat bit 30"],
    ['-m crc=0', 'features2', '0x1000', "the image: the XFS filesystem uses a feature that can't be read: features2 bit 12"],
    [
      '-m crc=0',
      'versionnum',
      '0x9084',
      "the image: the XFS filesystem has directories of version 1 (no feature DIRV2), which can't be read",
    ],
    ['-m crc=0', 'versionnum', '0xb083', 'the image: the XFS filesystem has version 3; only versions 4 and 5 can be read'],
    ['', 'blocksize', '1', 'the image: the XFS superblock has a block size of 1, which is impossible; the filesystem is damaged'],
    ['', 'inodesize', '100', 'the image: the XFS superblock has an inode size of 100 with a block size of 4096, which is impossible'],
    ['', 'sectsize', '0', 'the image: the XFS superblock has sectors of 0 bytes, which is impossible; the filesystem is damaged'],
    ['', 'agblocks', '0', 'the image: the XFS superblock has 0 blocks in a group and 15 bits for their numbers, which is impossible'],
    ['', 'agcount', '5', 'the image: the XFS superblock has 5 groups of 19200 blocks for 76800 blocks, which is impossible'],
    ['', 'dirblklog', '200', 'the image: the XFS superblock has directory blocks of 2^200 blocks of 4096 bytes, which is impossible'],
    ['', 'inprogress', '1', 'the image: the XFS superblock has the mark of an unfinished mkfs.xfs, which is impossible'],
    [
      '',
      'logstart',
      '0',
      'the image: the log of the XFS filesystem is on another device, so it is unknown whether it was unmounted cleanly',
    ],
    ['', 'rootino', '0', 'inode 0 of the image: it is needed, but lies outside the filesystem; the filesystem is damaged'],
  ])('%s %s = %s', async (options, field, value, message) => {
    await withField(options, field, value, (image) => {
      // xfs_db writes the checksum itself only where it thinks that the rest is sound.
      withChecksum(image)
      expect(() => withFileSystem(image, xfs.open, () => {})).toThrow(message)
    })
  })

  test('a checksum that is wrong', async () => {
    await withTempDir((dir) => {
      const image = makeImage(join(dir, 'image'), '')
      flip(image, 120)
      expect(() => withFileSystem(image, xfs.open, () => {})).toThrow(
        'the image: the checksum of the XFS superblock is wrong; the filesystem is damaged',
      )
    })
  })

  test('what is worth a word: that it needs a repair, and that it is cut short', async () => {
    await withTempDir((dir) => {
      const image = makeImage(join(dir, 'image'), '')
      sh(`xfs_db -x -c 'sb 0' -c 'write -d features_incompat 0x1b' ${image} >/dev/null 2>&1`)
      withChecksum(image)
      run('truncate', ['-s', '299M', image])
      expect(withFileSystem(image, xfs.open, (_, warnings) => [...warnings])).toEqual([
        expect.stringMatching(
          /^the image: the XFS filesystem has 314572800 bytes, of which only the first 313524224 are there; files at its end/,
        ),
        'the image: the XFS filesystem is marked as needing a repair; check it with xfs_repair',
      ])
    })
  })

  test('no superblock', () => {
    expect(xfs.detect(memorySource(Buffer.from('XFS'), 'the image'))).toBe(false)
    expect(() => xfs.open(memorySource(Buffer.alloc(512), 'the image'), () => {})).toThrow('the image: it has no XFS superblock')
  })
})

function withChecksum(image: string): void {
  sh(`xfs_db -x -c 'sb 0' -c 'crc -r' ${image} >/dev/null 2>&1 || true`)
}

/** Changes a bit of a file. */
function flip(path: string, at: number): void {
  const fd = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(fd, byte, 0, 1, at)
  writeSync(fd, Buffer.from([byte[0]! ^ 1]), 0, 1, at)
  closeSync(fd)
}

unless(noMountOf('xfs')).describe('the log', () => {
  const dirty = /^the image: the XFS filesystem was not unmounted cleanly, so its last changes are only in its log/
  const opened = (image: string) => withFileSystem(image, xfs.open, (fs) => resolve(fs, 'last') !== undefined)

  test.each(['', '-l size=64m -b size=1024', '-l size=70m,su=256k'])('of many records, whether clean or not, %s', async (options) => {
    await withTempDir(async (dir) => {
      const image = makeImage(join(dir, 'image'), options)
      // Until the log has gone through its ring, and the position of its end in it is anything.
      for (let round = 0; round < 3; round++) {
        await withMount(
          image,
          (mounted) => {
            sh(`cd ${mounted}; mkdir -p dir; python3 -c "
for round in range(3):
    for index in range(1500): open('dir/%d-%d-${round}' % (round, index), 'w').close()"; rm -r dir`)
            writeFileSync(join(mounted, 'last'), String(round))
            // The log is written, and nothing after it, as in a crash.
            run('xfs_io', ['-x', '-c', 'shutdown -f', mounted])
          },
          'rw',
        )
        sh(`cp --sparse=always ${image} ${image}.dirty`)
        expect(() => opened(`${image}.dirty`)).toThrow(dirty)
        // The kernel replays the log.
        await withMount(image, () => {}, 'rw')
        expect(opened(image)).toBe(true)
      }
      sh(`xfs_repair -L ${image}.dirty >/dev/null 2>&1`)
      expect(opened(`${image}.dirty`)).toBe(true)
    })
  })
})
