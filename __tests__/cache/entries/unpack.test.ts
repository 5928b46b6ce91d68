import { randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { tarChecksum } from '../../../src/bytes/tar-header.ts'
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

describe('the limits of an entry', () => {
  const file = (path: string, size = 0, change: (header: Buffer) => void = () => {}) => {
    const bytes = ustarHeader({ path: Buffer.from(`xenserver-ddk/${path}`), type: 'file', mode: 0o644, uid: 0, gid: 0, size, mtime: 0 })
    change(bytes)
    bytes.write(`${tarChecksum(bytes).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    return Buffer.concat([bytes, Buffer.alloc(Math.ceil(size / 512) * 512, '\n')])
  }
  const as = (typeflag: string) => (header: Buffer) => void header.write(typeflag, 156, 'latin1')
  const names = async (...members: Buffer[]) => {
    const found: string[] = []
    const archive = zstdCompressSync(Buffer.concat([...members, Buffer.alloc(1024)]))
    await unpack(Readable.from([archive]), async (files) => {
      for await (const { name } of files) found.push(name)
    })
    return found
  }

  test('four files, and no more', async () => {
    const four = ['a', 'b', 'c', 'd']
    expect(await names(...four.map((name) => file(name)))).toEqual(four)
    await expect(names(...[...four, 'e'].map((name) => file(name)))).rejects.toThrow(/^its archive has "e" once too often$/)
    await expect(names(file('a'), file('a'))).rejects.toThrow(/^its archive has "a" once too often$/)
  })

  test('names of up to 32 letters, digits and dots', async () => {
    const longest = 'a'.repeat(32)
    expect(await names(file(longest), file('a.b_9'))).toEqual([longest, 'a.b_9'])
    for (const name of [`${longest}a`, '.a', 'a-b', '']) {
      await expect(names(file(name))).rejects.toThrow(
        `its archive has "xenserver-ddk/${name}", which no entry has; whoever saved it may be an attacker`,
      )
    }
  })

  test('the folder itself, files as old archives have them, and extended headers of 64 KiB', async () => {
    const folder = file('', 0, as('5'))
    expect(await names(folder, file('x', 64 << 10, as('x')), file('old', 5, as('\0')))).toEqual(['old'])
    await expect(names(file('x', (64 << 10) + 1, as('x')))).rejects.toThrow('which no entry has')
    await expect(names(file('deep', 0, as('5')))).rejects.toThrow('its archive has "xenserver-ddk/deep", which no entry has')
  })

  test('what an extended header may say', async () => {
    const says = (record: string) => {
      const bytes = file('x', record.length + 1, as('x'))
      bytes.fill(0, 512).write(`${record}\n`, 512)
      return bytes
    }
    for (const keyword of ['atime', 'ctime', 'mtime', 'uid', 'gid', 'uname', 'gname']) {
      expect(await names(says(`9 ${keyword}=1`), file('a'))).toEqual(['a'])
    }
    for (const [record, shown] of [
      ['9 path=x', 'path'],
      ['9 linkpath=x', 'linkpath'],
      ['nonsense', ''],
    ]) {
      await expect(names(says(record!), file('a'))).rejects.toThrow(
        `its archive has an extended header of "${shown}"; whoever saved it may be an attacker`,
      )
    }
  })

  test('a window that all decoders support', async () => {
    const content = randomBytes(1 << 20)
    const archive = (windowLog: number) => {
      const tar = Buffer.concat([header(content.length), content, Buffer.alloc(1024)])
      // Without its size, which would limit the window.
      const { promise, resolve } = Promise.withResolvers<Buffer>()
      const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: windowLog } })
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => resolve(Buffer.concat(pieces)))
      stream.write(tar, () => stream.end())
      return promise
    }
    const sizes = async (windowLog: number) =>
      unpack(Readable.from([await archive(windowLog)]), async (files) => {
        for await (const { size } of files) return size
        return 0
      })
    expect(await sizes(23)).toBe(1 << 20)
    await expect(sizes(24)).rejects.toThrow(/^its archive is damaged \(.*\)$/)
  })

  test.each([
    ['of nothing', Buffer.alloc(0), /^its archive is cut short$/],
    ['of something else', Buffer.from('PK is a ZIP'), /^its archive is neither of zstd nor of gzip$/],
  ])('an archive %s is none', async (_what, bytes, why) => {
    await expect(unpack(Readable.from([bytes]), async () => 0)).rejects.toThrow(why)
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

  test("needn't be asked for to the end, however much is left", async () => {
    const content = randomBytes(16 << 20)
    const compressed = zstdCompressSync(Buffer.concat([header(content.length), content, Buffer.alloc(1024)]))
    let given = 0
    const archive = (async function* () {
      for (; given < compressed.length; given += 1 << 16) yield compressed.subarray(given, given + (1 << 16))
    })()
    const size = await unpack(archive, async (files) => {
      for await (const file of files) return file.size
      return 0
    })
    expect([size, given >= compressed.length]).toEqual([16 << 20, true])
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
