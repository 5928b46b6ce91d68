import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open as openFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { ArrivingArchive } from '../../../src/cache/process/arriving-archive.ts'

let temp = ''
let stop: AbortController
let archive: ArrivingArchive
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'ddk-arriving-'))
  stop = new AbortController()
  archive = new ArrivingArchive(temp, stop.signal)
})
afterEach(async () => {
  jest.restoreAllMocks()
  await archive.close()
  rmSync(temp, { recursive: true, force: true })
})

/** Where the toolkit downloads to. */
function download(name = 'cache.tzst'): string {
  mkdirSync(join(temp, 'a-uuid'))
  return join(temp, 'a-uuid', name)
}

const next = async (pieces: AsyncGenerator<Buffer>) => String((await pieces.next()).value)
const open = () => readdirSync('/proc/self/fd').filter((fd) => link(fd).startsWith(temp))

function link(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

test.each(['cache.tzst', 'cache.tgz'])('%s is read while it arrives, and to its end when it has been moved', async (name) => {
  const pieces = archive.read()
  expect(archive.given).toBe(0)
  const first = next(pieces)
  const file = download(name)
  writeFileSync(file, 'one')
  expect([await first, archive.given]).toEqual(['one', 3])
  const second = next(pieces)
  appendFileSync(file, 'two')
  expect([await second, archive.given]).toEqual(['two', 6])
  renameSync(file, join(temp, 'archive'))
  appendFileSync(join(temp, 'archive'), 'three')
  archive.complete()
  expect(await next(pieces)).toBe('three')
  expect((await pieces.next()).done).toBe(true)
})

test('what comes shortly before the end is not lost', async () => {
  const file = download()
  writeFileSync(file, 'one')
  const pieces = archive.read()
  expect(await next(pieces)).toBe('one')
  const rest = next(pieces)
  // In this order, while it looks for more.
  appendFileSync(file, 'two')
  archive.complete()
  expect(await rest).toBe('two')
  expect((await pieces.next()).done).toBe(true)
})

test('what comes while it looks for more is not lost, even if that is the end', async () => {
  const file = download()
  writeFileSync(file, 'one')
  const pieces = archive.read()
  expect(await next(pieces)).toBe('one')
  const handle = await openFile(file)
  const files = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const { read } = files
  jest.spyOn(files, 'read').mockImplementationOnce(async function (this: FileHandle, ...args: unknown[]) {
    const nothing: unknown = await Reflect.apply(read, this, args)
    appendFileSync(file, 'two')
    archive.complete()
    return nothing
  } as typeof read)
  expect(await next(pieces)).toBe('two')
  expect((await pieces.next()).done).toBe(true)
})

test('an archive that comes while somebody looks for it is not missing', async () => {
  const first = next(archive.read())
  // It has looked once by now.
  writeFileSync(join(temp, 'archive'), 'all')
  archive.complete()
  expect(await first).toBe('all')
})

test('each reading begins at the beginning', async () => {
  writeFileSync(join(temp, 'archive'), 'all of it')
  archive.complete()
  for (let time = 0; time < 2; time++) {
    const pieces = archive.read()
    expect([await next(pieces), archive.given, (await pieces.next()).done]).toEqual(['all of it', 9, true])
  }
})

test('a large one comes in pieces', async () => {
  writeFileSync(join(temp, 'archive'), Buffer.alloc((1 << 20) + 1))
  archive.complete()
  const lengths: number[] = []
  for await (const { length } of archive.read()) lengths.push(length)
  expect(lengths).toEqual([1 << 20, 1])
})

test('other files of the toolkit are no archive', async () => {
  for (const name of ['cache.tar', 'cache.tzst.part', 'xcache.tgz']) writeFileSync(join(temp, name), 'no')
  mkdirSync(join(temp, 'deep/er'), { recursive: true })
  writeFileSync(join(temp, 'deep/er/cache.tgz'), 'no')
  archive.complete()
  await expect(archive.read().next()).rejects.toThrow(/^its archive is missing$/)
})

test('an archive that never comes ends in the reason', async () => {
  rmSync(temp, { recursive: true })
  const begun = archive.read().next()
  archive.fail(new Error('the service is gone'))
  await expect(begun).rejects.toThrow('the service is gone')
  await expect(archive.read().next()).rejects.toThrow('the service is gone')
})

test('an archive whose rest never comes ends in the reason, and the first one counts', async () => {
  writeFileSync(download(), 'one')
  const pieces = archive.read()
  expect(await next(pieces)).toBe('one')
  archive.fail(new Error('the rest is missing'))
  archive.fail(new Error('another reason'))
  archive.complete()
  await expect(pieces.next()).rejects.toThrow('the rest is missing')
})

test('an archive that is complete stays so, whatever happens then', async () => {
  writeFileSync(join(temp, 'archive'), 'all')
  archive.complete()
  archive.fail(new Error('too late'))
  const pieces = archive.read()
  expect([await next(pieces), (await pieces.next()).done]).toEqual(['all', true])
})

test.each(['before it comes', 'while it arrives'])('the end of the job ends what waits for it: %s', async (when) => {
  const pieces = archive.read()
  if (when === 'while it arrives') {
    writeFileSync(download(), 'one')
    await pieces.next()
  }
  const waiting = pieces.next()
  stop.abort(new Error('cancelled'))
  await expect(waiting).rejects.toThrow('cancelled')
})

test('the end of the job ends the reading of one that is there', async () => {
  writeFileSync(join(temp, 'archive'), Buffer.alloc(1 << 21))
  archive.complete()
  const pieces = archive.read()
  await pieces.next()
  stop.abort(new Error('cancelled'))
  await expect(pieces.next()).rejects.toThrow('cancelled')
})

test('no file stays open, and nothing more is read', async () => {
  writeFileSync(download(), 'one')
  const given = archive.read()
  await given.next()
  expect(open()).toHaveLength(1)
  await archive.close()
  expect(open()).toEqual([])
  await expect(given.next()).rejects.toThrow()
  expect(open()).toEqual([])
})

test('what is there in place of it, but is no file, is a failure', async () => {
  mkdirSync(join(temp, 'archive'))
  await expect(archive.read().next()).rejects.toThrow(/EISDIR/)
})
