import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { walk } from '../../../src/disk/filesystem/tree.ts'
import { tarPieces } from '../../../src/image/tar/tar.ts'
import { noRoot } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { run, sh, walkMounted, withTempDir } from '../../support/tools.ts'
import { entry, tarOf } from '../memory-tree.ts'
import { comparable, expected, makeTree } from '../oddities.ts'
import { folderTree } from './folder-tree.ts'

describe('a tree that has everything', () => {
  // Unpacking owners, devices and attributes takes root.
  const { test: oracle } = unless(noRoot)

  oracle('is what GNU tar unpacks', () =>
    withTempDir((dir) => {
      makeTree(join(dir, 'source'))
      const listing = walkMounted(join(dir, 'source'))
      const warnings: string[] = []
      writeFileSync(join(dir, 'layer.tar'), tarOf(walk(folderTree(join(dir, 'source'), listing)), { warn: (line) => warnings.push(line) }))
      sh('mkdir unpacked && tar --numeric-owner --xattrs --xattrs-include="*" --acls -xpf layer.tar -C unpacked', { cwd: dir })
      expect(comparable(walkMounted(join(dir, 'unpacked')))).toEqual(comparable(expected(listing)))
      expect(warnings).toEqual([
        expect.stringContaining("sockets are left out, because tar can't store them: /dev/socket"),
        expect.stringContaining('character devices 0:0'),
        expect.stringMatching(/times before 1970 .*: \/old$/),
        expect.stringMatching(/trusted.* left out.*: 2 times, first at \/bin$/),
        expect.stringMatching(/user\.overlay.*: \/bin$/),
      ])
    }),
  )

  oracle('is the same to bsdtar and Python', () =>
    withTempDir((dir) => {
      makeTree(join(dir, 'source'))
      const listing = expected(walkMounted(join(dir, 'source')))
      writeFileSync(join(dir, 'layer.tar'), tarOf(walk(folderTree(join(dir, 'source')))))
      const names = listing.map(({ path, type }) => (type === 'dir' ? `${path}/` : path)).sort()
      const python = `
import json, tarfile
for m in tarfile.open('layer.tar', errors='surrogateescape'):
    print(json.dumps([m.name + ('/' if m.isdir() else ''), m.mode, m.uid, m.gid, m.mtime, m.size]))`
      const members = run('python3', ['-c', python], { cwd: dir })
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, number, number, number, number, number])
      expect(members.map(([name]) => name).sort()).toEqual(names)
      const byName = new Map(listing.map((listed) => [listed.path, listed]))
      for (const [name, mode, uid, gid, mtime] of members) {
        const listed = byName.get(name.replace(/\/$/, ''))!
        expect([name, mode, uid, gid, mtime]).toEqual([
          name,
          Number.parseInt(String(listed.mode), 8),
          listed.uid,
          listed.gid,
          Number.parseInt(String(listed.mtime), 10),
        ])
      }
      sh('mkdir unpacked && bsdtar --numeric-owner --xattrs --acls -xpf layer.tar -C unpacked', { cwd: dir })
      const unpacked = walkMounted(join(dir, 'unpacked'))
      expect(comparable(unpacked).map(({ xattrs: _, ...rest }) => rest)).toEqual(comparable(listing).map(({ xattrs: _, ...rest }) => rest))
    }),
  )
})

test('sizes, owners, times and devices beyond the octal fields', () =>
  withTempDir((dir) => {
    const big = {
      name: 'big',
      size: 8 * 2 ** 30 + 1,
      read: (into: Uint8Array) => {
        into.fill(1)
      },
    }
    const entries = [
      entry('device', { type: 'block', rdev: { major: 4_000_000, minor: 2 ** 31 } }),
      entry('late', { mtime: { seconds: 15_032_385_535, nanoseconds: 5 }, uid: 4_294_967_294, gid: 2_097_152 }),
      entry('z-big', { size: big.size, content: 'x' }),
    ]
    entries[2]!.node.content = () => big
    // Only its beginning: three headers say it all.
    const pieces = tarPieces(entries, { allocate: (size) => new Uint8Array(size), warn: unexpected, pieceSize: 10 * 512 })
    writeFileSync(join(dir, 'head.tar'), pieces.next().value as Uint8Array)
    const python = `
import json, tarfile
tar = tarfile.open('head.tar')
for m in (tar.next(), tar.next(), tar.next()):
    print(json.dumps([m.name, m.uid, m.gid, m.mtime, m.size, m.devmajor, m.devminor]))`
    const lines = run('python3', ['-c', python], { cwd: dir }).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      ['device', 0, 0, 0, 0, 4_000_000, 2 ** 31],
      ['late', 4_294_967_294, 2_097_152, 15_032_385_535, 0, 0, 0],
      ['z-big', 0, 0, 0, 8 * 2 ** 30 + 1, 0, 0],
    ])
  }))

