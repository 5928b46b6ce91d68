import { describe, expect, test } from '@jest/globals'
import { DiskError } from '../../../src/bytes/errors.ts'
import type { TreeEntry } from '../../../src/disk/filesystem/tree.ts'
import { type LayerPolicy, layerEntries } from '../../../src/image/tar/layer-policy.ts'
import { parseZeroLimit } from '../../../src/image/tar/zero-limit.ts'
import { entry, tarOf } from '../memory-tree.ts'

test('names that begin with .wh. are refused, with the path', () => {
  expect(() => paths([entry('a'), entry('b/.wh.dir', { type: 'dir' })])).toThrow(
    /^\/b\/\.wh\.dir: a name that begins with \.wh\. would delete another file/,
  )
  expect(paths([entry('b/x.wh.y')])).toEqual(['b/x.wh.y'])
})

test('an owner that chown takes for "no change" is refused', () => {
  expect(() => paths([entry('f', { uid: 0xffff_ffff })])).toThrow("/f: it belongs to user 4294967295, which Linux can't set")
  expect(() => paths([entry('f', { gid: 0xffff_ffff })])).toThrow("/f: it belongs to group 4294967295, which Linux can't set")
  expect(paths([entry('f', { uid: 0xffff_fffe })])).toEqual(['f'])
})

describe('attributes', () => {
  const kept = (fields: Parameters<typeof entry>[1], warnings: string[] = []) =>
    [...layerEntries([entry('f', fields)], {}, (line) => warnings.push(line))][0]!.xattrs.map(([name]) => name.toString('latin1'))

  test('of other machines and of engines are left out, one warning a kind', () => {
    const names = [
      'security.selinux',
      'security.ima',
      'security.evm',
      'trusted.a',
      'trusted.b',
      'user.overlay.x',
      'user.a=b',
      'btrfs.c',
      'user.ok',
    ]
    const warnings: string[] = []
    expect(kept({ xattrs: Object.fromEntries(names.map((name) => [name, Buffer.of(1)])) }, warnings)).toEqual(['user.ok'])
    expect(warnings.map((line) => /: (?:(\d) times, first at )?\/f$/.exec(line)?.[1] ?? '1')).toEqual(['1', '2', '2', '1', '2'])
  })

  test('that Linux would not accept are left out', () => {
    const capability = (revision: number, length: number) => {
      const value = Buffer.alloc(length)
      value[3] = revision
      return { xattrs: { 'security.capability': value } }
    }
    expect(kept(capability(2, 20))).toEqual(['security.capability'])
    expect(kept(capability(3, 24))).toEqual(['security.capability'])
    for (const [revision, length] of [
      [1, 12],
      [2, 24],
      [3, 20],
      [2, 19],
    ] as const)
      expect(kept(capability(revision, length))).toEqual([])
    expect(kept({ xattrs: { 'security.capability': Buffer.alloc(0) } })).toEqual([])
    const acl = (hex: string) => kept({ xattrs: { 'system.posix_acl_access': Buffer.from(hex, 'hex') } })
    expect(acl('0200000001000600ffffffff')).toEqual(['system.posix_acl_access'])
    for (const hex of [
      '',
      '01000000',
      '0100000001000600ffffffff',
      '0200000001000600ffff',
      '0200000003000600ffffffff',
      '0200000001000800ffffffff',
    ]) {
      expect(acl(hex)).toEqual([])
    }
    expect(kept({ type: 'symlink', target: 'x', xattrs: { 'user.a': Buffer.of(1) } })).toEqual([])
  })

  test('that are too long for every engine are refused, and those too long for some are said', () => {
    expect(() => kept({ xattrs: { 'user.a': Buffer.alloc(65_537) } })).toThrow(/^\/f: its extended attributes \(user\.a, 65537 bytes\)/)
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`user.${index}`, Buffer.alloc(65_000)]))
    expect(() => kept({ xattrs: many })).toThrow(DiskError)
    const warnings: string[] = []
    expect(kept({ xattrs: { 'user.a': Buffer.alloc(4097) } }, warnings)).toEqual(['user.a'])
    expect(warnings).toEqual([expect.stringContaining('more than 4 KiB of extended attributes')])
  })

  test('have their names in bytes', () => {
    expect(kept({ xattrs: { 'user.\udce9': Buffer.of(1) } })).toEqual(['user.\xe9'])
  })
})

