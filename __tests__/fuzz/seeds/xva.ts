import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFilesystem } from '../../fixtures/filesystem.ts'
import { makeXva } from '../../fixtures/xva.ts'
import { sh } from '../../support/tools.ts'
import type { Range, Seed, Target } from '../seed.ts'

export const xva: Target = {
  name: 'xva',
  async seeds(dir) {
    const [root, raw] = ['root', 'raw'].map((name) => join(dir, name)) as [string, string]
    sh(`mkdir -p ${root}/etc ${root}/usr; echo 'XenServer DDK release 7.0.0' > ${root}/etc/redhat-release; seq 2000 > ${root}/usr/numbers`)
    makeFilesystem(root, raw, { filesystem: 'ext2', megabytes: 2 })
    return makers.flatMap((maker): Seed[] => {
      const file = join(dir, `${maker}.xva`)
      makeXva(raw, file, join(dir, maker), { maker })
      const bytes = readFileSync(file)
      const headers = headersIn(bytes)
      const xml: Range = [512, 512 + Number.parseInt(bytes.toString('latin1', 124, 135), 8)]
      const common = { bytes, repair: (mutant: Buffer) => repairHeaders(mutant, headers) }
      const sums = headers.filter(([from]) => /\.(?:checksum|xxhash)\0/.test(bytes.toString('latin1', from, from + 100)))
      return [
        { ...common, name: `${maker}: headers`, ranges: headers },
        { ...common, name: `${maker}: ova.xml`, ranges: [xml], style: 'words' },
        ...(sums.length > 0 ? [{ ...common, name: `${maker}: checksums`, ranges: sums.map(([, to]) => [to, to + 40] as const) }] : []),
      ]
    })
  },
}

const makers = ['xenserver-7', 'xenserver-8', 'xen-orchestra'] as const

/** The 512-byte headers of a tar's members. */
function headersIn(bytes: Buffer): Range[] {
  const found: Range[] = []
  for (let at = 0; bytes[at] !== 0; ) {
    found.push([at, at + 512])
    at += 512 + Math.ceil(Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8) / 512) * 512
  }
  return found
}

/** The sum of a header's bytes, with its own field as spaces (POSIX.1-2017, pax, "ustar Interchange Format"). */
function repairHeaders(mutant: Buffer, headers: readonly Range[]): void {
  for (const [from, to] of headers) {
    const header = mutant.subarray(from, to).fill(' ', 148, 156)
    let sum = 0
    for (const byte of header) sum += byte
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  }
}
