import { createHash } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { bytesAt, openFile, pieces, type Source } from '../../../src/bytes/source.ts'
import { openVhd } from '../../../src/disk/vhd/index.ts'
import { noCorpus } from '../../support/machine.ts'
import { randomNumbers } from '../../support/mutants.ts'
import { unless } from '../../support/skip.ts'
import { fromCorpus, run, sh, withTempDir } from '../../support/tools.ts'

/** A sparse raw disk with data in some places, in the same ones for the same size. */
function makeRaw(path: string, size: number): void {
  const random = randomNumbers(size)
  const fd = openSync(path, 'w')
  ftruncateSync(fd, size)
  for (let index = 0; index < 40; index++) {
    const bytes = Buffer.alloc(1 + random(200_000), 1 + random(255))
    const offset = random(size - bytes.length)
    writeSync(fd, bytes, 0, bytes.length, offset)
  }
  closeSync(fd)
}

function sha256(source: Source): string {
  const hash = createHash('sha256')
  for (const piece of pieces(source)) hash.update(piece)
  return hash.digest('hex')
}

function compareAtRandom(disk: Source, raw: Source): void {
  const random = randomNumbers(7)
  for (let index = 0; index < 120; index++) {
    const offset = random(raw.size)
    const length = Math.min(random(index % 10 === 0 ? 3_000_000 : 5000), raw.size - offset)
    expect(bytesAt(disk, offset, length).equals(bytesAt(raw, offset, length))).toBe(true)
  }
}

describe.each(['dynamic', 'fixed'])('a %s VHD by qemu-img', (subformat) => {
  test.each([
    ['of even size', 16 << 20, 'force_size=off'],
    ['of odd size', 13_333_504, 'force_size=on'],
    ['rounded up to a geometry', 13_333_504, 'force_size=off'],
  ])('%s has the bytes of its raw disk', (_, size, option) =>
    withTempDir((dir) => {
      const [source, vhd, back] = ['source', 'made.vhd', 'back'].map((name) => join(dir, name)) as [string, string, string]
      makeRaw(source, size)
      run('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', '-o', `subformat=${subformat},${option}`, source, vhd])
      run('qemu-img', ['convert', '-f', 'vpc', '-O', 'raw', vhd, back])
      const warnings: string[] = []
      const file = openFile(vhd)
      const raw = openFile(back)
      const disk = openVhd(file, (sentence) => warnings.push(sentence))
      disk.check()
      expect(disk.size).toBe(statSync(back).size)
      expect(disk.info.type).toBe(subformat)
      expect(sha256(disk)).toBe(sha256(raw))
      compareAtRandom(disk, raw)
      expect(warnings).toEqual([])
      file.close()
      raw.close()
    }),
  )
})

test('127 GiB without a block are zeros', () =>
  withTempDir((dir) => {
    const vhd = join(dir, 'empty.vhd')
    run('qemu-img', ['create', '-q', '-f', 'vpc', vhd, '127G'])
    const file = openFile(vhd)
    readsAsZeros(openVhd(file, fail))
    file.close()
  }))

function readsAsZeros(disk: Source): void {
  expect(disk.size).toBeGreaterThan(126 * 2 ** 30)
  for (let offset = 0; offset < disk.size; offset += 3 * 2 ** 30) {
    const into = Buffer.alloc(Math.min(1 << 16, disk.size - offset), 0xee)
    disk.read(into, offset)
    expect(into.every((byte) => byte === 0)).toBe(true)
  }
}

const { test: withCorpus } = unless(noCorpus)

describe('VHDs of other programs', () => {
  withCorpus.each(['qemu-hyperv2012r2-dynamic.vhd.bz2', 'qemu-virtualpc-dynamic.vhd.bz2'])('%s is 127 GiB of zeros', (name) =>
    withTempDir((dir) => {
      const file = openFile(fromCorpus(`vhd/${name}`, dir))
      const disk = openVhd(file, fail)
      disk.check()
      readsAsZeros(disk)
      file.close()
    }),
  )

  withCorpus('dfvfs-ext2.vhd.gz has the bytes that qemu-img and 7z find', () => sameAsOthers('dfvfs-ext2.vhd.gz', []))

  withCorpus('qemu-d2v-zerofilled.vhd.bz2 has the bytes that qemu-img finds', () =>
    sameAsOthers('qemu-d2v-zerofilled.vhd.bz2', [], ['qemu-img']),
  )

  withCorpus('dfvfs-image.vhd.gz, with a wrong checksum, has the bytes that they find once it is right', () =>
    sameAsOthers('dfvfs-image.vhd.gz', [expect.stringContaining('the checksum of the VHD footer is wrong')]),
  )

  withCorpus.each(['dfvfs-fat-differential.vhd.gz', 'dfvfs-image-differential.vhd.gz'])(
    '%s is refused with the name of its parent',
    (name) =>
      withTempDir((dir) => {
        const file = openFile(fromCorpus(`vhd/${name}`, dir))
        expect(() => openVhd(file, () => {})).toThrow(/it is a differencing VHD, .* parent ".+\.vhd"; merge it with its parent first/)
        file.close()
      }),
  )
})

/** qemu-img and 7z refuse a file with a wrong checksum, about which there is a warning here: for them it is put right. */
function sameAsOthers(name: string, expectedWarnings: unknown[], others = ['qemu-img', '7z']): Promise<void> {
  return withTempDir((dir) => {
    const path = fromCorpus(`vhd/${name}`, dir)
    const file = openFile(path)
    const warnings: string[] = []
    const disk = openVhd(file, (sentence) => warnings.push(sentence))
    disk.check()
    expect(warnings).toEqual(expectedWarnings)
    const ours = sha256(disk)
    file.close()
    correctFooters(path)
    run('qemu-img', ['convert', '-f', 'vpc', '-O', 'raw', path, join(dir, 'raw')])
    const raw = openFile(join(dir, 'raw'))
    expect(raw.size).toBe(disk.size)
    expect(sha256(raw)).toBe(ours)
    raw.close()
    if (others.includes('7z')) expect(sh(`7z x -so -tvhd '${path}' | sha256sum`)).toContain(ours)
  })
}

function correctFooters(path: string): void {
  const bytes = readFileSync(path)
  for (const at of [0, bytes.length - 512]) {
    const footer = bytes.subarray(at, at + 512)
    if (footer.toString('latin1', 0, 8) !== 'conectix') continue
    footer.writeUInt32BE(0, 64)
    footer.writeUInt32BE(~footer.reduce((sum, byte) => sum + byte, 0) >>> 0, 64)
  }
  writeFileSync(path, bytes)
}

function fail(sentence: string): void {
  throw new Error(sentence)
}
