import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { walk } from '../../src/disk/filesystem/tree.ts'
import { openRoot } from '../../src/disk/open.ts'
import { tarPieces } from '../../src/image/tar/tar.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeIso } from '../fixtures/iso.ts'
import { emptyFile, makeVolumeGroup } from '../fixtures/lvm.ts'
import { makeXva, type XvaOptions } from '../fixtures/xva.ts'
import { noMounts } from '../support/machine.ts'
import { unless } from '../support/skip.ts'
import { run, sh } from '../support/tools.ts'

// One root filesystem, in every form that a DDK may come in. Each is made by the format's own program.

let dir = ''
let layer = ''
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-forms-'))
  await makeDdkIso({ iso: join(dir, 'ddk.iso'), disk: join(dir, 'disk.img'), chunkBytes: 5_000_000 })
  layer = (await read('ddk.iso')).layer
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** The digest of the layer that is made of an input, and what was said meanwhile. */
async function read(input: string): Promise<{ layer: string; warnings: string[]; place: string }> {
  const warnings: string[] = []
  const root = await openRoot(join(dir, input), { tempDir: dir, warn: (sentence) => warnings.push(sentence) })
  try {
    const hash = createHash('sha256')
    const options = { warn: () => {}, allocate: (size: number) => new Uint8Array(size) }
    for (const piece of tarPieces(walk(root.tree), options)) hash.update(piece)
    root.finish()
    return { layer: `sha256:${hash.digest('hex')}`, warnings, place: root.place }
  } catch (error) {
    throw root.causeOf(error)
  } finally {
    root.close()
  }
}

const xva = (name: string, options: XvaOptions) => () => makeXva(join(dir, 'disk.img'), join(dir, name), join(dir, `${name}.work`), options)
const shell = (script: string) => () => sh(script, { cwd: dir })

/** A title that ends with the form's name, how it is made, and the forms that it is made of. */
type Form = readonly [title: string, make: () => unknown, ...needs: string[]]

const nameOf = ([title]: Form) => title.split(': ').at(-1)!

/** Makes forms, each once, with what they are made of, so that the tests may run in any order. */
function makerOf(forms: readonly Form[]): (name: string) => void {
  const made = new Set<string>()
  return function make(name) {
    if (made.has(name)) return
    made.add(name)
    const [, build, ...needs] = forms.find((form) => nameOf(form) === name)!
    for (const needed of needs) make(needed)
    build()
  }
}

describe('the same root gives the same layer from', () => {
  const forms: readonly Form[] = [
    ['a raw disk: disk.img', () => {}],
    ['an ISO: ddk.iso', () => {}],
    ['a dynamic VHD: dynamic.vhd', shell('qemu-img convert -O vpc -o force_size=on disk.img dynamic.vhd')],
    ['a fixed VHD: fixed.vhd', shell('qemu-img convert -O vpc -o subformat=fixed,force_size=on disk.img fixed.vhd')],
    ['an .xva by XenServer 7: xs7.xva', xva('xs7.xva', { maker: 'xenserver-7' })],
    ['the same, gzip: xs7-gzip.xva', xva('xs7-gzip.xva', { maker: 'xenserver-7', compression: 'gzip' })],
    ['the same, zstd: xs7-zstd.xva', xva('xs7-zstd.xva', { maker: 'xenserver-7', compression: 'zstd' })],
    ['an .xva by XenServer 8: xs8.xva', xva('xs8.xva', { maker: 'xenserver-8' })],
    ['the same, gzip: xs8-gzip', xva('xs8-gzip', { maker: 'xenserver-8', compression: 'gzip' })],
    ['the same, zstd: xs8-zstd', xva('xs8-zstd', { maker: 'xenserver-8', compression: 'zstd' })],
    ['an .xva by packer, tar z: packer.xva', xva('packer.xva', { maker: 'packer', compression: 'gzip' })],
    ['an .xva by Xen Orchestra: xo.xva', xva('xo.xva', { maker: 'xen-orchestra' })],
    ['the same, zstd: xo-zstd.xva', xva('xo-zstd.xva', { maker: 'xen-orchestra', compression: 'zstd' })],
    [
      'several zstd frames: frames.xva',
      shell("{ head -c 3M xs8.xva | zstd; printf '\\x50*M\\x18\\x03\\0\\0\\0abc'; tail -c +3145729 xs8.xva | zstd; } > frames.xva"),
      'xs8.xva',
    ],
    ['gzip of a raw disk: disk.img.gz', shell('gzip -k disk.img')],
    ['zstd of a raw disk: disk.img.zst', shell('zstd -q disk.img')],
    ['gzip of a VHD: dynamic.vhd.gz', shell('gzip -k dynamic.vhd'), 'dynamic.vhd'],
    ['gzip of a fixed VHD: fixed.vhd.gz', shell('gzip -k fixed.vhd'), 'fixed.vhd'],
    ['gzip of an ISO: ddk.iso.gz', shell('gzip -k ddk.iso')],
    ['zstd of an ISO: ddk.iso.zst', shell('zstd -q ddk.iso')],
    [
      'an .xva on an ISO: xva-on.iso',
      () => {
        mkdirSync(join(dir, 'on'))
        copyFileSync(join(dir, 'xs7.xva'), join(dir, 'on/Machine.XVA'))
        makeIso(join(dir, 'on'), join(dir, 'xva-on.iso'))
      },
      'xs7.xva',
    ],
    [
      'a compressed .xva on an ISO, by another name: zstd-on.iso',
      () => {
        mkdirSync(join(dir, 'zstd-on'))
        copyFileSync(join(dir, 'xs8-zstd'), join(dir, 'zstd-on/exported'))
        makeIso(join(dir, 'zstd-on'), join(dir, 'zstd-on.iso'))
      },
      'xs8-zstd',
    ],
    ['a folder with an .xva: on', () => {}, 'xva-on.iso'],
    ['a folder with the files of an ISO: unpacked', shell('mkdir unpacked; bsdtar -xf ddk.iso -C unpacked')],
    ['a zip with an ISO, deflated: iso.zip', shell('zip -q iso.zip ddk.iso')],
    ['a zip with an ISO, stored: stored.zip', shell('zip -q -0 stored.zip ddk.iso')],
    ['a zip by 7z, with a readme: 7z.zip', shell('echo hello > README.txt; 7z a -tzip 7z.zip README.txt ddk.iso >/dev/null')],
    [
      'a zip64 that was written to a pipe, by Python: python.zip',
      shell(`python3 -c "
import shutil, sys, zipfile
class Pipe:
    def __init__(self, file): self.write, self.flush = file.write, file.flush
with zipfile.ZipFile(Pipe(sys.stdout.buffer), 'w', zipfile.ZIP_DEFLATED) as z:
    with z.open('folder/ddk.iso', 'w', force_zip64=True) as to, open('ddk.iso', 'rb') as source: shutil.copyfileobj(source, to)
" > python.zip`),
    ],
    ['a zip with an .xva: xva.zip', shell('zip -q xva.zip xs7.xva'), 'xs7.xva'],
    ['a zip with a compressed .xva: xva-zstd.zip', shell('zip -q xva-zstd.zip xs8-zstd'), 'xs8-zstd'],
    ['a zip with the files of an ISO: files.zip', shell('cd unpacked; zip -q -r ../files.zip .'), 'unpacked'],
    ['a zip with the files of an ISO, stored: files0.zip', shell('cd unpacked; zip -q -0 -r ../files0.zip .'), 'unpacked'],
    ['a zip with a VHD: vhd.zip', shell('zip -q vhd.zip dynamic.vhd'), 'dynamic.vhd'],
    ['a zip with a compressed ISO: gz.zip', shell('zip -q gz.zip ddk.iso.gz'), 'ddk.iso.gz'],
  ]
  const make = makerOf(forms)

  test.each(forms.map((form) => [form[0], nameOf(form)]))('%s', async (_title, name) => {
    make(name)
    const found = await read(name)
    expect(found.warnings).toEqual([])
    expect(found.layer).toBe(layer)
  })
})

