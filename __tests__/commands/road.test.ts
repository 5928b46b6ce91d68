import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type DdkIso, type DdkIsoOptions, makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeXva } from '../fixtures/xva.ts'
import { cli } from '../support/cli.ts'
import { noMounts } from '../support/machine.ts'
import { unless } from '../support/skip.ts'
import { byPath, type Listed, parseLines, run, sh, walkMounted, withMount } from '../support/tools.ts'

// The whole road, from an ISO to a list, an archive and a raw disk, over each form that a DDK may come in. The kernel's mount is the oracle.

const forms: [string, Omit<DdkIsoOptions, 'iso'>][] = [
  ['as 6.5 may be: MBR from sector 63, ext3 with small inodes, raw chunks', { mke2fs: ['-I', '128'] }],
  [
    'as 6.0.2 may be: i686, dynamic VHD in chunks of 1 MB',
    { version: '6.0.2', architecture: 'i686', format: 'dynamic-vhd', chunkBytes: 1_000_000 },
  ],
  [
    'as 7.1 may be: GPT, /boot, swap, ext4',
    { version: '7.1.0', build: '137272c', kernel: '4.4.0+2', table: 'gpt', layout: 'boot', start: 2048, filesystem: 'ext4' },
  ],
  ['no partition table, ext2, Joliet only', { table: 'none', filesystem: 'ext2', naming: 'joliet', isoTool: 'genisoimage' }],
  [
    'fixed VHD, logical partition, 3 MB chunks',
    { format: 'fixed-vhd', layout: 'logical', chunkBytes: 3_000_000, directory: 'appliance/sda' },
  ],
  ['plain names of level 1, several chunks', { naming: 'plain', isoTool: 'genisoimage', chunkBytes: 8_000_000 }],
  [
    'ext4 with all that is new',
    { filesystem: 'ext4', mke2fs: ['-O', 'inline_data,metadata_csum_seed,ea_inode'], indexed: true, chunkNames: 'joined' },
  ],
  ['captured in use: the journal is to be replayed', { filesystem: 'ext4', dirty: true }],
]

// The kernel is asked by mounting, and GNU tar sets owners and makes devices.
const { test: asRoot } = unless(noMounts)
/** Such a form is made by mounting, too. */
const whatItTakes = ({ dirty }: (typeof forms)[number][1]) => (dirty ? noMounts : undefined)

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-road-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

for (const [number, [name, options]] of forms.entries()) {
  unless(whatItTakes(options)).describe(name, () => testForm(number, options))
}

