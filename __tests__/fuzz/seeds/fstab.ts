import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFilesystem } from '../../fixtures/filesystem.ts'
import { run, sh } from '../../support/tools.ts'
import type { Seed, Target } from '../seed.ts'

/** A root, and a second partition with a /boot that the fstab mounts in several ways. */
export const fstab: Target = {
  name: 'fstab',
  async seeds(dir) {
    const [root, boot, disk] = ['root', 'boot', 'disk'].map((name) => join(dir, name)) as [string, string, string]
    const lines = [
      '/dev/sda1 / ext2 defaults 1 1',
      'LABEL=boot /boot ext2 defaults 1 2',
      '/dev/sda2 /opt/a\\040b ext2 ro 0 0',
      '/dev/disk/by-label/boot /usr/local/lib auto defaults',
      '/dev/mapper/vg-home /home ext4 defaults 1 2',
      'server:/var /var nfs _netdev 0 0',
      'tmpfs /tmp tmpfs defaults 0 0',
    ]
    sh(`mkdir -p '${root}/etc' '${root}/usr/local/lib' '${root}/opt/a b' '${root}/boot' '${boot}/grub'; echo 'XenServer DDK release 7.0.0' > '${root}/etc/redhat-release'
      seq 2000 > '${root}/usr/numbers'; ln '${root}/usr/numbers' '${root}/usr/linked'; seq 9 > '${boot}/map'; ln '${boot}/map' '${boot}/linked'`)
    const text = `${lines.join('\n')}\n`
    sh(`cat > '${root}/etc/fstab'`, { input: text })
    makeFilesystem(root, `${root}.img`, { filesystem: 'ext2', megabytes: 1 })
    makeFilesystem(boot, `${boot}.img`, { filesystem: 'ext2', megabytes: 1, mke2fs: ['-L', 'boot'] })
    sh(`truncate -s 3M '${disk}'`)
    run('sfdisk', ['-q', disk], { input: 'label: dos\nlabel-id: 0x12345678\nstart=63,size=2048\nstart=2111,size=2048\n' })
    for (const [image, start] of [
      [root, 63],
      [boot, 2111],
    ] as const)
      sh(`dd if='${image}.img' of='${disk}' bs=512 seek=${start} conv=notrunc status=none`)
    const bytes = readFileSync(disk)
    const at = bytes.indexOf(text)
    const common = { bytes, ranges: [[at, at + text.length]] } satisfies Partial<Seed>
    return [
      { ...common, name: 'words', style: 'words' },
      { ...common, name: 'characters' },
    ] satisfies Seed[]
  },
}
