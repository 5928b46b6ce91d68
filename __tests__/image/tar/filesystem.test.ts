import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { openFile } from '../../../src/bytes/source.ts'
import { openFileSystem } from '../../../src/disk/filesystem/formats.ts'
import { walk } from '../../../src/disk/filesystem/tree.ts'
import { canMount, fromCorpus, haveCorpus, readCorpus, run, sh, walkMounted, withMount, withTempDir } from '../../support/tools.ts'
import { tarOf } from '../memory-tree.ts'
import { comparable, expected, makeTree } from '../oddities.ts'

const reason = !canMount ? 'needs root' : undefined
if (reason) console.log(`skipped: tars of filesystems against their mounts: ${reason}`)
const oracle = reason ? test.skip : test

describe('the tar of a filesystem, unpacked, is what the kernel shows when it is mounted', () => {
  oracle.each([
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

  const images = haveCorpus
    ? readCorpus('index.tsv')
        .split('\n')
        .map((line) => line.split('\t'))
    : []
  const clean = images
    .filter(([file, kind, state]) => kind === 'ext' && state === 'clean' && !file!.includes('test_disk1'))
    .map(([file]) => file!)
  if (clean.length === 0) console.log('skipped: tars of the corpus: there is no corpus')
  else oracle.each(clean)('%s', (file) => withTempDir((dir) => compare(fromCorpus(file, dir), dir)))
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
