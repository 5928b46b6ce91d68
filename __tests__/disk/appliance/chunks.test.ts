import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { bytesAt } from '../../../src/bytes/source.ts'
import { findChunks } from '../../../src/disk/appliance/chunks.ts'
import type { Vdi } from '../../../src/disk/appliance/ova.ts'
import { openFolder } from '../../../src/disk/filesystem/folder.ts'
import type { PackedFile } from '../../../src/disk/spool/packed-file.ts'
import { sh, withTempDir } from '../../support/tools.ts'

const vdi: Vdi = { name: 'vdi_xvda', source: 'file://xvda', type: 'dir-gzipped-chunks' }

/** The chunks that are found when these files lie in a folder. The content of a file is its name, gzip'ed if that ends in .gz. */
async function find(
  files: readonly string[],
  { disk = vdi, device = 'xvda', ova = 'ddk/ova.xml', lengths = [] as readonly number[] } = {},
): Promise<PackedFile[]> {
  return withTempDir((dir) => {
    for (const [index, file] of [...files, ova].entries()) {
      mkdirSync(dirname(join(dir, file)), { recursive: true })
      writeFileSync(join(dir, file), /gz$/i.test(file) ? gzipSync(lengths[index] === undefined ? file : 'x'.repeat(lengths[index])) : file)
    }
    const folder = openFolder(dir)
    const chunks = findChunks(folder, ova, disk, device)
    for (const { source } of chunks) bytesAt(source, 0, source.size)
    folder.close()
    return chunks
  })
}
const names = async (...args: Parameters<typeof find>) => (await find(...args)).map(({ name }) => name)
const numbered = (count: number, prefix = 'ddk/xvda/chunk-') =>
  Array.from({ length: count }, (_, number) => `${prefix}${String(number).padStart(9, '0')}.gz`)

describe('findChunks', () => {
  test('in the order of their numbers', async () => {
    expect(await names(numbered(12).reverse())).toEqual(numbered(12))
    expect(await names(numbered(2, 'ddk/xvda/chunk'))).toEqual(numbered(2, 'ddk/xvda/chunk'))
    expect(await names(['ddk/xvda/chunk-10.gz', ...[2, 1, 0, 3, 4, 5, 6, 7, 8, 9].map((n) => `ddk/xvda/chunk-${n}.gz`)])).toEqual(
      Array.from({ length: 11 }, (_, n) => `ddk/xvda/chunk-${n}.gz`),
    )
  })

  test('beside other files', async () => {
    expect(
      await names([
        'ddk/xvda/TRANS.TBL',
        'ddk/xvda/chunk-000000000.gz',
        'ddk/xvda/chunk-000000000.gz.md5',
        'ddk/xvda/chunk-000000001/file',
      ]),
    ).toEqual(numbered(1))
  })

  test('in upper case, as without Rock Ridge', async () => {
    const files = ['DDK/XVDA/CHUNK_000000000.GZ', 'DDK/XVDA/CHUNK_000000001.GZ']
    expect(await names(files, { ova: 'DDK/OVA.XML' })).toEqual(files)
    expect(await names(['DDK/XVDA/CHUNK_00.GZ'], { ova: 'DDK/OVA.XML' })).toEqual(['DDK/XVDA/CHUNK_00.GZ'])
  })

  test('where the disk or its device says', async () => {
    expect(await names(['ova/disks/one/chunk-0.gz'], { ova: 'ova/ova.xml', disk: { ...vdi, source: 'file://disks/one/' } })).toEqual([
      'ova/disks/one/chunk-0.gz',
    ])
    expect(await names(['sda/chunk-0.gz'], { ova: 'ova.xml', device: 'sda' })).toEqual(['sda/chunk-0.gz'])
    expect(await names(['ddk/sda/chunk-0.gz', 'ddk/xvda/readme'], { device: 'sda' })).toEqual(['ddk/sda/chunk-0.gz'])
    expect(await names(['ddk/xvda/chunk-0.gz', 'ddk/XVDA/chunk-0.gz'])).toEqual(['ddk/xvda/chunk-0.gz'])
    await expect(find(['xvda/chunk-0.gz'], { disk: { ...vdi, source: 'file://../xvda' }, device: '..' })).rejects.toThrow(
      'should be in ../xvda or .. beside it',
    )
  })

  test('a missing number, or one that occurs twice', async () => {
    await expect(find(numbered(9).filter((_, n) => n !== 3))).rejects.toThrow(
      'ddk/xvda: chunk 3 of the disk is missing: chunk-000000004.gz comes next',
    )
    await expect(find(numbered(2).slice(1))).rejects.toThrow('chunk 0 of the disk is missing')
    await expect(find([...numbered(3), 'ddk/xvda/chunk-000000001'])).rejects.toThrow(
      /chunk 1 of the disk occurs twice: chunk-000000001(\.gz)? and chunk-000000001(\.gz)?$/,
    )
    await expect(find(['ddk/xvda/chunk-9999999999999999.gz'])).rejects.toThrow('9999999999999999 is not a chunk number')
    await expect(find(['ddk/xvda/chunk-cafe.gz'])).rejects.toThrow('cafe is not a chunk number')
  })

  test('no chunks at all', async () => {
    await expect(find(['ddk/other/file', 'ddk/readme'])).rejects.toThrow(
      'ddk/ova.xml: the disk vdi_xvda should be in xvda beside it, as chunk-000000000.gz and so on, but there is only other/, ova.xml, readme',
    )
  })

  test('that are not compressed', async () => {
    const plain = ['ddk/xvda/chunk-000000000', 'ddk/xvda/chunk-000000001']
    const { type: _, ...untyped } = vdi
    expect((await find(plain, { disk: untyped })).map(({ compression }) => compression)).toEqual(['none', 'none'])
    expect((await find(numbered(2), { disk: untyped })).map(({ compression }) => compression)).toEqual(['gzip', 'gzip'])
    // Whether all of them are gzip files shows when they are unpacked, because later ones may not have arrived yet.
    expect((await find(plain)).map(({ compression }) => compression)).toEqual(['gzip', 'gzip'])
    expect((await find([...numbered(1), plain[1]!], { disk: untyped })).map(({ compression }) => compression)).toEqual(['gzip', 'gzip'])
  })
})

