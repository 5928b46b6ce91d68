import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { checkRange, type Source } from '../../src/bytes/source.ts'
import { openDisk } from '../../src/disk/disk.ts'
import { findRoot } from '../../src/disk/root/index.ts'
import { makeSmallRoot } from '../fixtures/small-root.ts'
import { run, withTempDir } from '../support/tools.ts'

// A disk whose bytes are still arriving is read as they come: finding the root asks for none that lie far behind what it needs.

test.each(['ext2', 'ext3', 'ext4'])('the root of an unpartitioned disk (%s) is found before the disk is whole', (type) =>
  withTempDir((dir) => {
    const root = join(dir, 'root')
    mkdirSync(root)
    makeSmallRoot(root, { version: '6.5.0', build: '90233c', kernel: '3.10.0+2', architecture: 'x86_64' })
    run('mke2fs', ['-q', '-F', '-t', type, '-d', root, join(dir, 'image'), '64M'])
    const bytes = readFileSync(join(dir, 'image'))
    let furthest = 0
    const arriving: Source = {
      name: 'disk',
      get size(): number {
        throw new Error('the end of the disk was waited for')
      },
      reaches(end) {
        furthest = Math.max(furthest, end)
        return end <= bytes.length
      },
      read(into, offset) {
        checkRange(arriving, offset, into.length)
        bytes.copy(into, 0, offset, offset + into.length)
      },
    }
    const disk = openDisk({ bytes: arriving, diskSize: bytes.length, finish() {} }, () => {})
    expect(furthest).toBeLessThan(1 << 20)
    expect(findRoot(disk.volumes, 'root=/dev/xvda ro', () => {}).lacks).toBeUndefined()
    expect(furthest).toBeLessThan(16 << 20)
  }),
)
