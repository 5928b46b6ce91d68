import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { memorySource } from '../../../../src/bytes/source.ts'
import { resolve, walk } from '../../../../src/disk/filesystem/tree.ts'
import { xfs } from '../../../../src/disk/filesystem/xfs/index.ts'
import { withTempDir } from '../../../support/tools.ts'
import { makeImage } from './support.ts'

/** A small filesystem of version 4, which has no checksums, with a directory of several blocks. */
async function withBytes(use: (bytes: Buffer) => void): Promise<void> {
  await withTempDir((dir) => {
    const names = Array.from({ length: 300 }, (_, index) => `${index}-${'n'.repeat(40)} ---644 0 0 /dev/null`)
    const lines = ['/a/file', '0 0', 'd--755 0 0', 'many d--755 0 0', ...names, '$', 'link l--777 0 0 target', '$']
    writeFileSync(join(dir, 'proto'), `${lines.join('\n')}\n`)
    const image = makeImage(join(dir, 'image'), `-m crc=0 -p ${join(dir, 'proto')}`, '20M')
    use(readFileSync(image))
  })
}

const open = (bytes: Buffer) => xfs.open(memorySource(bytes, 'the image'), () => {})
const count = (bytes: Buffer) => [...walk(open(bytes))].length

test.each([
  [
    'unused space of no length',
    (block: Buffer) => block.writeUInt32BE(0xffff0000, 16),
    'the unused space at byte 16 has the impossible length 0',
  ],
  [
    'an entry in the last bytes',
    (block: Buffer) => {
      block.writeUInt32BE(0xffff0000 + block.length - 24, 16)
      block.writeBigUInt64BE(200n, block.length - 8)
    },
    'the entry at byte 4088 has a name of the impossible length 0',
  ],
  ['no magic number', (block: Buffer) => block.write('XD2F'), 'it has no magic number of a directory'],
  ['a second only block', (block: Buffer) => block.write('XD2B'), 'it should be the only block of the directory'],
])('a directory with %s', async (_name, change, message) => {
  await withBytes((bytes) => {
    expect(count(bytes)).toBe(302)
    // The second block: the first is that of `.` and `..`.
    const at = bytes.indexOf('XD2D', bytes.indexOf('XD2D') + 4)
    change(bytes.subarray(at, at + 4096))
    expect(() => count(bytes)).toThrow(message)
  })
})

test('a directory that contains the root', async () => {
  await withBytes((bytes) => {
    const { ino: root } = open(bytes).root
    const { ino } = resolve(open(bytes), 'many')!
    const number = Buffer.alloc(4)
    number.writeUInt32BE(ino)
    const at = bytes.indexOf(Buffer.concat([Buffer.from('many'), Buffer.from([2]), number]))
    bytes.writeUInt32BE(root, at < 0 ? bytes.indexOf(Buffer.concat([Buffer.from('many'), number])) + 4 : at + 5)
    expect(() => count(bytes)).toThrow(`directory inode ${root} occurs in two places`)
  })
})
