import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { restoreChecksum, stageChecksum } from '../../../src/cache/entries/checksum-record.ts'
import { awaitSaving, startSaving } from '../../../src/cache/process/saving.ts'
import { useCacheService } from '../../support/use-cache-service.ts'

const service = useCacheService()

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-checksum-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const url = 'https://one.example/ddk.iso?token=hush'
const sha256 = 'ab'.repeat(32)

/** Saves the checksum of the address, and gives its key. */
async function save(checksum = sha256): Promise<string> {
  const staged = stageChecksum(url, join(dir, 'staged'), checksum)
  startSaving([staged], join(dir, 'save'), () => {})
  expect(await awaitSaving(join(dir, 'save'), 30_000, () => {})).toEqual(['saved'])
  return staged.key
}

async function restore(address = url): Promise<string | undefined> {
  const found = await restoreChecksum(address, join(dir, 'restored'), { say() {} })
  expect(readdirSync(join(dir, 'restored'))).toEqual([])
  return found
}

test('the checksum of an address comes back, and its key does not show the address', async () => {
  expect(await save()).toMatch(/^xenserver-ddk-checksum-v2-[0-9a-f]{64}$/)
  expect(await restore()).toBe(sha256)
  expect(await restore('https://two.example/ddk.iso')).toBeUndefined()
})

test('a record of another address is none', async () => {
  const other = 'https://two.example/ddk.iso'
  service().swap(await save(), stageChecksum(other, join(dir, 'other'), sha256).key)
  expect(await restore(other)).toBeUndefined()
})

test('a record without a checksum is none', async () => {
  await save('not a checksum')
  expect(await restore()).toBeUndefined()
})
