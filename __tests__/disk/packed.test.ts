import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DiskError } from '../../src/bytes/errors.ts'
import { listTree } from '../../src/disk/filesystem/listing.ts'
import { inspect } from '../../src/disk/inspection.ts'
import { openRoot } from '../../src/disk/open.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeIso } from '../fixtures/iso.ts'
import { makeXva } from '../fixtures/xva.ts'
import { mutants } from '../support/mutants.ts'
import { sh } from '../support/tools.ts'

// Inputs that contain a DDK among other things, or don't, or are damaged.

let dir = ''
const at = (name: string) => join(dir, name)
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-packed-'))
  await makeDdkIso({ iso: at('ddk.iso'), disk: at('disk.img'), chunkBytes: 5_000_000 })
  makeXva(at('disk.img'), at('ddk.xva'), at('work'), { maker: 'xenserver-8' })
  mkdirSync(at('unpacked'))
  const script = `
    bsdtar -xf ddk.iso -C unpacked
    gzip -k ddk.xva; zstd -q ddk.xva; gzip -k ddk.iso
    zip -q ddk.zip ddk.iso; zip -q -0 stored.zip ddk.iso; zip -q xva.zip ddk.xva`
  sh(script, { cwd: dir })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Reads all of an input's root filesystem. Returns the number of entries, and what was said. */
async function read(path: string): Promise<{ entries: number; warnings: string[]; packedAs: readonly string[] }> {
  const warnings: string[] = []
  const root = await openRoot(path, { tempDir: at('work'), warn: (sentence) => warnings.push(sentence) })
  try {
    let entries = 0
    for (const { error } of listTree(root.tree, { sha256: true, onLost: (error) => warnings.push(error.message) })) {
      entries++
      if (error !== undefined) warnings.push(error)
    }
    root.finish()
    return { entries, warnings, packedAs: root.input.packedAs }
  } catch (error) {
    throw root.causeOf(error)
  } finally {
    root.close()
  }
}

/** The sentence about an input that is made by a script, with `in/` as its folder, and without the temporary folder's name. */
async function sentenceOf(name: string, script = ''): Promise<string> {
  sh(`rm -rf in; mkdir in; ${script}`, { cwd: dir })
  const said = await read(at(name)).then(
    () => 'nothing',
    (error) => {
      expect(error).toBeInstanceOf(DiskError)
      return (error as Error).message
    },
  )
  // inspect says the same.
  expect((await inspect(at(name), { tempDir: at('work') })).errors.map((error) => error.replaceAll(`${dir}/`, ''))).toEqual(
    said === 'nothing' ? [] : [said.replaceAll(`${dir}/`, '')],
  )
  return said.replaceAll(`${dir}/`, '')
}

describe('every choice between several is reported', () => {
  test.each<[string, string, string, string]>([
    [
      'two ova.xml on an ISO',
      'in.iso',
      'cp -r unpacked/ddk in/ddk; cp -r unpacked/ddk in/other; xorriso -as mkisofs -quiet -r -o in.iso in',
      'in.iso: 2 files in it may be the DDK: ddk/ova.xml, other/ova.xml; give the right one itself, or, if it is an ova.xml, copy it with its chunks into a folder, and give that',
    ],
    [
      'two ova.xml at different depths',
      'in.iso',
      'cp -r unpacked/ddk in/ddk; mkdir -p in/a/b; cp -r unpacked/ddk in/a/b/c; xorriso -as mkisofs -quiet -r -o in.iso in',
      'in.iso: 2 files in it may be the DDK: a/b/c/ova.xml, ddk/ova.xml; give',
    ],
    [
      'two .xva on an ISO, one compressed',
      'in.iso',
      'ln ddk.xva in/a.xva; ln ddk.xva.zst in/b; xorriso -as mkisofs -quiet -r -o in.iso in',
      'in.iso: 2 files in it may be the DDK: a.xva, b; give',
    ],
    [
      'two .xva in a folder',
      'in',
      'ln ddk.xva in/a.xva; mkdir in/b; ln ddk.xva.gz in/b/b.gz',
      'in: 2 files in it may be the DDK: a.xva, b/b.gz; give',
    ],
    [
      'an ova.xml and an .xva',
      'in',
      'cp -r unpacked/ddk in; ln ddk.xva in',
      'in: 2 files in it may be the DDK: ddk/ova.xml, ddk.xva; give',
    ],
    [
      'two ISOs in a zip',
      'in.zip',
      'rm -f in.zip; ln ddk.iso in/a.iso; ln ddk.iso.gz in/b; cd in; zip -q -r ../in.zip .',
      'in.zip: 2 files in it may be the DDK: a.iso, b; give',
    ],
    [
      'two disks in a zip',
      'in.zip',
      'rm -f in.zip; ln disk.img in/a; ln disk.img in/b; cd in; zip -q -r ../in.zip .',
      'in.zip: 2 files in it may be the DDK: a, b; give',
    ],
  ])('%s', async (_, name, script, sentence) => {
    expect(await sentenceOf(name, script)).toContain(sentence)
  })
})

