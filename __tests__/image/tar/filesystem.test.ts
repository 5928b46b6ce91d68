import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { openFile } from '../../../src/bytes/source.ts'
import { openFileSystem } from '../../../src/disk/filesystem/formats.ts'
import { walk } from '../../../src/disk/filesystem/tree.ts'
import { noCorpus, noMounts } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { fromCorpus, readCorpus, run, sh, walkMounted, withMount, withTempDir } from '../../support/tools.ts'
import { tarOf } from '../memory-tree.ts'
import { comparable, expected, makeTree } from '../oddities.ts'

describe('the tar of a filesystem, unpacked, is what the kernel shows when it is mounted', () => {
  unless(noMounts).test.each([
    ['ext3 as in CentOS 5', ['-t', 'ext3', '-I', '128', '-b', '4096']],
    ['ext4', ['-t', 'ext4', '-b', '4096']],
  ])('%s', (_, options) =>
    withTempDir(async (dir) => {
      const image = join(dir, 'disk.img')
      run('mke2fs', ['-q', ...options, image, '64M'])
      await withMount(image, (mounted) => makeTree(join(mounted, 'tree')), 'rw,acl,user_xattr')
      await compare(image, dir)
    }),
  )

  const clean = () =>
    readCorpus('index.tsv')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter(([file, kind, state]) => kind === 'ext' && state === 'clean' && !file!.includes('test_disk1'))
      .map(([file]) => file!)
  const { test: oracle } = unless(noCorpus ?? noMounts)
  oracle.each(noCorpus ? ['the images of the corpus'] : clean())('%s', (file) => withTempDir((dir) => compare(fromCorpus(file, dir), dir)))
})

async function compare(image: string, dir: string): Promise<void> {
  const disk = openFile(image)
  try {
    const tree = openFileSystem(disk, () => {})!
    writeFileSync(join(dir, 'layer.tar'), tarOf(walk(tree), { filesystemSize: tree.info.size }))
  } finally {
    disk.close()
  }
  const unpacked = join(dir, 'unpacked')
  if (!existsSync(unpacked)) mkdirSync(unpacked)
  sh('tar --numeric-owner --xattrs --xattrs-include="*" --acls -xpf layer.tar -C unpacked', { cwd: dir })
  const listing = await withMount(image, walkMounted)
  expect(comparable(walkMounted(unpacked))).toEqual(comparable(expected(listing)))
}
