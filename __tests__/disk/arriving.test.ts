import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { checkRange, type Source } from '../../src/bytes/source.ts'
import { openDisk } from '../../src/disk/disk.ts'
import { findRoot } from '../../src/disk/root/index.ts'
import { makeSmallRoot } from '../fixtures/small-root.ts'
import { run, withTempDir } from '../support/tools.ts'
import { groupText, linear, memoryPv, uuidOf, volumeText } from './lvm/memory-pv.ts'
import { makeExt } from './root/made-root.ts'

// A disk whose bytes are still arriving is read as they come: finding the root asks for none that lie far behind what it needs.

/** A disk of these bytes, whose end must not be asked for, and how far it was read. */
function arrivingDisk(bytes: Buffer): { arriving: Source; furthest(): number } {
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
  return { arriving, furthest: () => furthest }
}

test('the root in a logical volume is found before the disk is whole', () =>
  withTempDir((dir) => {
    const image = makeExt(dir, { 'etc/redhat-release': 'XenServer DDK release 7.0.0-125380c\n', 'usr/bin/make': 'make' })
    const text = groupText(volumeText('root', [linear(0, 1, 'pv0', 1)]) + volumeText('home', [linear(0, 12, 'pv0', 2)]))
    const pv = memoryPv({ uuid: uuidOf(0), text, size: 64 << 20 })
    image.copy(pv, (64 << 10) + (4 << 20))
    const { arriving, furthest } = arrivingDisk(pv)
    const disk = openDisk({ bytes: arriving, diskSize: pv.length, finish() {} }, () => {})
    const root = findRoot(disk.volumes, 'root=/dev/mapper/centos-root ro', () => {})
    expect(root).toMatchObject({ volume: { place: 'logical volume centos/root of disk' } })
    expect(root.lacks).toBeUndefined()
    expect(furthest()).toBeLessThan(10 << 20)
  }))

test.each(['ext2', 'ext3', 'ext4'])('the root of an unpartitioned disk (%s) is found before the disk is whole', (type) =>
  withTempDir((dir) => {
    const root = join(dir, 'root')
    mkdirSync(root)
    makeSmallRoot(root, { version: '6.5.0', build: '90233c', kernel: '3.10.0+2', architecture: 'x86_64' })
    run('mke2fs', ['-q', '-F', '-t', type, '-d', root, join(dir, 'image'), '64M'])
    const bytes = readFileSync(join(dir, 'image'))
    const { arriving, furthest } = arrivingDisk(bytes)
    const disk = openDisk({ bytes: arriving, diskSize: bytes.length, finish() {} }, () => {})
    expect(furthest()).toBeLessThan(1 << 20)
    expect(findRoot(disk.volumes, 'root=/dev/xvda ro', () => {}).lacks).toBeUndefined()
    expect(furthest()).toBeLessThan(16 << 20)
  }),
)
