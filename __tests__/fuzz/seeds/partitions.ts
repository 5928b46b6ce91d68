import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type DiskOptions, makeDisk } from '../../fixtures/disk.ts'
import { makeFilesystem } from '../../fixtures/filesystem.ts'
import { sh } from '../../support/tools.ts'
import type { Range, Seed, Target } from '../seed.ts'

export const mbr: Target = {
  name: 'mbr',
  async seeds(dir) {
    return [
      seedOf(dir, 'one partition', {}, () => [[446, 512]]),
      seedOf(dir, 'logical partitions', { layout: 'logical' }, (bytes) => [[446, 512], ...bootRecords(bytes)]),
    ]
  },
}

export const gpt: Target = {
  name: 'gpt',
  async seeds(dir) {
    const ranges = (bytes: Buffer): Range[] => [
      [446, 512],
      [512, 604],
      [1024, 1024 + 4 * 128],
      [bytes.length - 512, bytes.length - 420],
      [bytes.length - 33 * 512, bytes.length - 33 * 512 + 4 * 128],
    ]
    return [{ ...seedOf(dir, 'three partitions', { table: 'gpt', layout: 'boot', start: 2048 }, ranges), repair: repairGpt }]
  },
}

function seedOf(dir: string, name: string, options: DiskOptions, ranges: (bytes: Buffer) => Range[]): Seed {
  const [root, image, disk] = ['root', 'root.img', 'disk'].map((file) => join(dir, file)) as [string, string, string]
  sh(`mkdir -p ${root}/etc ${root}/usr; echo 'XenServer DDK release 6.5.0' > ${root}/etc/redhat-release; seq 2000 > ${root}/usr/numbers`)
  makeFilesystem(root, image, { filesystem: 'ext2', megabytes: 1 })
  makeDisk(image, disk, dir, options)
  const bytes = readFileSync(disk)
  for (const file of [root, image, disk]) rmSync(file, { recursive: true })
  return { name, bytes, ranges: ranges(bytes) }
}

/** The tables of an extended partition, each of which links to the next. */
function bootRecords(bytes: Buffer): Range[] {
  const extended = bytes.readUInt32LE(446 + 16 + 8)
  const found: Range[] = []
  for (let link = 0, first = true; first || link > 0; first = false) {
    const at = (extended + link) * 512
    found.push([at + 446, at + 512])
    link = bytes.readUInt32LE(at + 446 + 16 + 8)
  }
  return found
}

/** Both headers' checksums, of the entries and of themselves (UEFI specification, "GPT Header"). */
function repairGpt(mutant: Buffer): void {
  for (const at of [512, mutant.length - 512]) {
    const header = mutant.subarray(at, at + 512)
    const entries = Number(header.readBigUInt64LE(72)) * 512
    const length = header.readUInt32LE(80) * header.readUInt32LE(84)
    if (entries + length <= mutant.length) header.writeUInt32LE(crc32(mutant.subarray(entries, entries + length)), 88)
    const size = Math.min(512, header.readUInt32LE(12))
    header.writeUInt32LE(0, 16)
    header.writeUInt32LE(crc32(header.subarray(0, size)), 16)
  }
}