describe('pieces', () => {
  const entries = () => [entry('a', { content: 'x'.repeat(5000) }), entry('b', { content: 'y'.repeat(512) }), entry('c')]

  test('are cut anywhere, and are the same bytes in sum, whatever was in their memory', () => {
    const whole = tarOf(entries())
    expect(whole.length % 512).toBe(0)
    expect(whole.subarray(-1024)).toEqual(Buffer.alloc(1024))
    for (const pieceSize of [100, 512, 1000, 4096, 1 << 20]) {
      const dirty = (size: number) => new Uint8Array(size).fill(0xee)
      expect(tarOf(entries(), { pieceSize, allocate: dirty })).toEqual(whole)
    }
  })

  test('all have the same size but the last, and the summary adds them up', () => {
    const pieces = tarPieces(entries(), { allocate: (size) => new Uint8Array(size), warn: unexpected, pieceSize: 1000 })
    const sizes: number[] = []
    let next = pieces.next()
    for (; !next.done; next = pieces.next()) sizes.push(next.value.length)
    expect(sizes.slice(0, -1).every((size) => size === 1000)).toBe(true)
    const highestIds = { uid: 0, gid: 0 }
    expect(next.value).toEqual({ members: 3, contentSize: 5512, size: 3 * 512 + 5120 + 512 + 1024, highestIds })
  })
})

test('the summary has the highest owners, those of links too', () => {
  const entries = [entry('a', { uid: 5, gid: 300_000 }), entry('b', { uid: 300_001, type: 'symlink', target: 'a' }), entry('c')]
  const pieces = tarPieces(entries, { allocate: (size) => new Uint8Array(size), warn: unexpected })
  let next = pieces.next()
  while (!next.done) next = pieces.next()
  expect(next.value.highestIds).toEqual({ uid: 300_001, gid: 300_000 })
})

test('a hard link repeats owner, mode and attributes, because unpacking it sets them again', () => {
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex')
  const file = { ino: 7, nlink: 2, mode: 0o4755, uid: 5, content: 'x', xattrs: { 'security.capability': capability } }
  const tar = tarOf([entry('a', file), entry('b', file)])
  const link = tar.subarray(4 * 512)
  expect(link.toString('latin1', 0, 9)).toBe('PaxHeader')
  expect(
    link.subarray(512, 1024).includes(Buffer.concat([Buffer.from('SCHILY.xattr.security.capability='), capability, Buffer.from('\n')])),
  ).toBe(true)
  const header = link.subarray(1024)
  expect(header.toString('latin1', 0, 1) + header.toString('latin1', 156, 158)).toBe('b1a')
  expect(header.toString('latin1', 100, 116)).toBe('0004755\x000000005\x00')
})

test('files with one inode number are hard links, also if the filesystem counts no names; directories never are', () => {
  const file = { ino: 7, nlink: 0, content: 'x' }
  const dir = { ino: 9, type: 'dir' as const }
  const tar = tarOf([entry('a', file), entry('b', file), entry('c', { content: 'x' }), entry('d', dir), entry('e', dir)])
  const types = [0, 2, 3, 5, 6].map(
    (block) => tar.toString('latin1', block * 512, block * 512 + 1) + tar.toString('latin1', block * 512 + 156, block * 512 + 158),
  )
  expect(types.map((text) => text.replace('\0', ''))).toEqual(['a0', 'b1a', 'c0', 'd5', 'e5'])
})

test('an inode that claims to have one name is not remembered: a second name becomes a copy', () => {
  const file = { ino: 7, nlink: 1, content: 'x' }
  const tar = tarOf([entry('a', file), entry('b', file)])
  expect([0, 2].map((block) => tar.toString('latin1', block * 512 + 156, block * 512 + 157))).toEqual(['0', '0'])
  expect([1, 3].map((block) => tar.toString('latin1', block * 512, block * 512 + 1))).toEqual(['x', 'x'])
})

function unexpected(warning: string): void {
  throw new Error(`unexpected: ${warning}`)
}
