import { randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { type EntryFile, unpack, unpackInto } from '../../../src/cache/entries/unpack.ts'
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
    await unpackInto(join(dir, 'entry'), createReadStream(join(dir, 'archive')))
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
    await expect(unpackInto(join(dir, 'entry'), createReadStream(join(dir, 'archive')))).rejects.toThrow(why)
  })
})

unless(noMounts).test('a disk that is too small for a file is noticed before it is full', async () => {
  await withTempDir(async (dir) => {
    const small = join(dir, 'small')
    mkdirSync(small)
    writeFileSync(join(dir, 'archive'), zstdCompressSync(Buffer.concat([header(2 << 20), Buffer.alloc((2 << 20) + 1024)])))
    run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    try {
      await expect(unpackInto(join(small, 'entry'), createReadStream(join(dir, 'archive')))).rejects.toThrow(
        /^What the Actions cache has needs 2\.1 MB of disk at .*\/entry, but only 1\.0 MB are free/,
      )
      expect(readdirSync(join(small, 'entry'))).toEqual([])
    } finally {
      run('umount', [small])
    }
  })
})

describe('files that are used while they arrive', () => {
  const archive = () => {
    const member = (name: string, content: string) => {
      const bytes = Buffer.from(content)
      const path = Buffer.from(`xenserver-ddk/${name}`)
      return [
        ustarHeader({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: bytes.length, mtime: 0 }),
        bytes,
        Buffer.alloc(512 - bytes.length),
      ]
    }
    const compressed = zstdCompressSync(Buffer.concat([...member('first', '1'), ...member('second', '22'), Buffer.alloc(1024)]))
    // In pieces of a byte, as a slow network might give them.
    return (async function* () {
      for (const byte of compressed) yield Buffer.from([byte])
    })()
  }

  test('may be read or left', async () => {
    const read = async (files: AsyncIterable<EntryFile>) => {
      const found: string[] = []
      for await (const { name, size, content } of files) found.push(`${name} ${name === 'first' ? '' : await content.take(size)}`)
      return found
    }
    expect(await unpack(archive(), read)).toEqual(['first ', 'second 22'])
  })

  test("needn't be asked for to the end", async () => {
    const first = async (files: AsyncIterable<EntryFile>) => {
      for await (const { name } of files) return name
      return undefined
    }
    expect(await unpack(archive(), first)).toBe('first')
  })

  test('are given up before the failure of their archive is told', async () => {
    const content = randomBytes(1 << 20)
    const compressed = zstdCompressSync(Buffer.concat([header(content.length), content, Buffer.alloc(1024)]))
    const fails = (async function* () {
      yield compressed.subarray(0, 1 << 19)
      await sleep(50)
      throw new Error('the rest is missing')
    })()
    let isGivenUp = false
    const useSlowly = async (files: AsyncIterable<EntryFile>) => {
      for await (const file of files) {
        await file.content.take(1000)
        await sleep(200)
        isGivenUp = true
      }
    }
    await expect(unpack(fails, useSlowly)).rejects.toThrow('the rest is missing')
    expect(isGivenUp).toBe(true)
  })

  test('may be refused', async () => {
    const reason = new Error('refused')
    await expect(unpack(archive(), () => Promise.reject(reason))).rejects.toBe(reason)
  })
})