describe('what is no DDK', () => {
  test.each<[string, string, string, string]>([
    [
      'the wrong ISO',
      'in.iso',
      'mkdir in/isolinux; head -c 1M disk.img > in/isolinux/boot.img; echo hello | gzip > in/hello.gz; tar -cf in/root.tar unpacked; xorriso -as mkisofs -quiet -r -o in.iso in',
      '',
    ],
    [
      'a folder with nothing',
      'in',
      'echo > in/readme',
      'in: there is no ova.xml and no .xva in it, or in the folders in it; give a folder that a DDK ISO was unpacked into',
    ],
    [
      'a folder whose DDK lies too deep',
      'in',
      'mkdir -p in/a/b/c; cp -r unpacked/ddk in/a/b/c; cp -r unpacked/ddk in/a/b',
      'in: there is no ova.xml and no .xva in it, or in the folders in it; give a folder',
    ],
    [
      'a folder with an ISO',
      'in',
      'ln ddk.iso in/XenServer.iso',
      'in: there is no ova.xml and no .xva in it, or in the folders in it; give the file itself, e.g. XenServer.iso',
    ],
    [
      'a zip of other things',
      'in.zip',
      'rm -f in.zip; echo hello > in/hello; zip -q -r in.zip in',
      'in.zip: the zip contains no DDK: no ISO, no .xva, no ova.xml and no disk',
    ],
    [
      'a tar of other things',
      'in.tar.gz',
      'tar -czf in.tar.gz unpacked',
      'in.tar.gz (unpacked): the archive has no ova.xml, so it is not an XVA; if the DDK is in it, unpack it first, with tar -xf',
    ],
    ['a gzip of text', 'in.gz', 'echo hello | gzip > in.gz', 'in.gz (unpacked): it is text, beginning with "hello'],
    ['a gzip of xz', 'in.gz', 'echo hello | xz | gzip > in.gz', 'in.gz (unpacked): it is an xz file; unpack it first: xz -d'],
    [
      'gzip all the way down',
      'in.gz',
      'gzip < disk.img | gzip | gzip | gzip | gzip > in.gz',
      'it is packed more than 4 times: gzip, gzip, gzip, gzip, gzip',
    ],
  ])('%s', async (_, name, script, sentence) => {
    if (sentence !== '') return expect(await sentenceOf(name, script)).toContain(sentence)
    // Its own files can be listed.
    sh(`rm -rf in; mkdir in; ${script}`, { cwd: dir })
    expect((await inspect(at(name), { tempDir: at('work') })).errors).toEqual([
      `${at(name)}: it is no DDK's ISO: neither an ova.xml nor an .xva is on it; give the DDK's ISO, which is named like XenServer-6.5.0-DDK.iso`,
    ])
    expect((await read(at(name))).entries).toBeGreaterThan(3)
  })
})

