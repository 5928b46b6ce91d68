import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ustarHeader } from '../../src/image/tar/header.ts'
import { makeFilesystem } from '../fixtures/filesystem.ts'
import { withTempDir } from '../support/tools.ts'
import { mutate, numbersFor } from './mutate.ts'
import { read, TarReader } from './read.ts'
import type { Seed } from './seed.ts'

async function withTarReader<T>(use: (reader: TarReader) => Promise<T>): Promise<T> {
  const reader = new TarReader()
  try {
    return await use(reader)
  } finally {
    reader.close()
  }
}

describe('a tar that not everybody can unpack is a fault', () => {
  const member = (path: string) => ustarHeader({ path: Buffer.from(path), type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 })
  const end = Buffer.alloc(1024)

  test.each([
    ['a good one', [member('usr'), member('etc'), end], undefined],
    ['an absolute path', [member('/etc/passwd'), end], /the path '\/etc\/passwd'/],
    ['a path out of the folder', [member('usr/../../etc'), end], /the path 'usr\/\.\.\/\.\.\/etc'/],
    ['the same path twice', [member('usr'), member('usr'), end], /'usr' twice/],
    ['a wrong checksum', [Buffer.alloc(512, 'x'), end], /GNU tar/],
  ])('%s', async (_name, parts, expected) => {
    await withTempDir((dir) =>
      withTarReader(async (reader) => {
        const path = join(dir, 'tar')
        writeFileSync(path, Buffer.concat(parts))
        const fault = await reader.findFault(path)
        if (expected) expect(fault).toMatch(expected)
        else expect(fault).toBeUndefined()
      }),
    )
  })
})

test('a tree that differs from that of a checker is a fault', async () => {
  await withTempDir((dir) =>
    withTarReader(async (reader) => {
      const [root, image] = [join(dir, 'root'), join(dir, 'image')]
      mkdirSync(join(root, 'usr'), { recursive: true })
      makeFilesystem(root, image, { filesystem: 'ext2', megabytes: 1 })
      const checker = (clean: boolean) => ({ isClean: () => clean, list: async () => [{ path: 'other' }] })
      expect(await read(image, dir, reader)).toEqual({ result: 'read' })
      expect(await read(image, dir, reader, checker(false))).toEqual({ result: 'read' })
      expect(await read(image, dir, reader, checker(true))).toEqual({ result: 'wrong', what: expect.stringContaining('reads differently') })
    }),
  )
})

describe('mutants', () => {
  const seed: Seed = { name: '', bytes: Buffer.from('one two three four five six seven eight'.repeat(10)), ranges: [[8, 60]] }
  const make = (style: Seed['style'], index: number) => mutate({ ...seed, style: style! }, numbersFor(1, index))

  test.each(['fields', 'words'] as const)('of the same numbers are the same, and differ only in the range: %s', (style) => {
    const mutants = Array.from({ length: 50 }, (_, index) => make(style, index))
    expect(mutants).toEqual(Array.from({ length: 50 }, (_, index) => make(style, index)))
    expect(new Set(mutants.map(String)).size).toBeGreaterThan(40)
    for (const mutant of mutants) {
      expect(mutant.subarray(0, 8)).toEqual(seed.bytes.subarray(0, 8))
      expect(mutant.subarray(60)).toEqual(seed.bytes.subarray(60))
    }
  })

  test('half of them have repaired checksums', () => {
    let repaired = 0
    for (let index = 0; index < 100; index++) mutate({ ...seed, repair: () => repaired++ }, numbersFor(1, index))
    expect(repaired).toBeGreaterThan(25)
    expect(repaired).toBeLessThan(75)
  })
})
