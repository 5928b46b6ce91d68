import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bytesAt, memorySource } from '../../../../src/bytes/source.ts'
import { iso9660, openIso } from '../../../../src/disk/filesystem/iso9660/index.ts'
import { resolve } from '../../../../src/disk/filesystem/tree.ts'
import { listOf, withFileSystem } from '../../../support/filesystem.ts'
import { noCorpus, noRoot } from '../../../support/machine.ts'
import { unless } from '../../../support/skip.ts'
import { fromCorpus, readCorpus, run, sh, walkMounted, withTempDir } from '../../../support/tools.ts'
import { brief, fromMtree, kept, listByBsdtar, makeIso, makePlainTree, makePosixTree } from './support.ts'

let work: string
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'xenserver-ddk-iso-'))
  mkdirSync(join(work, 'plain'))
  makePlainTree(join(work, 'plain'))
  if (!noRoot) {
    mkdirSync(join(work, 'posix'))
    makePosixTree(join(work, 'posix'))
  }
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

const rockRidgeForms = [
  'genisoimage -R',
  'genisoimage -R -input-charset iso8859-1 -J -joliet-long',
  'genisoimage -R -D -no-pad -iso-level 1',
  'genisoimage -R -input-charset iso8859-1 -hide-rr-moved -udf',
  'xorriso -as mkisofs -R',
  'xorriso -hardlinks on -as mkisofs -R -J -iso-level 3',
  'xorriso -compliance deep_paths_off -as mkisofs -R',
]

// The tree has device nodes.
unless(noRoot).describe('Rock Ridge', () => {
  test.each(rockRidgeForms)('%s', (command) => {
    const dir = join(work, 'posix')
    const iso = makeIso(command, dir, join(work, 'posix.iso'))
    withFileSystem(iso, openIso, (opened, warnings) => {
      const found = listOf(opened)
      const numbers = found.filter(({ path }) => path === 'README' || path === 'hard').map(({ ino }) => ino)
      expect(found.map(kept)).toEqual(walkMounted(dir).map(kept))
      expect(opened.iso.naming).toBe('rock-ridge')
      expect(warnings).toEqual([])
      if (command.includes('-hardlinks on')) expect(new Set(numbers).size).toBe(1)
    })
    rmSync(iso)
  })

  test('names and links so long that they need several continuation areas', async () => {
    await withTempDir((dir) => {
      mkdirSync(join(dir, 'tree'))
      sh(
        `cd ${dir}/tree; touch ${'n'.repeat(255)}; ln -s ${Array(5).fill('x'.repeat(200)).join('/')} far; ln -s ${'../'.repeat(300)}e up; ln -s ${'l'.repeat(255)}/${'m'.repeat(200)} wide`,
      )
      const iso = makeIso('xorriso -as mkisofs -R', join(dir, 'tree'), join(dir, 'long.iso'))
      withFileSystem(iso, openIso, (opened) => expect(listOf(opened).map(kept)).toEqual(walkMounted(join(dir, 'tree')).map(kept)))
    })
  })
})

describe('without Rock Ridge', () => {
  test.each(['genisoimage -J -joliet-long', 'xorriso -as mkisofs -J -joliet-long --norock'])('Joliet: %s', (command) => {
    const dir = join(work, 'plain')
    const iso = makeIso(command, dir, join(work, 'joliet.iso'))
    withFileSystem(iso, openIso, (opened) => {
      expect(opened.iso.naming).toBe('joliet')
      expect(listOf(opened).map(brief)).toEqual(walkMounted(dir).map((entry) => brief(entry as never)))
    })
  })

  test.each([1, 2, 3, 4])('plain names of level %i', (level) => {
    const iso = makeIso(`genisoimage -iso-level ${level} -quiet`, join(work, 'plain'), join(work, 'plain.iso'))
    withFileSystem(iso, openIso, (opened) => {
      expect(opened.iso.naming).toBe('plain')
      expect(listOf(opened).map(brief)).toEqual(listByBsdtar(iso))
      expect(listOf(opened)).toHaveLength(129)
    })
  })
})