function testForm(number: number, options: (typeof forms)[number][1]): void {
  let made: DdkIso
  let disk = ''
  beforeAll(async () => {
    disk = join(dir, `${number}.raw`)
    made = await makeDdkIso({ ...options, iso: join(dir, `${number}.iso`), disk })
  })

  /** The kernel's walk of the root partition; a journal is replayed in a copy, as mounting it writable does. */
  async function mountedWalk(): Promise<Listed[]> {
    const root = join(dir, `${number}.root`)
    sh(
      `dd if='${disk}' of='${root}' bs=1M iflag=skip_bytes,count_bytes skip=${made.disk.root.start} count=${made.disk.root.bytes} conv=sparse status=none`,
    )
    try {
      return await withMount(root, walkMounted, options.dirty ? 'rw' : 'ro')
    } finally {
      rmSync(root)
    }
  }

  test('inspect tells what it is', () => {
    const { code, stdout } = cli('inspect', made.iso, '--json')
    const inspection = JSON.parse(stdout)
    expect(inspection.errors).toEqual([])
    expect(inspection.identity).toEqual({
      product: 'XenServer DDK',
      version: made.identity.version,
      build: made.identity.build,
      kernelVersion: made.identity.kernel,
      architecture: made.identity.architecture,
    })
    expect(inspection.disk.size).toBe(made.disk.bytes)
    expect(inspection.chunks).toHaveLength(made.chunks)
    expect(code).toBe(0)
  })

  asRoot('list equals the walk of the mounted partition', async () => {
    const { code, stdout, stderr } = cli('list', made.iso, '--json', '--sha256')
    expect(stderr).toBe('')
    expect(byPath(parseLines(stdout))).toEqual(await mountedWalk())
    expect(code).toBe(0)
  })

  asRoot('convert makes an archive whose layer GNU tar unpacks to the mounted partition', async () => {
    const archive = join(dir, `${number}.tar`)
    const { code, stderr } = cli('convert', made.iso, '-o', archive)
    expect([code, stderr]).toEqual([0, expect.stringContaining('Archive:')])
    const root = join(dir, `${number}.unpacked`)
    const layout = join(dir, `${number}.layout`)
    for (const folder of [root, layout]) mkdirSync(folder)
    run('tar', ['-xf', archive, '-C', layout])
    const [{ Layers, RepoTags }] = JSON.parse(readFileSync(join(layout, 'manifest.json'), 'utf8'))
    expect(RepoTags).toEqual([`xenserver-ddk:${made.identity.version}-${made.identity.build}`])
    sh(`zstd -dc '${layout}/${Layers[0]}' | tar -xp --numeric-owner --xattrs --xattrs-include='*' --acls -C '${root}'`)
    const expected = (await mountedWalk()).map(inLayer).filter(({ type }) => type !== 'socket')
    expect(walkMounted(root).map(inLayer)).toEqual(expected)
  })

  test("raw writes the disk's bytes", () => {
    const raw = join(dir, `${number}.copy`)
    expect(cli('raw', made.iso, '-o', raw)).toEqual({ code: 0, stdout: '', stderr: '' })
    run('cmp', [raw, disk])
  })
}

/** What a layer keeps of an entry: not the inode's number, the fraction of a second, years before 1970, or attributes that engines stumble over. */
function inLayer({ ino, nlink, xattrs, ...entry }: Listed): Listed {
  const kept = Object.entries((xattrs ?? {}) as Record<string, string>).filter(([name]) =>
    /^(user\.(?!overlay)|security\.capability|system\.posix_acl_)/.test(name),
  )
  const seconds = Math.max(0, Number(String(entry.mtime).split('.')[0]))
  return {
    ...entry,
    mtime: String(seconds),
    ...(entry.type !== 'dir' && { nlink }),
    ...(kept.length > 0 && { xattrs: Object.fromEntries(kept) }),
  } as Listed
}

test('the same disk in an .xva, in an .xva on an ISO, in a folder, in a VHD, and as it is, has the same root', async () => {
  const at = (name: string) => join(dir, name)
  await makeDdkIso({ iso: at('forms.iso'), disk: at('forms.raw') })
  makeXva(at('forms.raw'), at('forms.xva'), dir)
  sh(`mkdir '${at('with-xva')}' '${at('folder')}'; cp '${at('forms.xva')}' '${at('with-xva')}/DDK.XVA'`)
  run('xorriso', ['-as', 'mkisofs', '-quiet', '-r', '-o', at('xva.iso'), at('with-xva')])
  // An ISO's folders can't be written to, which keeps all but root from removing them.
  sh(`bsdtar -xf '${at('forms.iso')}' -C '${at('folder')}'; chmod -R u+w '${at('folder')}'`)
  run('qemu-img', ['convert', '-O', 'vpc', '-o', 'force_size=on', at('forms.raw'), at('forms.vhd')])
  const listings = ['forms.iso', 'forms.xva', 'xva.iso', 'folder', 'forms.vhd', 'forms.raw'].map((name) => {
    const { code, stdout, stderr } = cli('list', at(name), '--json', '--sha256')
    expect([name, code, stderr]).toEqual([name, 0, ''])
    return stdout
  })
  expect(new Set(listings).size).toBe(1)
  expect(listings[0]).toContain('redhat-release')
})

