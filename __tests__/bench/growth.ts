import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../support/tools.ts'
import { type Comparison, timed } from './compare.ts'
import { ours, type Setting } from './setting.ts'

const averageSize = 20_000

/** Disks of four sizes, whose time should grow with them, and whose memory shouldn't. */
export function growth({ work }: Setting): Comparison {
  const counts = [10_000, 50_000, 100_000, 200_000]
  const disks = counts.map((count) => makeDisk(work, count))
  return {
    title: 'Disk to archive, by size',
    ways: counts.map((count, index) => ({
      name: `${count / 1000},000 files, ${(count * averageSize) / 1e9} GB`,
      run: () => timed(ours('convert', disks[index]!, '-o', join(work, 'archive'), '--tag', 'bench:1')),
    })),
    close: () => {
      for (const disk of disks) rmSync(disk)
    },
  }
}

/** A raw disk without a partition table, that looks like a DDK. */
function makeDisk(work: string, count: number): string {
  const [folder, disk] = [join(work, 'grown'), join(work, `disk-${count}.img`)]
  const script = `
import os, random, sys
folder, count, average = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
noise = random.Random(1).randbytes(1 << 20)
for name, text in {'etc/redhat-release': 'XenServer DDK release 6.5.0-90233c (xenenterprise)\\n', 'usr/bin/make': '', 'usr/bin/gcc': '', 'bin/sh': '', 'bin/bash': ''}.items():
    os.makedirs(os.path.join(folder, os.path.dirname(name)), exist_ok=True)
    with open(os.path.join(folder, name), 'w') as file: file.write(text)
os.makedirs(folder + '/lib/modules/3.10.0+2/build', exist_ok=True)
chosen = random.Random(2)
for number in range(count):
    where = f'{folder}/usr/share/{number % 500}'
    if number < 500: os.makedirs(where)
    size, at = chosen.randrange(2 * average), chosen.randrange(1 << 19)
    with open(f'{where}/{number}', 'wb') as file: file.write(noise[at:at + size // 2] + bytes([number % 256]) * (size - size // 2))
`
  run('python3', ['-c', script, folder, String(count), String(averageSize)])
  const megabytes = Math.ceil((count * (averageSize + 3000)) / 1e6) + 64
  run('mke2fs', ['-q', '-F', '-t', 'ext3', '-N', String(count + 10_000), '-d', folder, disk, `${megabytes}M`])
  rmSync(folder, { recursive: true })
  return disk
}