test('Joliet is read where the primary directories can’t be, and that is said', () => {
  const iso = makeIso('genisoimage -J -joliet-long', join(work, 'plain'), join(work, 'half.iso'))
  const bytes = readFileSync(iso)
  const root = bytes.readUInt32LE(16 * 2048 + 156 + 2) * 2048
  bytes.fill(0, root, root + 2048)
  const warnings: string[] = []
  const opened = iso9660.open(memorySource(bytes, 'half.iso'), (sentence) => warnings.push(sentence))
  expect(resolve(opened, 'ddk/xvda/chunk-000000001.gz')!.size).toBe(2048)
  expect(warnings).toEqual([expect.stringMatching(/^half\.iso, byte \d+: .*; the Joliet directories are read instead$/)])
})

test('the description', () => {
  const command = 'xorriso -as mkisofs -R -J -V DDK_65 -sysid XS -publisher citrix -appid ddk --modification-date=2015010203040599'
  const iso = makeIso(command, join(work, 'plain'), join(work, 'described.iso'))
  withFileSystem(iso, openIso, (opened) => {
    expect(opened.iso).toMatchObject({ volumeId: 'DDK_65', systemId: 'XS', publisherId: 'CITRIX', applicationId: 'DDK', blockSize: 2048 })
    expect(opened.iso.modified).toEqual({ seconds: Date.UTC(2015, 0, 2, 3, 4, 5) / 1000, nanoseconds: 990_000_000 })
    expect(opened.iso).toMatchObject({ extensions: ['rock-ridge', 'joliet'], elTorito: false, udfBridge: false, hybrid: [] })
    const blkid = run('blkid', ['-p', '-o', 'value', '-s', 'UUID', '-s', 'TYPE', '-s', 'LABEL', iso]).trim().split('\n')
    expect(new Set([opened.info.uuid, opened.info.type, opened.info.label])).toEqual(new Set(blkid))
  })
})

test('boot records and partition tables of an ISO are detected', () => {
  const dir = join(work, 'plain')
  writeFileSync(join(work, 'plain/boot.img'), Buffer.alloc(4096))
  const iso = makeIso(
    'xorriso -as mkisofs -R -b boot.img -no-emul-boot -boot-load-size 4 --protective-msdos-label -appended_part_as_gpt',
    dir,
    join(work, 'boot.iso'),
  )
  rmSync(join(work, 'plain/boot.img'))
  withFileSystem(iso, openIso, (opened) => expect(opened.iso).toMatchObject({ elTorito: true, hybrid: expect.arrayContaining(['mbr']) }))
  const udf = makeIso('genisoimage -R -udf', dir, join(work, 'udf.iso'))
  withFileSystem(udf, openIso, (opened) => expect(opened.iso).toMatchObject({ elTorito: false, udfBridge: true, hybrid: [] }))
})

test('content can be read by file descriptor', () => {
  const iso = makeIso('genisoimage -R', join(work, 'plain'), join(work, 'runs.iso'))
  withFileSystem(iso, openIso, (opened) => {
    const content = resolve(opened, 'ddk/xvda/chunk-000000001.gz')!.content()
    expect(content.size).toBe(2048)
    expect(content.runs).toMatchObject([{ length: 2048 }])
  })
})

