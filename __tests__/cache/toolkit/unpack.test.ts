import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { unpackEntry } from '../../../src/cache/toolkit/unpack.ts'
import { ustarHeader } from '../../../src/image/tar/header.ts'
import { noMounts } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { run, withTempDir } from '../../support/tools.ts'

const header = (size: number) =>
  ustarHeader({ path: Buffer.from('xenserver-ddk/image'), type: 'file', mode: 0o644, uid: 0, gid: 0, size, mtime: 0 })

test.each([
  ['zstd', zstdCompressSync],
  ['gzip', gzipSync],
] as const)('an entry is unpacked from %s', async (_format, compress) => {
  await withTempDir(async (dir) => {
    const content = Buffer.alloc(512, 'text')
    writeFileSync(join(dir, 'archive'), compress(Buffer.concat([header(content.length), content, Buffer.alloc(1024)])))
    await unpackEntry(join(dir, 'archive'), join(dir, 'entry'))
    expect(readdirSync(join(dir, 'entry'))).toEqual(['image'])
  })
})

test.each<[string, (tar: Buffer) => Buffer, RegExp]>([
  ['goes on after its end', (tar) => Buffer.concat([tar, Buffer.from('more')]), /^its archive goes on after its end$/],
  ['has a header that is damaged', (tar) => tar.fill('x', 100, 101), /^its archive is damaged$/],
  ['has no end', (tar) => tar.subarray(0, 1024), /^its archive is cut short$/],
])('an archive that %s is none', async (_what, damage, why) => {
  await withTempDir(async (dir) => {
    const tar = Buffer.concat([header(512), Buffer.alloc(512, 'text'), Buffer.alloc(1024)])
    writeFileSync(join(dir, 'archive'), zstdCompressSync(damage(tar)))
    await expect(unpackEntry(join(dir, 'archive'), join(dir, 'entry'))).rejects.toThrow(why)
  })
})

unless(noMounts).test('a disk that is too small for a file is noticed before it is full', async () => {
  await withTempDir(async (dir) => {
    const small = join(dir, 'small')
    mkdirSync(small)
    writeFileSync(join(dir, 'archive'), zstdCompressSync(Buffer.concat([header(2 << 20), Buffer.alloc((2 << 20) + 1024)])))
    run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    try {
      await expect(unpackEntry(join(dir, 'archive'), join(small, 'entry'))).rejects.toThrow(
        /^What the Actions cache has needs 2\.1 MB of disk at .*\/entry, but only 1\.0 MB are free/,
      )
      expect(readdirSync(join(small, 'entry'))).toEqual([])
    } finally {
      run('umount', [small])
    }
  })
})
