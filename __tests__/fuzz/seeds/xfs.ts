import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32c } from '../../../src/bytes/crc32c.ts'
import { xfs as format } from '../../../src/disk/filesystem/xfs/index.ts'
import { sh, walkMounted, withMount } from '../../support/tools.ts'
import type { Checker, Seed, Target } from '../seed.ts'
import { tree } from './ext.ts'
import { metadataRanges } from './trace.ts'

/** mkfs.xfs fills version 4 from a description, because newer kernels don't mount it. */
const description = `/
0 0
d--755 0 0
numbers ---644 1 2 NUMBERS
link l--777 0 0 target
longlink l--777 0 0 ${'long/'.repeat(120)}
char c--640 0 5 4 64
fifo p--600 0 0
few d--755 3 4
small -u-600 0 0 NUMBERS
$
many d--755 0 0
${Array.from({ length: 400 }, (_, index) => `${index}-${'n'.repeat(index % 60)} ---644 0 0 /dev/null`).join('\n')}
$
$
`

/** As xfstests does, so that mkfs.xfs makes filesystems of less than 300 MiB as well. */
const env = { ...process.env, TEST_DIR: '1', TEST_DEV: '1', QA_CHECK_FS: '1' }

export const xfs: Target = {
  name: 'xfs',
  async seeds(dir) {
    const image = join(dir, 'xfs.img')
    const make = (options: string) =>
      sh(`rm -f ${image}; truncate -s 20M ${image}; mkfs.xfs -q -f ${options} ${image} 2>/dev/null`, { env })
    const seed = (name: string, repair?: (mutant: Buffer) => void, checker?: Checker): Seed => {
      const bytes = readFileSync(image)
      return { name, bytes, ranges: metadataRanges(bytes, format), ...(repair && { repair }), ...(checker && { checker }) }
    }
    sh(`seq 30000 > ${dir}/numbers; cat > ${dir}/proto`, { input: description.replaceAll('NUMBERS', `${dir}/numbers`) })
    make(`-m crc=0 -n ftype=0 -b size=1024 -p ${dir}/proto`)
    const seeds = [seed('XFS 4')]
    if (process.getuid?.() !== 0) return seeds
    make('-b size=1024')
    await withMount(image, (mounted) => void sh(`cd ${mounted}; ${tree}`), 'rw')
    return [...seeds, seed('XFS 5', repair, checker)]
  },
}

/** Where structures of version 5 have their checksums, by their magic number and its place. */
const checksums: readonly (readonly [magic: string, place: number, checksum: number])[] = [
  ['BMA3', 0, 64],
  ['XDB3', 0, 4],
  ['XDD3', 0, 4],
  ['XSLM', 0, 12],
  ['XARM', 0, 12],
  ['\x3b\xee', 8, 12],
  ['\x3e\xbe', 8, 12],
]
const [blockSize, inodeSize, sectorSize] = [1024, 512, 512]

/** Corrects the checksums of the superblock, of inodes, and of blocks that have a known magic number. */
function repair(mutant: Buffer): void {
  correct(mutant.subarray(0, sectorSize), 224)
  for (let at = 0; at + inodeSize <= mutant.length; at += inodeSize) {
    const bytes = mutant.subarray(at, at + inodeSize)
    if (bytes.toString('latin1', 0, 2) === 'IN') correct(bytes, 100)
  }
  for (let at = 0; at + blockSize <= mutant.length; at += blockSize) {
    const block = mutant.subarray(at, at + blockSize)
    const found = checksums.find(([magic, place]) => block.toString('latin1', place, place + magic.length) === magic)
    if (found) correct(block, found[2])
  }
}

function correct(bytes: Buffer, checksum: number): void {
  bytes.writeUInt32LE(0, checksum)
  bytes.writeUInt32LE(~crc32c(0xffffffff, bytes) >>> 0, checksum)
}

/** What the kernel sees in an image that xfs_repair finds clean. */
const checker: Checker = {
  isClean: (path) => spawnSync('xfs_repair', ['-n', path]).status === 0,
  async list(path) {
    try {
      return await withMount(path, walkMounted, 'ro,norecovery')
    } catch {
      return undefined
    }
  },
}