test.each([
  ['with an MBR', { table: 'mbr' }],
  ['with a GPT', { table: 'gpt' }],
  ['without a table', { table: 'none' }],
] as const)('a fixed VHD alone, %s, is one: its footer is no part of the disk', async (name, options) => {
  const at = (suffix: string) => join(dir, `fixed-${name.replaceAll(' ', '-')}${suffix}`)
  await makeDdkIso({ iso: at('.iso'), disk: at('.disk'), ...options })
  run('qemu-img', ['convert', '-O', 'vpc', '-o', 'subformat=fixed,force_size=on', at('.disk'), at('.vhd')])
  expect(statSync(at('.vhd')).size).toBe(statSync(at('.disk')).size + 512)
  expect(cli('raw', at('.vhd'), '-o', at('.raw'))).toEqual({ code: 0, stdout: '', stderr: '' })
  run('cmp', [at('.raw'), at('.disk')])
  expect(JSON.parse(cli('inspect', at('.vhd'), '--json').stdout)).toMatchObject({
    image: { format: 'fixed VHD' },
    warnings: [],
    errors: [],
  })
  // A byte of the footer is another one: nothing says any more that it is one.
  run('cp', [at('.disk'), at('.odd')])
  sh(`head -c 511 /dev/zero >> '${at('.odd')}'; printf x >> '${at('.odd')}'`)
  expect(JSON.parse(cli('inspect', at('.odd'), '--json').stdout)).toMatchObject({ image: { format: 'raw' } })
})

test("a fixed VHD in chunks is one as well where ova.xml doesn't say how long the disk is", async () => {
  const at = (suffix: string) => join(dir, `unsaid${suffix}`)
  await makeDdkIso({
    iso: at('.iso'),
    disk: at('.disk'),
    format: 'fixed-vhd',
    chunkBytes: 3_000_000,
    editOva: (xml) => xml.replace(/ size="\d+"/, ''),
  })
  expect(cli('raw', at('.iso'), '-o', at('.raw'))).toEqual({ code: 0, stdout: '', stderr: '' })
  run('cmp', [at('.raw'), at('.disk')])
})

test('the same ISO gives the same archive, whatever the time, the place, the zone and the locale', async () => {
  const iso = join(dir, 'same.iso')
  await makeDdkIso({ iso })
  const archives = ['one', 'two'].map((name) => join(dir, name, 'image.tar'))
  for (const archive of archives) mkdirSync(join(archive, '..'))
  const [first, second] = archives as [string, string]
  expect(cli('convert', iso, '-o', first).code).toBe(0)
  const elsewhere = join(dir, 'elsewhere.iso')
  run('cp', [iso, elsewhere])
  run(process.execPath, [join(process.cwd(), 'src/cli.ts'), 'convert', '../elsewhere.iso', '-o', 'image.tar'], {
    cwd: join(dir, 'two'),
    env: { ...process.env, TZ: 'Asia/Kathmandu', LC_ALL: 'C', TMPDIR: '/var/tmp' },
  })
  run('cmp', [first, second])
})

test('nothing is left behind by a conversion that fails', async () => {
  const iso = join(dir, 'other.iso')
  await makeDdkIso({ iso })
  const out = join(dir, 'out')
  const temp = join(dir, 'temp')
  for (const folder of [out, temp]) mkdirSync(folder)
  const ended = cli('convert', iso, '-o', join(out, 'image.tar'), '--temp-dir', temp, '--version-is', '7.0')
  expect(ended).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'xenserver-ddk: XenServer 7.0 was requested, but the ISO is XenServer DDK 6.5.0-90233c; give the ISO of the requested version, or request the version of this ISO\nSee docs/troubleshooting.md#another-version-was-requested\n',
  })
  expect(readdirSync(out)).toEqual([])
  expect(readdirSync(temp)).toEqual([])

  const wrong = cli('convert', iso, '-o', join(out, 'image.tar'), '--temp-dir', temp, '--sha256', '0'.repeat(64))
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/has the SHA-256 [0-9a-f]{64}, but 0{64} is expected/)])
  expect(existsSync(join(out, 'image.tar'))).toBe(false)
  expect([readdirSync(out), readdirSync(temp)]).toEqual([[], []])
})