describe('zeros', () => {
  const sparse = (path: string, size: number) => entry(path, { content: Buffer.alloc(size) })

  test('are bounded over all files, and the error names the file', () => {
    const policy = { maxZeroBytes: 100 * 4096 }
    expect(() => tarOf([sparse('a', 50 * 4096), sparse('b', 50 * 4096)], policy)).not.toThrow()
    expect(() => tarOf([sparse('a', 50 * 4096), sparse('var/b', 51 * 4096)], policy)).toThrow(
      /^\/var\/b: with this file of 208\.9 kB, the image would contain more than 409\.6 kB of zeros, since an image has no holes; most are in \/var\/b \(208\.9 kB\); raise the limit with zero-limit, in GiB/,
    )
    const noise = Buffer.alloc(200 * 4096).fill('x', 0, 4096 * 150)
    expect(() => tarOf([entry('c', { content: noise })], policy)).not.toThrow()
  })

  test('the files that have most of them are named, the largest first', () => {
    const policy = { maxZeroBytes: 300 << 20 }
    const files = [sparse('few', 1 << 20), sparse('many', 80 << 20), sparse('most', 200 << 20), sparse('last', 30 << 20)]
    expect(() => tarOf(files, policy)).toThrow(/most are in \/most \(209\.7 MB\), \/many \(83\.9 MB\), \/last \(\d+\.\d MB\); raise/)
  })

  test('a limit is a whole number of GiB', () => {
    expect(parseZeroLimit(' 16 ')).toBe(16 * 2 ** 30)
    for (const text of ['', '0', '-1', '1.5', '8GiB', '1e9', '1000000'])
      expect(() => parseZeroLimit(text)).toThrow(/it may be a whole number of GiB/)
  })

  test('of a file that is longer than its filesystem are known before they are read', () => {
    const endless = { name: 'endless', size: 16 * 2 ** 40, read: () => expect(0).toBe(1) }
    const file = entry('f', { size: endless.size })
    file.node.content = () => endless
    expect(() => tarOf([file], { filesystemSize: 2 ** 30 })).toThrow(/^\/f: with this file of 17\.6 TB, .* most are in \/f \(17\.6 TB\)/)
  })
})

describe('an entry that can not be read', () => {
  const broken = () => {
    throw new DiskError('inode 12 of disk.img', 'its extent tree is damaged')
  }

  test('is named by its path', () => {
    const [content, target, xattrs] = [entry('a', { size: 1 }), entry('b', { type: 'symlink' }), entry('c')]
    content.node.content = () => ({ name: 'content', size: 1, read: broken })
    target.node.target = broken
    xattrs.node.xattrs = broken
    for (const one of [content, target, xattrs]) {
      expect(() => tarOf([one])).toThrow(`/${one.path}: inode 12 of disk.img: its extent tree is damaged`)
    }
  })

  test('is one whose content has another size than its inode says, or whose target Linux would not allow', () => {
    expect(() => tarOf([entry('a', { size: 2, content: 'x' })])).toThrow('/a: its content has 1 bytes, but its inode says 2')
    for (const target of ['', 'a\0b', 'x'.repeat(4096)])
      expect(() => tarOf([entry('a', { type: 'symlink', target })])).toThrow(/^\/a: its target/)
  })
})

function paths(entries: TreeEntry[], policy: LayerPolicy = {}, warnings: string[] = []): string[] {
  return [...layerEntries(entries, policy, (line) => warnings.push(line))].map(({ path }) => path.toString())
}
