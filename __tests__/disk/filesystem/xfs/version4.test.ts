import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { resolve } from '../../../../src/disk/filesystem/tree.ts'
import { xfs } from '../../../../src/disk/filesystem/xfs/index.ts'
import { readImage, withFileSystem } from '../../../support/filesystem.ts'
import { run, sh, walkMounted, withTempDir } from '../../../support/tools.ts'
import { makeImage } from './support.ts'

// Newer kernels don't mount version 4, so mkfs.xfs fills it, from a description, and xfs_db says what is in an inode.

/** Files with contents, and what only a description can have: owners, devices, links. mkfs.xfs takes no other times than now. */
function describeTree(dir: string): string {
  const from = join(dir, 'from')
  mkdirSync(join(from, 'many'), { recursive: true })
  mkdirSync(join(from, 'few'))
  sh(`cd ${from}; seq 100000 > numbers; : > empty; echo small > few/small; head -c 4096 numbers > few/block`)
  const many = Array.from({ length: 3000 }, (_, index) => `${index}-${'n'.repeat(index % 60)}`)
  for (const name of many) writeFileSync(join(from, 'many', name), '')
  const target = (length: number) => 'target/'.repeat(200).slice(0, length)
  const lines = [
    '/a/file',
    '0 0',
    'd--755 0 0',
    `numbers ---644 1 2 ${from}/numbers`,
    `empty -u-755 70000 80000 ${from}/empty`,
    'char c--640 0 5 4 64',
    'block b--660 0 6 8 17',
    'fifo p--600 0 0',
    ...[1, 100, 155, 156, 157, 255, 256, 400, 1000].map((length) => `link${length} l--777 0 0 ${target(length)}`),
    'few d-g755 3 4',
    `small ---600 0 0 ${from}/few/small`,
    `block ---600 0 0 ${from}/few/block`,
    '$',
    'many d--700 0 0',
    ...many.map((name) => `${name} ---644 0 0 ${from}/many/${name}`),
    '$',
    '$',
  ]
  writeFileSync(join(dir, 'proto'), `${lines.join('\n')}\n`)
  return from
}

describe('version 4 equals what mkfs.xfs was given', () => {
  test.each([
    ['as in CentOS 7.0', '-m crc=0 -n ftype=0 -i size=256'],
    ['with file types, blocks of 512 bytes', '-m crc=0 -n ftype=1 -b size=512'],
    ['attributes of version 1, log of version 1', '-m crc=0 -i attr=1,projid32bit=0 -l version=1,lazy-count=0'],
    ['directory blocks of 64 KiB, inodes of 2 KiB', '-m crc=0 -n size=65536 -i size=2048'],
  ])('%s', async (_name, options) => {
    await withTempDir((dir) => {
      const from = describeTree(dir)
      const image = makeImage(join(dir, 'image'), `${options} -p ${join(dir, 'proto')}`, '400M')
      const { entries, unreadable, warnings } = readImage(image, xfs.open)
      expect([unreadable, warnings]).toEqual([{}, []])
      const comparable = (list: typeof entries) =>
        list.filter(({ type }) => type === 'file').map(({ path, size, sha256 }) => ({ path, size, sha256 }))
      expect(comparable(entries)).toEqual(comparable(walkMounted(from)))
      const found = new Map(entries.map((entry) => [entry.path, entry]))
      expect(found.get('numbers')).toMatchObject({ mode: '0644', uid: 1, gid: 2 })
      expect(found.get('empty')).toMatchObject({ mode: '4755', uid: 70000, gid: 80000 })
      expect(found.get('few')).toMatchObject({ type: 'dir', mode: '2755', uid: 3, gid: 4, nlink: 2 })
      expect(found.get('char')).toMatchObject({ type: 'char', mode: '0640', rdev: '4:64' })
      expect(found.get('block')).toMatchObject({ type: 'block', mode: '0660', rdev: '8:17' })
      expect(found.get('fifo')).toMatchObject({ type: 'fifo', mode: '0600' })
      for (const length of [1, 100, 155, 156, 157, 255, 256, 400, 1000]) {
        expect(found.get(`link${length}`)).toMatchObject({ type: 'symlink', target: 'target/'.repeat(200).slice(0, length) })
      }
    })
  })

  test('xfs_db says the same of the fields of an inode', async () => {
    await withTempDir((dir) => {
      describeTree(dir)
      const image = makeImage(join(dir, 'image'), `-m crc=0 -p ${join(dir, 'proto')}`, '400M')
      const field = (ino: number, name: string) =>
        Number(run('xfs_db', ['-r', '-c', `inode ${ino}`, '-c', `p ${name}`, image], { stdio: 'pipe' }).split('= ')[1])
      withFileSystem(image, xfs.open, (tree) => {
        for (const path of ['/', 'numbers', 'empty', 'few', 'many']) {
          const { ino, uid, gid, nlink, size } = resolve(tree, path)!
          expect({ uid, gid, nlink, size }).toEqual({
            uid: field(ino, 'core.uid'),
            gid: field(ino, 'core.gid'),
            nlink: field(ino, 'core.nlinkv2'),
            size: field(ino, 'core.size'),
          })
        }
      })
    })
  })
})
