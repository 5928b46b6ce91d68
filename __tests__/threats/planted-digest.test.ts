import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeDdkIso } from '../fixtures/ddk-iso.ts'
import { bundle } from '../support/cli.ts'
import { makeRunner, type Runner } from '../support/runner.ts'

// Another job of a self-hosted runner writes a wrong SHA-256 into the record that tells this action which ISO a file is.

let dir = ''
let iso = ''
let machine: Runner
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-planted-digest-'))
  bundle(join(dir, 'dist'))
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  // The digest of a file that has just been written isn't recorded.
  while (Date.now() - statSync(iso).ctimeMs < 2100) await sleep(100)
  machine = makeRunner(dir, join(dir, 'dist/main.cjs'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function job(inputs: Record<string, string> = {}): Promise<{ code: number | null; stdout: string; hasArchive: boolean }> {
  const runner = machine.nextJob()
  const { code, stdout } = await runner.main({ iso, engine: 'none', cache: 'none', archive: 'ddk.tar', ...inputs })
  expect((await runner.post()).code).toBe(0)
  return { code, stdout, hasArchive: existsSync(join(runner.workspace, 'ddk.tar')) }
}

test('no image is made under it, a pinned ISO is never looked up in it, and the next job has the right one', async () => {
  const first = await job()
  expect([first.code, first.hasArchive]).toEqual([0, true])
  const sha256 = /SHA-256: ([0-9a-f]{64})/.exec(first.stdout)![1]!
  const records = join(machine.toolCache, 'xenserver-ddk-digests')
  const record = join(records, readdirSync(records)[0]!)
  const planted = 'a'.repeat(64)
  const plant = () => writeFileSync(record, readFileSync(record, 'utf8').replace(sha256, planted))

  plant()
  const pinned = await job({ 'iso-sha256': sha256 })
  expect([pinned.code, pinned.hasArchive, pinned.stdout.includes(planted)]).toEqual([0, true, false])

  plant()
  const deceived = await job()
  expect([deceived.code, deceived.hasArchive]).toEqual([1, false])
  expect(deceived.stdout).toContain(`its SHA-256 was ${planted}, and is ${sha256}; run the job again`)

  const next = await job()
  expect([next.code, next.hasArchive]).toEqual([0, true])
  expect(next.stdout).toContain(`SHA-256: ${sha256}, as computed before: the file hasn't changed since`)
}, 300_000)
