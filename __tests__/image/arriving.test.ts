import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Arrival } from '../../src/bytes/arriving-file.ts'
import { FileGrowth } from '../../src/bytes/growth.ts'
import { type Conversion, convert } from '../../src/image/convert.ts'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { makeXva } from '../fixtures/xva.ts'
import { run, sh, until } from '../support/tools.ts'

// An input that is converted while it arrives gives the image of the complete input.

let dir = ''
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-arriving-'))
  const disk = join(dir, 'disk.raw')
  await makeDdkIso({ iso: join(dir, 'ddk.iso'), disk })
  await makeDdkIso({ iso: join(dir, 'chunks.iso'), chunkBytes: 4_000_000 })
  sh(`cd '${dir}' && gzip -k ddk.iso && zstd -q ddk.iso && zip -q ddk.zip ddk.iso`)
  run('qemu-img', ['convert', '-O', 'vpc', disk, join(dir, 'disk.vhd')])
  for (const compression of ['none', 'gzip', 'zstd'] as const) makeXva(disk, join(dir, `machine.xva.${compression}`), dir, { compression })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function start(input: string, onFound: () => void = () => {}, arrival?: Arrival): Promise<Conversion> {
  const archive = join(mkdtempSync(join(dir, 'made-')), 'image.tar')
  const name = () => {
    onFound()
    return ['ddk:1']
  }
  return convert({
    input,
    arrival,
    archive,
    compression: 'none',
    tempDir: dir,
    inputSha256: Promise.resolve('0'),
    name,
    warn() {},
    note() {},
  })
}

/** Writes a copy of `input` piece by piece, while it is converted. `mayEnd` says when the last bytes may come. */
async function convertArriving(input: string, mayEnd: (isFound: boolean, failed: boolean) => boolean): Promise<Conversion> {
  const bytes = readFileSync(input)
  const copy = join(mkdtempSync(join(dir, 'copy-')), 'input')
  writeFileSync(copy, '')
  const growth = new FileGrowth(1)
  let isFound = false
  let failed = false
  const conversion = start(copy, () => (isFound = true), { size: bytes.length, growth: growth.shared })
  conversion.catch(() => (failed = true))
  const fd = openSync(copy, 'r+')
  const lastBytes = bytes.length - 8
  for (let at = 0, step = 16 << 10; at < bytes.length; ) {
    while (at >= lastBytes && !mayEnd(isFound, failed)) await turn()
    const end = at < lastBytes ? Math.min(at + step, lastBytes) : bytes.length
    growth.advance(0, writeSync(fd, bytes, at, end - at, at))
    at = end
    await turn()
  }
  closeSync(fd)
  return conversion
}

test.each([
  ['an ISO', 'ddk.iso'],
  ['an ISO with several chunks', 'chunks.iso'],
  ['a VHD', 'disk.vhd'],
  ['an .xva', 'machine.xva.none'],
  ['a gzipped .xva', 'machine.xva.gzip'],
  ['an .xva compressed with zstd', 'machine.xva.zstd'],
])('%s is understood before its last bytes are there', async (_name, file) => {
  const whole = await start(join(dir, file))
  const arrived = await convertArriving(join(dir, file), (isFound, failed) => isFound || failed)
  expect(arrived.archive).toEqual(whole.archive)
})

test.each([
  ['a zip, whose directory is at its end', 'ddk.zip'],
  ['a gzipped ISO, whose chunks are inflated when it is unpacked', 'ddk.iso.gz'],
  ['an ISO compressed with zstd', 'ddk.iso.zst'],
])('%s gives the same image', async (_name, file) => {
  const whole = await start(join(dir, file))
  expect((await convertArriving(join(dir, file), () => true)).archive).toEqual(whole.archive)
})

test('an input that does not arrive ends the conversion with the reason', async () => {
  const growth = new FileGrowth(1)
  const copy = join(dir, 'lost.iso')
  writeFileSync(copy, readFileSync(join(dir, 'ddk.iso')).subarray(0, 256 << 10))
  const conversion = start(copy, () => {}, { size: statSync(join(dir, 'ddk.iso')).size, growth: growth.shared })
  growth.advance(0, 256 << 10)
  const failed = conversion.catch((error: Error) => error.message)
  growth.fail(copy, 'its download has failed')
  expect(await failed).toBe(`${copy}: its download has failed`)
})

/** Whether this process has a file open for what it unpacks. */
function isUnpacking(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('/.xenserver-ddk-')
    } catch {
      // It has just been closed.
      return false
    }
  })
}

test('chunks are inflated before the later ones have begun to arrive, and nothing is left if these never come', async () => {
  const bytes = readFileSync(join(dir, 'chunks.iso'))
  const lastChunk = bytes.lastIndexOf(Buffer.from([0x1f, 0x8b, 8]))
  const growth = new FileGrowth(1)
  const copy = join(dir, 'stopped.iso')
  writeFileSync(copy, bytes.subarray(0, lastChunk))
  const conversion = start(copy, () => {}, { size: bytes.length, growth: growth.shared })
  growth.advance(0, lastChunk)
  const failed = conversion.catch((error: Error) => error.message)
  await until(isUnpacking)
  growth.fail('stopped.iso', 'its download starts over')
  expect(await failed).toBe('stopped.iso: its download starts over')
  expect(isUnpacking()).toBe(false)
})
