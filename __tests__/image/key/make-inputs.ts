// Makes an input of each format for readers.test.ts, with the formats' own tools, as root:
//   node __tests__/image/key/make-inputs.ts FOLDER
// The inputs in inputs/ were made by it once and are never made anew, because other versions of the tools make other bytes of the same root.

import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDdkIso } from '../../fixtures/ddk-iso.ts'
import { makeDisk } from '../../fixtures/disk.ts'
import { makeDirty, makeFilesystem } from '../../fixtures/filesystem.ts'
import { makeIso } from '../../fixtures/iso.ts'
import { makeVolumeGroup } from '../../fixtures/lvm.ts'
import { makeXva } from '../../fixtures/xva.ts'
import { run, sh } from '../../support/tools.ts'

const out = process.argv[2]!
const work = mkdtempSync(join(tmpdir(), 'xenserver-ddk-inputs-'))
const at = (name: string) => join(work, name)

/** A root with what readers treat specially: attributes, holes, links, devices, a long name, a folder of many entries, times of all kinds. */
function makeRoot(folder: string): void {
  mkdirSync(folder)
  sh(
    `
    mkdir -p etc usr/bin lib/modules/3.10.0+2/build many var/empty && chmod 1777 var/empty
    echo 'XenServer DDK release 6.5.0-90233c (xenenterprise)' >etc/redhat-release
    printf '#define UTS_RELEASE "3.10.0+2"\\n' >lib/modules/3.10.0+2/build/utsrelease.h
    echo tiny >etc/inline; seq 3000 >usr/bin/program; chmod 4755 usr/bin/program
    setfattr -n user.comment -v hello usr/bin/program; setfattr -n user.large -v "$(head -c 300 /dev/zero | tr '\\0' x)" etc/inline
    setfacl -m u:7:rwx etc/inline || true
    ln usr/bin/program usr/bin/other-name; ln -s program usr/bin/link; ln -s "$(head -c 100 /dev/zero | tr '\\0' l)" usr/bin/slow-link
    truncate -s 3000000 etc/holes; echo middle | dd of=etc/holes bs=1 seek=1500000 conv=notrunc status=none
    for i in $(seq 150); do echo $i >many/entry-with-a-name-that-is-long-$i; done
    mknod etc/null c 1 3; mknod etc/disk b 259 1048575; mkfifo etc/pipe
    touch "etc/$(head -c 200 /dev/zero | tr '\\0' n)" "etc/$(printf 'bytes-\\377')"
    chown 1000:300000 etc/inline; chown 4000000000:7 many
    find . -exec touch -h -d @1421841600 {} +; touch -h -d 1960-01-01 etc/inline; touch -h -d 2040-01-01T00:00:00.123456789 etc/holes
    `,
    { cwd: folder },
  )
}

function keep(name: string): void {
  sh(`gzip -9 -n -c '${at(name)}' >'${join(out, name)}.gz'`)
}

mkdirSync(out, { recursive: true })
const root = at('root')
makeRoot(root)
const made: Record<string, () => void | Promise<void>> = {
  'ext2.img': () => makeFilesystem(root, at('ext2.img'), { filesystem: 'ext2', megabytes: 5, mke2fs: ['-I', '128', '-b', '1024'] }),
  'ext3.img': () => makeFilesystem(root, at('ext3.img'), { filesystem: 'ext3', megabytes: 10, indexed: true, mke2fs: ['-b', '1024'] }),
  'ext3-dirty.img': async () => {
    makeFilesystem(root, at('ext3-dirty.img'), { filesystem: 'ext3', megabytes: 10 })
    await makeDirty(at('ext3-dirty.img'))
  },
  'ext4.img': () =>
    makeFilesystem(root, at('ext4.img'), {
      filesystem: 'ext4',
      megabytes: 10,
      indexed: true,
      mke2fs: ['-b', '1024', '-I', '256', '-O', 'inline_data,metadata_csum,ea_inode,bigalloc', '-C', '4096'],
    }),
  'tree.iso': () => makeIso(root, at('tree.iso'), { naming: 'all' }),
  'logical.raw': () => {
    makeDisk(at('ext2.img'), at('logical.raw'), work, { table: 'mbr', layout: 'logical' })
  },
  'gpt.vhd': () => {
    makeDisk(at('ext3.img'), at('gpt.raw'), work, { table: 'gpt', start: 2048 })
    run('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=fixed,force_size', at('gpt.raw'), at('gpt.vhd')])
  },
  'lvm.raw': () => {
    writeFileSync(at('lvm.raw'), '')
    truncateSync(at('lvm.raw'), 32 << 20)
    makeVolumeGroup([at('lvm.raw')], [{ name: 'root', image: at('ext2.img'), pieces: [1, 1] }])
  },
  'machine.xva': () => makeXva(at('logical.raw'), at('machine.xva'), work, {}),
  'ddk.iso': async () => {
    await makeDdkIso({ iso: at('ddk.iso'), root, megabytes: 10, format: 'dynamic-vhd', chunkBytes: 500_000 })
  },
  'ddk.zip': () => {
    sh('python3 -m zipfile -c ddk.zip ddk.iso', { cwd: work })
  },
}

for (const [name, make] of Object.entries(made)) {
  await make()
  keep(name)
}
rmSync(work, { recursive: true })