test('a file of more than 4 GiB has several extents', async () => {
  await withTempDir((dir) => {
    const size = 2 ** 32 + 3_000_000
    mkdirSync(join(dir, 'tree'))
    const big = join(dir, 'tree/big')
    writeFileSync(big, '')
    truncateSync(big, size)
    sh(
      `for at in 0 4294967290 ${size - 6}; do printf marker | dd of=${big} bs=1 seek=$at conv=notrunc status=none; done; touch ${dir}/tree/after`,
    )
    const iso = join(dir, 'big.iso')
    sh(`xorriso -as mkisofs -quiet -R -iso-level 3 ${dir}/tree | dd of=${iso} bs=1M conv=sparse iflag=fullblock status=none`)
    withFileSystem(iso, openIso, (opened) => {
      const content = resolve(opened, 'big')!.content()
      expect(content.size).toBe(size)
      expect(content.runs!.reduce((sum, { length }) => sum + length, 0)).toBe(size)
      for (const at of [0, 4294967290, size - 6]) expect(bytesAt(content, at, 6).toString()).toBe('marker')
      expect(bytesAt(content, 100, 2000).every((byte) => byte === 0)).toBe(true)
      expect(resolve(opened, 'after')!.size).toBe(0)
    })
  })
}, 60_000)

test('zisofs is refused by name, when the file is read', () => {
  sh(`mkdir -p ${work}/z; head -c 100000 /dev/zero > ${work}/z/zeros; mkzftree ${work}/z ${work}/zipped`)
  const iso = makeIso('genisoimage -R -z', join(work, 'zipped'), join(work, 'z.iso'))
  withFileSystem(iso, openIso, (opened) => {
    const file = resolve(opened, 'zeros')!
    expect(file.size).toBe(100_000)
    expect(() => file.content()).toThrow(/zeros .*: the file is compressed by zisofs \(pz\), which can't be read/)
  })
})

test('an incomplete download is detected by the volume’s size, and a file past the end is named', () => {
  const iso = makeIso('genisoimage -R -no-pad', join(work, 'plain'), join(work, 'cut.iso'))
  const last = 'many files/f99.txt'
  truncateSync(
    iso,
    withFileSystem(iso, openIso, (opened) => resolve(opened, last)!.content().runs![0]!.offset + 3),
  )
  withFileSystem(iso, openIso, (opened, warnings) => {
    expect(warnings).toEqual([
      expect.stringMatching(/the image: the ISO has \d+ bytes, of which only the first \d+ are there.*download isn't complete/),
    ])
    expect(() => resolve(opened, last)!.content()).toThrow(
      /f99.txt .*should be at bytes \d+ to \d+, but the ISO ends at byte \d+; the ISO is damaged/,
    )
  })
})

test('something other than an ISO isn’t taken for one', () => {
  expect(iso9660.detect(memorySource(Buffer.alloc(100_000), 'zeros'))).toBe(false)
  expect(iso9660.detect(memorySource(Buffer.alloc(10), 'short'))).toBe(false)
  expect(() => iso9660.open(memorySource(Buffer.alloc(100_000), 'zeros'), () => {})).toThrow(
    'zeros, byte 32768: a primary volume descriptor should be here, but there is none; the ISO is damaged',
  )
})

unless(noCorpus).describe('the corpus', () => {
  test.each(['copying-rr', 'copying', 'joliet', 'test-udf1'])('%s is as bsdtar lists it', async (name) => {
    await withTempDir((dir) =>
      withFileSystem(fromCorpus(`iso/libcdio/${name}.iso.gz`, dir), openIso, (opened, warnings) => {
        const manifest = readCorpus(`manifest/iso_libcdio_${name}.mtree`).split('\n').flatMap(fromMtree)
        expect(listOf(opened).map(brief)).toEqual(manifest.sort((a, b) => (a.path < b.path ? -1 : 1)))
        expect(warnings).toEqual([])
      }),
    )
  })

  test.each([
    ['bad-dir', /byte 47104: a directory record has a length of 0/],
    ['malformed', /byte 32896: the logical block size is 12336/],
    ['malformed2', /byte 47104: a directory record has a length of 2/],
    ['udf102', /a primary volume descriptor should be here, but there is none/],
  ])('%s ends in one sentence', async (name, sentence) => {
    await withTempDir((dir) => {
      const iso = fromCorpus(`iso/libcdio/${name}.iso.gz`, dir)
      expect(() => withFileSystem(iso, openIso, (opened) => listOf(opened))).toThrow(sentence)
    })
  })
})
