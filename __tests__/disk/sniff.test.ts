import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { memorySource, type Source } from '../../src/bytes/source.ts'
import { sniff } from '../../src/disk/sniff.ts'
import { sh, withTempDir } from '../support/tools.ts'

const sniffBytes = (bytes: Uint8Array | string) => sniff(memorySource(Buffer.from(bytes as string), 'file'))

describe('images made by tools are recognized', () => {
  test.each([
    ['qemu-img create -q -f vpc out 8M', 'vhd', 'a dynamic VHD'],
    ['qemu-img create -q -f vpc -o subformat=fixed out 8M', 'vhd', 'a VHD whose footer is at its end'],
    ['qemu-img create -q -f vhdx out 8M', 'vhdx', 'convert it first'],
    ['qemu-img create -q -f vmdk out 8M', 'vmdk', 'convert it first'],
    ['qemu-img create -q -f qcow2 out 8M', 'qcow2', 'convert it first'],
    ['qemu-img create -q -f vdi out 8M', 'vdi', 'convert it first'],
    ['mkdir d; echo x > d/x; genisoimage -quiet -R -o out d', 'iso9660', 'an ISO 9660 image'],
    [
      'mkdir d; echo x > d/x; xorriso -outdev out -map d / -boot_image any system_area=<(head -c 32768 /dev/urandom) >/dev/null 2>&1',
      'iso9660',
      'an ISO',
    ],
    ['echo x > x; tar --format=v7 -cf out x', 'tar', 'a tar archive'],
    ['echo x > x; tar --format=pax -cf out x', 'tar', 'a tar archive'],
    ['echo x > x; bsdtar --format=ustar -cf out x', 'tar', 'a tar archive'],
    ['echo x | gzip > out', 'gzip', 'a gzip file'],
    ['echo x | zstd > out', 'zstd', 'a zstd file'],
    ['echo x > x; zip -q - x > out', 'zip', 'a zip file'],
    ['printf "PK\\5\\6%018d" 0 > out', 'empty', 'it is an empty zip file'],
    ['echo x | xz > out', 'xz', 'it is an xz file; unpack it first: xz -d out'],
    ['echo x | bzip2 > out', 'bzip2', 'it is a bzip2 file; unpack it first: bzip2 -d out'],
    ['echo x > x; 7z a x.7z x >/dev/null; mv x.7z out', '7z', 'it is a 7z file; unpack it first: 7z x out'],
    ["printf 'Rar!\\x1a\\x07\\x01\\0' > out", 'rar', 'it is a RAR file; unpack it first: 7z x out'],
    ["printf 'LZIP\\x01' > out", 'lzip', 'unpack it first: lzip -d out'],
    ["printf '\\x04\\x22\\x4d\\x18' > out", 'lz4', 'unpack it first: lz4 -d out'],
    ["printf '\\x1f\\x9d\\x90' > out", 'compress', 'unpack it first: gzip -d out'],
    ['truncate -s 8M out; echo 63,1000 | sfdisk -q out', 'disk', 'a raw disk with a partition table'],
    ['truncate -s 8M out; echo "label: gpt" | sfdisk -q out', 'disk', 'a raw disk with a partition table'],
    [
      'truncate -s 8M out; echo "label: gpt" | sfdisk -q out; dd if=/dev/zero of=out count=1 conv=notrunc status=none',
      'disk',
      'a raw disk with a GPT',
    ],
    ['truncate -s 4M out; mke2fs -q -F out', 'disk', 'an unpartitioned ext filesystem'],
    ['truncate -s 1M out; mkswap out >/dev/null 2>&1', 'disk', 'an unpartitioned swap'],
    ['truncate -s 64M out; qemu-img create -q -f vpc -o subformat=fixed v 8M; echo 63,1000 | sfdisk -q v; mv v out', 'disk', 'a raw disk'],
  ])('%s', (script, format, words) =>
    withTempDir((dir) => {
      sh(script, { cwd: dir })
      const { description, refusal, ...sniffed } = sniff(memorySource(readFileSync(join(dir, 'out')), 'out'))
      expect(sniffed.format).toBe(format)
      expect(refusal?.why ?? description).toContain(words)
      expect(refusal === undefined).toBe(['vhd', 'iso9660', 'tar', 'disk', 'gzip', 'zstd', 'zip'].includes(format))
    }),
  )
})

test('the command to run names the file, as a shell takes it', () => {
  const why = (name: string) => sniff(memorySource(Buffer.from('BZh9'), name)).refusal!.why
  expect(why('/tmp/XenServer-6.5.0+1.iso.bz2')).toBe('it is a bzip2 file; unpack it first: bzip2 -d /tmp/XenServer-6.5.0+1.iso.bz2')
  expect(why("it's here")).toBe("it is a bzip2 file; unpack it first: bzip2 -d 'it'\\''s here'")
})

test.each([
  ['', 'empty', 'it is an empty file; download it again'],
  ['<!DOCTYPE html>\n<html><body>403</body></html>', 'html', 'it is an HTML page; a server may have sent an error page'],
  ['\n <HTML lang="en">', 'html', 'it is an HTML page'],
  ['<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'xml', 'it is an XML document; a server may have sent'],
  ['\ufeff<?xml version="1.0"?>\n<appliance version="0.1">', 'xml', 'it is an ova.xml without its chunks; give the folder'],
  ['version https://git-lfs.github.com/spec/v1\noid', 'text', 'it is text, beginning with "version https://git-lfs.github.com/spec/"'],
  [Buffer.alloc(100_000), 'unknown', "it begins with zeros); if it was downloaded, the download isn't complete"],
  [Buffer.from('0102030405060708090a', 'hex'), 'unknown', 'it begins with 01 02 03 04 05 06 07 08'],
] as [string | Buffer, string, string][])('%j', (bytes, format, words) => {
  const sniffed = sniffBytes(bytes)
  expect(sniffed.format).toBe(format)
  expect(sniffed.refusal?.why).toContain(words)
})

test('a UDF image without ISO 9660 is refused by name', () => {
  const bytes = Buffer.alloc(40960)
  bytes.write('BEA01', 32769)
  bytes.write('NSR02', 34817)
  expect(sniffBytes(bytes)).toMatchObject({ format: 'udf', refusal: { why: expect.stringContaining('a UDF image'), kind: 'not-a-ddk' } })
})

test("the size of a growing file isn't needed if its start identifies the format", () =>
  withTempDir((dir) => {
    const path = join(dir, 'disk')
    writeFileSync(path, '')
    sh(`truncate -s 8M ${path}; echo 63,1000 | sfdisk -q ${path}`)
    const inner = memorySource(readFileSync(path), 'file')
    const growing: Source = {
      name: 'growing',
      get size(): number {
        throw new Error('the size was asked for')
      },
      reaches: (end) => end <= inner.size,
      read: (into, offset) => inner.read(into, offset),
    }
    expect(sniff(growing).format).toBe('disk')
  }))