unless(noMounts).describe('the same root gives the same layer from logical volumes:', () => {
  const rootImage = () => join(dir, 'root.img')
  /** Each partition is an image of a physical volume, or of a /boot. */
  const partitioned = (name: string, images: readonly string[]) => {
    const lines = images.map((image, index) => `start=${2048 + index * 131_072},size=131072,type=${image.startsWith('boot') ? '83' : '8e'}`)
    run('sfdisk', ['-q', '--wipe=always', emptyFile(join(dir, name), 1 + images.length * 64)], {
      input: `label: dos\n${lines.join('\n')}\n`,
    })
    for (const [index, image] of images.entries()) {
      sh(`dd if=${image} of=${name} bs=1M seek=${1 + index * 64} conv=notrunc,sparse status=none`, { cwd: dir })
    }
  }
  beforeAll(() => {
    sh(
      "dd if=disk.img of=root.img bs=512 skip=63 count=$(sfdisk -J disk.img | python3 -c \"import json, sys; print(json.load(sys.stdin)['partitiontable']['partitions'][0]['size'])\") status=none",
      { cwd: dir },
    )
    sh('mkdir boot; echo kernel > boot/vmlinuz; mke2fs -q -F -t ext2 -d boot boot.img 2M', { cwd: dir })
  })

  const forms: readonly Form[] = [
    [
      'lvm.img',
      () => {
        makeVolumeGroup([emptyFile(join(dir, 'pv'), 64)], [{ name: 'root', image: rootImage() }, { name: 'swap' }], { name: 'centos' })
        partitioned('lvm.img', ['boot.img', 'pv'])
      },
    ],
    ['lvm.vhd', shell('qemu-img convert -O vpc -o force_size=on lvm.img lvm.vhd'), 'lvm.img'],
    ['lvm.img.gz', shell('gzip -k lvm.img'), 'lvm.img'],
    [
      'lvm.xva',
      () => makeXva(join(dir, 'lvm.img'), join(dir, 'lvm.xva'), join(dir, 'lvm.work'), { maker: 'xenserver-8', compression: 'zstd' }),
      'lvm.img',
    ],
  ]
  const make = makerOf(forms)

  test('a linear one beside a /boot that the fstab does not name', async () => {
    make('lvm.img')
    expect(await read('lvm.img')).toEqual({ layer, warnings: [], place: `logical volume centos/root of ${join(dir, 'lvm.img')}` })
  })

  test.each(forms.slice(1).map(nameOf))('the same in another form: %s', async (name) => {
    make(name)
    expect(await read(name)).toMatchObject({ layer, warnings: [] })
  })

  test('a striped one over two partitions', async () => {
    const pvs = ['pv0', 'pv1'].map((name) => emptyFile(join(dir, name), 64))
    makeVolumeGroup(pvs, [{ name: 'lv-root', image: rootImage(), stripes: 2 }])
    partitioned('striped.img', ['pv0', 'pv1'])
    expect(await read('striped.img')).toMatchObject({ layer, warnings: [] })
  })

  test('one in several segments on a whole disk', async () => {
    const file = emptyFile(join(dir, 'whole.img'), 96)
    makeVolumeGroup([file], [{ name: 'root', image: rootImage(), pieces: [1] }, { name: 'between' }], {
      more: (lvm) => void lvm('lvextend', '-l', '+12', 'ddk-vg/root'),
    })
    expect(await read('whole.img')).toMatchObject({ layer, warnings: [] })
  })
})
