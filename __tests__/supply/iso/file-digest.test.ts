import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import { digestAndRecord, recordedDigest, verifyRecorded } from '../../../src/supply/iso/file-digest.ts'
import { sha256 } from '../../fetch/server.ts'

const environment = { ...process.env }
/** In whole seconds, which can be set again exactly. */
const someTime = 1_600_000_000
let dir = ''
let toolCache = ''
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-file-digest-'))
  for (const name of ['old', 'changing', 'replaced', 'rewritten', 'growing', 'broken', 'forged']) writeFileSync(join(dir, name), 'an ISO')
  utimesSync(join(dir, 'rewritten'), someTime, someTime)
  // The digests of files that have just been written aren't recorded.
  while (Date.now() - statSync(join(dir, 'forged')).ctimeMs < 2100) await sleep(100)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
beforeEach(() => {
  toolCache = mkdtempSync(join(tmpdir(), 'ddk-digests-'))
  process.env.RUNNER_TOOL_CACHE = toolCache
})
afterEach(() => {
  jest.restoreAllMocks()
  process.env = { ...environment }
  rmSync(toolCache, { recursive: true, force: true })
})

const at = (name: string) => join(dir, name)
const digest = sha256(Buffer.from('an ISO'))
const records = () => readdirSync(join(toolCache, 'xenserver-ddk-digests')).map((name) => join(toolCache, 'xenserver-ddk-digests', name))

test('the digest of a file is known until the file changes', async () => {
  expect(recordedDigest(at('changing'))).toBeUndefined()
  expect(await digestAndRecord(at('changing'), {})).toBe(digest)
  expect(recordedDigest(at('changing'))).toBe(digest)
  writeFileSync(at('changing'), 'another')
  expect(recordedDigest(at('changing'))).toBeUndefined()
})

test('a file with the same size and times in its place is another file', async () => {
  const { atime, mtime } = statSync(at('replaced'))
  await digestAndRecord(at('replaced'), {})
  rmSync(at('replaced'))
  writeFileSync(at('replaced'), 'AN ISO')
  utimesSync(at('replaced'), atime, mtime)
  expect(recordedDigest(at('replaced'))).toBeUndefined()
})

test('a file that was written to, and has the size and the time that it had, is another file', async () => {
  await digestAndRecord(at('rewritten'), {})
  expect(recordedDigest(at('rewritten'))).toBe(digest)
  writeFileSync(at('rewritten'), 'AN ISO')
  utimesSync(at('rewritten'), someTime, someTime)
  expect(recordedDigest(at('rewritten'))).toBeUndefined()
})

test('a file that is written to while it is hashed is not known by what it had', async () => {
  expect(await digestAndRecord(at('growing'), { onProgress: () => writeFileSync(at('growing'), 'AN ISO') })).toMatch(/^[0-9a-f]{64}$/)
  expect(recordedDigest(at('growing'))).toBeUndefined()
})

test('a file that was written a moment ago is not recorded, because its times may not show another write', async () => {
  writeFileSync(at('new'), 'an ISO')
  expect(await digestAndRecord(at('new'), {})).toBe(digest)
  expect(recordedDigest(at('new'))).toBeUndefined()
})

test.each([
  [1999, false],
  [2001, true],
])('a file that is hashed %d ms after its last change is recorded: %j, however long that takes', async (age, isRecorded) => {
  let now = Math.floor(statSync(at('old')).ctimeMs) + age
  jest.spyOn(Date, 'now').mockImplementation(() => now)
  const onProgress = () => {
    now += 60_000
  }
  expect(await digestAndRecord(at('old'), { onProgress })).toBe(digest)
  expect(recordedDigest(at('old'))).toBe(isRecorded ? digest : undefined)
})

test('neither a folder, nor a file that is not the expected one, nor any file without a tool cache is recorded', async () => {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000)
  expect(await digestAndRecord(dir, {})).toBeUndefined()
  clock.mockRestore()
  await expect(digestAndRecord(at('old'), { expected: 'a'.repeat(64) })).rejects.toThrow(/is expected/)
  delete process.env.RUNNER_TOOL_CACHE
  expect(await digestAndRecord(at('old'), {})).toBe(digest)
  expect(recordedDigest(at('old'))).toBeUndefined()
  expect(readdirSync(toolCache)).toEqual([])
})

test('a record that is none is ignored, and so is a tool cache that cannot be written to', async () => {
  await digestAndRecord(at('broken'), {})
  const record = JSON.parse(readFileSync(records()[0]!, 'utf8'))
  const damaged = [`${digest}0`, ` ${digest}`, digest.toUpperCase(), ''].map((text) => JSON.stringify({ ...record, sha256: text }))
  for (const text of ['', '[]', 'null', '{"sha256":1}', ...damaged]) {
    writeFileSync(records()[0]!, text)
    expect(recordedDigest(at('broken'))).toBeUndefined()
  }
  rmSync(toolCache, { recursive: true })
  writeFileSync(toolCache, '')
  expect(await digestAndRecord(at('broken'), {})).toBe(digest)
  rmSync(toolCache)
  mkdirSync(toolCache)
})

test('a conversion finds out if a record is wrong, and records the right digest', async () => {
  await digestAndRecord(at('forged'), {})
  expect(await verifyRecorded(at('forged'), digest, {})).toBe(digest)
  await expect(verifyRecorded(at('forged'), 'a'.repeat(64), {})).rejects.toThrow(
    `forged: it has changed since it was last hashed, but its size and times have not: its SHA-256 was ${'a'.repeat(64)}, and is ${digest}; run the job again`,
  )
  expect(recordedDigest(at('forged'))).toBe(digest)
})
