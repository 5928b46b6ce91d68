import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeFilesystem } from '../../fixtures/filesystem.ts'
import { run, sh } from '../../support/tools.ts'
import type { Target } from '../seed.ts'

export const vhd: Target = {
  name: 'vhd',
  async seeds(dir) {
    const [root, raw] = [join(dir, 'root'), join(dir, 'raw')]
    sh(`mkdir -p ${root}/etc ${root}/usr; echo 'XenServer DDK release 6.5.0' > ${root}/etc/redhat-release; seq 2000 > ${root}/usr/numbers`)
    makeFilesystem(root, raw, { filesystem: 'ext2', megabytes: 5 })
    return (['dynamic', 'fixed'] as const).map((subformat) => {
      const image = join(dir, 'vhd')
      run('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', '-o', `subformat=${subformat},force_size=on`, raw, image])
      const bytes = readFileSync(image)
      rmSync(image)
      const footer = [bytes.length - 512, bytes.length - 427] as const
      const table = Number(bytes.readBigUInt64BE(512 + 16))
      const dynamic = [[0, 85], [512, 576], [table, table + 3 * 4], [table + 512, table + 1024], footer] as const
      return { name: subformat, bytes, ranges: subformat === 'dynamic' ? dynamic : [footer], repair: repairVhd }
    })
  },
}

/** The checksums of both footers and of the header: the complement of the bytes' sum (VHD specification, "Hard Disk Footer"). */
function repairVhd(mutant: Buffer): void {
  const structures = [
    [0, 512, 64],
    [512, 1536, 36],
    [mutant.length - 512, mutant.length, 64],
  ] as const
  for (const [from, to, field] of structures) {
    const bytes = mutant.subarray(from, to)
    if (!['conectix', 'cxsparse'].includes(bytes.toString('latin1', 0, 8))) continue
    bytes.writeUInt32BE(0, field)
    let sum = 0
    for (const byte of bytes) sum += byte
    bytes.writeUInt32BE(~sum >>> 0, field)
  }
}
