import type { Target } from './seed.ts'
import { ext } from './seeds/ext.ts'
import { fstab } from './seeds/fstab.ts'
import { gzip, iso, ova } from './seeds/iso.ts'
import { lvm } from './seeds/lvm.ts'
import { zip, zstd } from './seeds/packed.ts'
import { gpt, mbr } from './seeds/partitions.ts'
import { vhd } from './seeds/vhd.ts'
import { xfs } from './seeds/xfs.ts'
import { xva } from './seeds/xva.ts'

export const targets: readonly Target[] = [iso, ova, gzip, zstd, zip, xva, vhd, mbr, gpt, lvm, ext, xfs, fstab]