describe('short names, as ISO makers cut them', () => {
  test('are taken if they count from zero', async () => {
    const files = Array.from({ length: 12 }, (_, number) => `DDK/XVDA/CHUNK_${String(number).padStart(2, '0')}.GZ`)
    expect(await names([...files].reverse(), { ova: 'DDK/OVA.XML' })).toEqual(files)
    for (const serials of [
      ['_01', '_02'],
      ['000', '001'],
      ['_00', '000'],
      ['_00', '_00.GZ_01', '_02'],
    ]) {
      await expect(find(serials.map((serial) => `ddk/xvda/CHUNK${serial}.GZ`))).rejects.toThrow("which don't give their order")
    }
  })

  /** The names of 13 chunks on an ISO of level 1 without extensions, by an independent reader. */
  const onLevel1 = (maker: string) =>
    withTempDir((dir) => {
      sh(`mkdir -p in/xvda && for n in $(seq -w 0 12); do touch in/xvda/chunk-0000000$n.gz; done && ${maker} -o out.iso in 2> log`, {
        cwd: dir,
      })
      return sh('bsdtar -tf out.iso', { cwd: dir })
        .split('\n')
        .filter((name) => /GZ$/.test(name))
    })

  test('of three digits are taken if the last one is the shortest', async () => {
    const files = ['DDK/XVDA/CHUNK000.GZ', 'DDK/XVDA/CHUNK001.GZ', 'DDK/XVDA/CHUNK002.GZ']
    const lengths = (...each: number[]) => ({ ova: 'DDK/OVA.XML', lengths: each })
    expect(await names(files, lengths(9, 9, 8))).toEqual(files)
    for (const each of [
      [9, 9, 9],
      [9, 8, 9],
      [8, 9, 9],
      [9, 8, 7],
    ]) {
      await expect(find(files, lengths(...each))).rejects.toThrow("which don't give their order")
    }
  })

  test.each(Array.from({ length: 12 }, (_, index) => index + 2))(
    '%d chunks that genisoimage cuts to three digits: refused, or without a beginning',
    (count) =>
      withTempDir((dir) => {
        sh('mkdir -p in/xvda && touch in/ova.xml', { cwd: dir })
        for (let number = 0; number < count; number++) {
          const content = `${String(number).padStart(2, '0')}${number < count - 1 ? ' whole' : ''}`
          writeFileSync(join(dir, `in/xvda/chunk${String(number).padStart(9, '0')}.gz`), gzipSync(content))
        }
        sh('genisoimage -quiet -o out.iso in 2> log && mkdir out && bsdtar -xf out.iso -C out && chmod -R u+w out', { cwd: dir })
        expect(readdirSync(join(dir, 'out/XVDA'))).toHaveLength(count)
        try {
          const [first] = findChunks(openFolder(join(dir, 'out')), 'OVA.XML', vdi, undefined) as [PackedFile]
          expect(gunzipSync(bytesAt(first.source, 0, first.source.size)).toString()).not.toMatch(/^00/)
        } catch (error) {
          expect(String(error)).toMatch("which don't give their order")
        }
      }),
  )

  test.each(['genisoimage -quiet', 'xorriso -as mkisofs -quiet -iso-level 1 --norock'])('%s: their order is not guessed', async (maker) => {
    const files = await onLevel1(maker)
    expect(files.length).toBe(13)
    await expect(find(files.map((name) => `ddk/${name}`))).rejects.toThrow(
      /^ddk\/XVDA: its 13 chunks have short names \(CHUNK.*which don't give their order/,
    )
  })
})
