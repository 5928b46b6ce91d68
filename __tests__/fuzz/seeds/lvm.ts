import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { areaAt, groupText, linear, memoryPv, resealed, uuidOf, volumeText } from '../../disk/lvm/memory-pv.ts'
import { makeFilesystem } from '../../fixtures/filesystem.ts'
import { sh } from '../../support/tools.ts'
import type { Range, Seed, Target } from '../seed.ts'

const extentSize = 512 << 10
const firstExtent = 64 << 10

/** A physical volume with a root in two segments, and with a striped volume that the root's fstab mounts. */
export const lvm: Target = {
  name: 'lvm',
  async seeds(dir) {
    const striped = `start_extent = 0\nextent_count = 2\ntype = "striped"\nstripe_count = 2\nstripe_size = 128\nstripes = ["pv0", 1, "pv0", 3]`
    const volumes = volumeText('root', [linear(0, 1, 'pv0', 2), linear(1, 1, 'pv0', 0)]) + volumeText('opt', [striped])
    const text = groupText(volumes).replace('pe_count = 15', 'pe_count = 4').replace('extent_size = 8192', 'extent_size = 1024')
    const bytes = memoryPv({ uuid: uuidOf(0), text, size: firstExtent + 4 * extentSize })
    for (const [index, extent] of [2, 0].entries()) {
      makeRoot(dir).copy(bytes, firstExtent + extent * extentSize, index * extentSize, (index + 1) * extentSize)
    }
    const area: Range = [areaAt + 512, areaAt + 512 + text.length]
    return [
      {
        name: 'label and header',
        bytes,
        ranges: [
          [512, 672],
          [areaAt, areaAt + 80],
        ],
        repair: resealed,
      },
      { name: 'text', bytes, ranges: [area], style: 'words', repair: resealed },
      { name: 'characters of the text', bytes, ranges: [area], repair: resealed },
    ] satisfies Seed[]
  },
}

function makeRoot(dir: string): Buffer {
  const [root, image] = [join(dir, 'root'), join(dir, 'root.img')] as const
  sh(`mkdir -p ${root}/etc ${root}/usr ${root}/opt; echo 'XenServer DDK release 7.0.0' > ${root}/etc/redhat-release; seq 2000 > ${root}/usr/numbers
    echo '/dev/mapper/centos-opt /opt ext4 defaults 0 0' > ${root}/etc/fstab`)
  makeFilesystem(root, image, { filesystem: 'ext2', megabytes: 1 })
  const bytes = readFileSync(image)
  for (const path of [root, image]) rmSync(path, { recursive: true })
  return bytes
}
