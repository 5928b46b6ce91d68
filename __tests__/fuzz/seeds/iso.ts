import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, inflateRawSync } from 'node:zlib'
import { openIso } from '../../../src/disk/filesystem/iso9660/index.ts'
import { type IsoOptions, makeIso } from '../../fixtures/iso.ts'
import { ovaXml } from '../../fixtures/ova.ts'
import { run, sh } from '../../support/tools.ts'
import type { Range, Seed, Target } from '../seed.ts'
import { metadataRanges } from './trace.ts'

/** Spaces after the XML, so that a mutant has room for more words. */
const room = 4000

/**
 * Damages the ISO's own structures: descriptors, path tables, directory records and their extensions. Only one of the seeds is a DDK's,
 * since its chunks take longer to read than the ISO.
 */
export const iso: Target = {
  name: 'iso',
  async seeds(dir) {
    const from = join(dir, 'from')
    mkdirSync(from)
    sh(`cd ${from}; ${tree}`)
    const options: readonly (readonly [string, IsoOptions])[] = [
      ['Rock Ridge', {}],
      ['Joliet and Rock Ridge', { naming: 'all' }],
      ['Joliet', { naming: 'joliet' }],
      ['level 1', { naming: 'plain' }],
    ]
    const images = options.map(([name, how]) => {
      const image = join(dir, 'tree.iso')
      makeIso(from, image, how)
      return [name, readFileSync(image)] as const
    })
    return [...images, ['a DDK by genisoimage', makeDdk(join(dir, 'ddk'), { isoTool: 'genisoimage' })] as const].map(
      ([name, bytes]): Seed => {
        const ranges = metadataRanges(bytes, { open: openIso })
        return { name, bytes, ranges, repair: (mutant) => agree(mutant, ranges) }
      },
    )
  },
}

/** Deep folders, which Rock Ridge relocates, long names and links, and more entries than fit into a sector. */
const tree = `mkdir -p 1/2/3/4/5/6/7/8/9/10 many; echo deep > 1/2/3/4/5/6/7/8/9/10/file; seq 3000 > numbers; ln -s ../many 1/link
  ln -s ${'long/'.repeat(60)}.. 1/longlink; echo named > 1/${'long-name-'.repeat(18)}; ln numbers 1/linked
  for i in $(seq 40); do echo $i > many/entry-number-$i; done; find . -exec touch --no-dereference --date=@1421841600 {} +`

/** Damages the text of ova.xml on an ISO. */
export const ova: Target = {
  name: 'ova.xml',
  async seeds(dir) {
    const bytes = makeDdk(join(dir, 'ova'), {})
    const at = bytes.indexOf('<?xml version="1.0" ?>\n<appliance')
    return [{ name: 'version 1', bytes, style: 'words', ranges: [[at, bytes.indexOf('</appliance>') + room]] }]
  },
}

/** Damages a chunk's gzip header, its compressed data and its trailer. */
export const gzip: Target = {
  name: 'gzip',
  async seeds(dir) {
    const bytes = makeDdk(join(dir, 'gzip'), {})
    const [from, to] = chunkIn(bytes)
    return [
      {
        name: 'chunk',
        bytes,
        ranges: [
          [from, from + 10],
          [from + 10, from + 200],
          [from, to],
          [to - 8, to],
        ],
        repair: (mutant) => repairTrailer(mutant.subarray(from, to)),
      },
    ]
  },
}

/** A DDK's ISO of less than a megabyte: a root of a few files. */
function makeDdk(work: string, options: IsoOptions): Buffer {
  const [root, folder, disk] = [join(work, 'root'), join(work, 'iso'), join(work, 'disk')] as const
  mkdirSync(join(folder, 'ddk/xvda'), { recursive: true })
  sh(
    `mkdir -p ${root}/etc ${root}/usr/bin; cd ${root}; echo 'XenServer DDK release 6.5.0' > etc/redhat-release; seq 2000 > usr/bin/numbers`,
  )
  sh(`cd ${root}; find . -exec touch --no-dereference --date=@1421841600 {} +`)
  const env = { ...process.env, E2FSPROGS_FAKE_TIME: '1421841600' }
  sh(`mke2fs -q -F -t ext3 -b 1024 -O ^has_journal -U 6f1d2c3b-4a59-4687-9876-5a4b3c2d1e0f -d ${root} ${disk} 512k`, { env })
  const xml = ovaXml({ label: 'XenServer DDK 6.5.0-90233c', device: 'xvda', bytes: 512 * 1024, rootPartition: 0 })
  writeFileSync(join(folder, 'ddk/ova.xml'), `${xml}${' '.repeat(room)}`)
  sh(
    `head -c 262144 ${disk} | gzip -n > ${folder}/ddk/xvda/chunk-000000000.gz; tail -c +262145 ${disk} | gzip -n > ${folder}/ddk/xvda/chunk-000000001.gz`,
  )
  sh(`find ${folder} -exec touch --no-dereference --date=@1421841600 {} +`)
  const image = join(work, 'ddk.iso')
  makeIso(folder, image, options)
  const bytes = readFileSync(image)
  run('rm', ['-rf', work])
  return bytes
}

/** Where the first chunk lies: from its gzip header to the end of its trailer, which zeros follow. */
function chunkIn(bytes: Buffer): Range {
  for (let at = bytes.indexOf('1f8b0800', 0, 'hex'); at >= 0; at = bytes.indexOf('1f8b0800', at + 1, 'hex')) {
    if (at % 2048 !== 0) continue
    const size = inflateRawSync(bytes.subarray(at + 10), { info: true } as never) as unknown as { engine: { bytesWritten: number } }
    return [at, at + 10 + size.engine.bytesWritten + 8]
  }
  throw new Error('there is no chunk on the ISO')
}

/** Gives the trailer the checksum and length of what the damaged data inflates to (RFC 1952, 2.3.1), if it does. */
function repairTrailer(member: Buffer): void {
  try {
    const inflated = inflateRawSync(member.subarray(10), { maxOutputLength: 16 << 20 })
    member.writeUInt32LE(crc32(inflated), member.length - 8)
    member.writeUInt32LE(inflated.length, member.length - 4)
  } catch {
    // Then there is no right checksum.
  }
}

/** Makes both halves of the directory records' both-endian numbers say the same (ECMA-119, 7.3.3). */
function agree(mutant: Buffer, ranges: readonly Range[]): void {
  for (const [from, to] of ranges) {
    for (let at = from; at + 33 < to && mutant[at]! >= 34; at += mutant[at]!) {
      for (const field of [2, 10]) mutant.writeUInt32BE(mutant.readUInt32LE(at + field), at + field + 4)
    }
  }
}