describe('a packed input that is not sound', () => {
  const change = (from: string, to: string, change: (bytes: Buffer) => Buffer | undefined) => {
    const bytes = readFileSync(at(from))
    writeFileSync(at(to), change(bytes) ?? bytes)
    return sentenceOf(to)
  }
  const flip = (bytes: Buffer, at: number) => {
    bytes[at]! ^= 1
    return undefined
  }
  const wayOut = 'is damaged or incomplete; download it again'

  test('gzip', async () => {
    expect(await change('ddk.iso.gz', 'bad.gz', (bytes) => bytes.subarray(0, -9))).toBe(
      `bad.gz: its gzip data ends too early; the file ${wayOut}`,
    )
    expect(await change('ddk.xva.gz', 'bad.gz', (bytes) => bytes.subarray(0, 30_000))).toBe(
      `bad.gz: its gzip data ends too early; the file ${wayOut}`,
    )
    expect(await change('ddk.xva.gz', 'bad.gz', (bytes) => void bytes.writeUInt32LE(1, bytes.length - 8))).toBe(
      `bad.gz: its gzip data is damaged (incorrect data check); the file ${wayOut}`,
    )
  })

  test('zstd', async () => {
    expect(await change('ddk.xva.zst', 'bad.zst', (bytes) => bytes.subarray(0, -1))).toBe(
      `bad.zst: its zstd data ends too early; the file ${wayOut}`,
    )
    expect(await change('ddk.xva.zst', 'bad.zst', (bytes) => bytes.subarray(0, 30_000))).toBe(
      `bad.zst: its zstd data ends too early; the file ${wayOut}`,
    )
    expect(await change('ddk.xva.zst', 'bad.zst', (bytes) => flip(bytes, bytes.length - 1))).toMatch(
      /^bad\.zst: its zstd data is damaged \(.*\); the file is damaged or incomplete; download it again$/,
    )
    expect(await change('ddk.xva.zst', 'bad.zst', (bytes) => Buffer.concat([bytes, Buffer.from('garbage')]))).toBe(
      `bad.zst: something other than zeros follows the zstd data; the file ${wayOut}`,
    )
    expect(await change('ddk.xva.zst', 'good.zst', (bytes) => Buffer.concat([bytes, Buffer.alloc(1023)]))).toBe('nothing')
  })

  test('zstd with a window that takes gigabytes', async () => {
    const script = 'zstd -q --ultra --long=31 --no-check -c < disk.img > long.zst'
    expect(await sentenceOf('long.zst', script)).toBe(
      'long.zst: its zstd data needs a window of more than 128 MiB; compress it again without --long or --ultra',
    )
  })

  test('zip: a wrong checksum, deflated and stored', async () => {
    const crcOf = (bytes: Buffer) => bytes.indexOf('PK\x01\x02') + 16
    for (const name of ['ddk.zip', 'stored.zip', 'xva.zip']) {
      const said = await change(name, 'bad.zip', (bytes) => flip(bytes, crcOf(bytes)))
      expect(said).toMatch(
        /^ddk\.(?:iso|xva) of bad\.zip: its CRC-32 is [0-9a-f]{8}, but the zip states [0-9a-f]{8}; the zip is damaged or incomplete; download it again$/,
      )
    }
  })

  test('zip: damage where the file would be recognized', async () => {
    const said = await change('ddk.zip', 'bad.zip', (bytes) => void bytes.fill(0xff, 60, 80))
    expect(said).toMatch(/^ddk\.iso of bad\.zip: its deflate data is damaged \(.*\); the zip is damaged or incomplete; download it again$/)
  })

  test('zip: wrong sizes', async () => {
    const sizeOf = (bytes: Buffer) => bytes.indexOf('PK\x01\x02') + 24
    const bySize = (by: number) => (bytes: Buffer) => void bytes.writeUInt32LE(bytes.readUInt32LE(sizeOf(bytes)) + by, sizeOf(bytes))
    expect(await change('ddk.zip', 'bad.zip', bySize(1))).toMatch(
      /^ddk\.iso of bad\.zip: it has \d+ bytes, but the zip states \d+; the zip is/,
    )
    expect(await change('ddk.zip', 'bad.zip', bySize(-1))).toMatch(
      /^ddk\.iso of bad\.zip: it has more than the \d+ bytes that the zip states; the zip/,
    )
    expect(await change('stored.zip', 'bad.zip', bySize(1))).toMatch(
      /^bad\.zip: its zip directory can't be read: compressed.*; it is damaged/,
    )
  })

  test('zip: cut short, encrypted, compressed otherwise, twice', async () => {
    expect(await change('ddk.zip', 'bad.zip', (bytes) => bytes.subarray(0, -1000))).toBe(
      "bad.zip: its zip directory can't be read: End of central directory record signature not found. Either not a zip file, or file is truncated; it is damaged or incomplete; download it again",
    )
    expect(await sentenceOf('locked.zip', 'zip -q -P secret locked.zip ddk.iso')).toBe(
      'ddk.iso of locked.zip: it is encrypted; unpack the zip with its password, and give the file itself',
    )
    expect(await sentenceOf('aes.zip', '7z a -tzip -psecret -mem=AES256 aes.zip ddk.iso > /dev/null')).toContain(
      'ddk.iso of aes.zip: it is encrypted',
    )
    for (const [option, method] of [
      ['Deflate64', 'Deflate64'],
      ['BZip2', 'bzip2'],
      ['LZMA', 'LZMA'],
    ] as const) {
      const name = `${method}.zip`
      expect(await sentenceOf(name, `7z a -tzip -mm=${option} ${name} ddk.iso > /dev/null`)).toBe(
        `ddk.iso of ${name}: it is compressed with ${method}, which isn't supported; unpack it first: 7z x ${name}`,
      )
    }
    const script = `python3 -W ignore -c "
import zipfile
with zipfile.ZipFile('twice.zip', 'w') as z: z.write('ddk.iso'); z.write('ddk.iso')"`
    expect(await sentenceOf('twice.zip', script)).toBe('twice.zip: the zip has ddk.iso twice; unpack it, and give the right file')
  })

  test('zip: names that lead out of it', async () => {
    const script = `python3 -c "
import zipfile
with zipfile.ZipFile('out.zip', 'w') as z: z.write('ddk.iso', '../ddk.iso')"`
    expect(await sentenceOf('out.zip', script)).toMatch(/^out\.zip: its zip directory can't be read: .*\.\.\/ddk\.iso/)
  })

  test('nothing is left behind', () => expect(readdirSync(at('work')).filter((name) => name.startsWith('.'))).toEqual([]))
})

test('bombs: zeros by the gigabyte are only a hole, and a size beyond the limit is refused before anything is unpacked', async () => {
  // A frame whose blocks of 3 bytes each stand for 128 KiB of zeros: 10,000 of them in 40 kB.
  const header = Buffer.from('28b52ffd0058', 'hex')
  const block = Buffer.from([((0x20000 << 3) & 0xff) | 2, (0x20000 >> 5) & 0xff, (0x20000 >> 13) & 0xff, 0])
  const blocks = Buffer.concat([...Array.from({ length: 9_999 }, () => block), Buffer.from([block[0]! | 1, block[1]!, block[2]!, 0])])
  writeFileSync(at('bomb.zst'), Buffer.concat([header, blocks]))
  // The content is what it says: zeros, which are no disk.
  expect(await sentenceOf('bomb.zst')).toContain('bomb.zst (unpacked): it is a file of an unknown format (it begins with zeros)')
  const stated = readFileSync(at('ddk.zip'))
  const directory = stated.indexOf('PK\x01\x02')
  stated.writeUInt32LE(0xffffffff, directory + 24)
  const extra = Buffer.from([1, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0])
  const nameLength = stated.readUInt16LE(directory + 28)
  const oldExtra = stated.readUInt16LE(directory + 30)
  stated.writeUInt16LE(oldExtra + extra.length, directory + 30)
  const end = directory + 46 + nameLength
  const bytes = Buffer.concat([stated.subarray(0, end), extra, stated.subarray(end)])
  const eocd = bytes.lastIndexOf('PK\x05\x06')
  bytes.writeUInt32LE(bytes.readUInt32LE(eocd + 12) + extra.length, eocd + 12)
  writeFileSync(at('large.zip'), bytes)
  expect(await sentenceOf('large.zip')).toBe('ddk.iso of large.zip: it unpacks to 1.1 TB; the limit is 274.9 GB')
})

test('a damaged zip gives the same tree, a warning or an error, soon', async () => {
  copyFileSync(at('ddk.zip'), at('original.zip'))
  const original = readFileSync(at('original.zip'))
  const whole = await read(at('original.zip'))
  expect(whole.packedAs).toEqual(['zip'])
  const directory = original.indexOf('PK\x01\x02')
  const ranges = [
    [0, 60],
    [directory, original.length],
    [directory, directory + 60],
    [original.length - 22, original.length],
  ] as const
  let sentences = 0
  const started = performance.now()
  for (const mutant of mutants(original, { seed: 5, count: 150, ranges })) {
    writeFileSync(at('mutant.zip'), mutant)
    try {
      expect((await read(at('mutant.zip'))).entries).toBe(whole.entries)
    } catch (error) {
      expect(error).toBeInstanceOf(DiskError)
      expect((error as Error).message).toContain(basename('mutant.zip'))
      sentences++
    }
  }
  expect(sentences).toBeGreaterThan(50)
  expect(performance.now() - started).toBeLessThan(90_000)
})

test('an .xva on an ISO that is damaged is named by its name', async () => {
  mkdirSync(at('damaged'), { recursive: true })
  const bytes = readFileSync(at('ddk.xva'))
  bytes[bytes.lastIndexOf('.xxhash') - 2000]! ^= 1
  writeFileSync(at('damaged/machine.xva'), bytes)
  makeIso(at('damaged'), at('damaged.iso'))
  expect(await sentenceOf('damaged.iso')).toMatch(
    /^Ref:17\/\d{8} of machine\.xva \(directory record at byte \d+\) of damaged\.iso, byte \d+: its XXH64 is \w{16}, but should be \w{16}; the archive is damaged$/,
  )
})
