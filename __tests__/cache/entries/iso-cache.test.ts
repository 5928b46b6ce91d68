import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type CachedIso, checkIso } from '../../../src/cache/entries/check-iso.ts'
import { restoreIso, stageIso } from '../../../src/cache/entries/iso-cache.ts'
import { awaitSaving, startSaving } from '../../../src/cache/process/saving.ts'
import { type CacheEntry, entryFolder } from '../../../src/cache/process/task.ts'
import type { IsoIdentity } from '../../../src/image/key/key.ts'
import { noOtherFilesystem, otherFilesystem } from '../../support/machine.ts'
import { unless } from '../../support/skip.ts'
import { useCacheService } from '../../support/use-cache-service.ts'

const service = useCacheService()

const content = randomBytes(200_000)
const sha256 = createHash('sha256').update(content).digest('hex')
const address = { url: 'http://example.org/ddk.iso', etag: '"1"', size: content.length }

let dir = ''
let iso = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-cache-'))
  iso = join(dir, 'ddk.iso')
  writeFileSync(iso, content)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test.each<[string, IsoIdentity]>([
  ['its checksum', { sha256: sha256.toUpperCase() }],
  ['its address', address],
])('an ISO that is known by %s comes back', async (_, identity) => {
  const staged = stageIso(identity, join(dir, 'staged'), iso, sha256)
  expect(staged.key).toMatch(/^xenserver-ddk-iso-v2-[0-9a-f]{64}$/)
  expect(await save(staged)).toEqual([expect.stringMatching(/^Saved the ISO/)])
  const { found, lines } = await restore(identity)
  expect(found).toEqual({ path: expect.stringContaining(dir), sha256, size: content.length })
  expect(readFileSync(found!.path).equals(content)).toBe(true)
  expect(lines).toEqual([])
})

test.each<[string, IsoIdentity, (file: string) => void, RegExp]>([
  ['another bit', { sha256 }, (file) => overwrite(file, Buffer.from(content).fill(0, 5, 6)), /it has the SHA-256 \w+, but should have \w+/],
  [
    'another bit, and only its address was known',
    address,
    (file) => overwrite(file, Buffer.from(content).fill(0, 5, 6)),
    /it has the SHA-256/,
  ],
  ['a byte less', { sha256 }, (file) => overwrite(file, content.subarray(1)), /it has 199999 bytes, but should have 200000/],
  [
    'another content that its description agrees with',
    { sha256 },
    (file) => {
      overwrite(file, Buffer.alloc(200_000))
      const about = join(dirname(file), 'about.json')
      const json = readFileSync(about, 'utf8')
      const another = createHash('sha256').update(Buffer.alloc(200_000)).digest('hex')
      overwrite(about, Buffer.from(json.replace(`"sha256":"${sha256}"`, `"sha256":"${another}"`)))
    },
    /it has the SHA-256/,
  ],
])('an ISO with %s is a miss', async (_, identity, damage, why) => {
  const staged = stageIso(identity, join(dir, 'staged'), iso, sha256)
  damage(join(staged.dir, entryFolder, 'iso'))
  expect(await checkIso(join(staged.dir, entryFolder), staged.key, identity)).toMatch(why)
  // The damage was to the cache's name of the file.
  expect(readFileSync(iso).equals(content)).toBe(true)
})

test.each([
  ['iso', '/etc/passwd'],
  ['about.json', '/dev/zero'],
])('an ISO whose %s is a link is refused', async (name, target) => {
  const staged = stageIso(address, join(dir, 'staged'), iso, sha256)
  const file = join(staged.dir, entryFolder, name)
  rmSync(file)
  symlinkSync(target, file)
  await expect(checkIso(join(staged.dir, entryFolder), staged.key, address)).rejects.toThrow(`${name} is not a regular file`)
})

test('an ISO of another size than its server says is a miss', async () => {
  const staged = stageIso(address, join(dir, 'staged'), iso, sha256)
  const folder = join(staged.dir, entryFolder)
  expect(await checkIso(folder, staged.key, { ...address, size: 5 })).toBe('it has 200000 bytes, but should have 5')
  expect(await checkIso(folder, staged.key, address)).toMatchObject({ sha256 })
})

test('a description of up to 1 MiB is read, and no longer one', async () => {
  const staged = stageIso(address, join(dir, 'staged'), iso, sha256)
  const folder = join(staged.dir, entryFolder)
  const about = join(folder, 'about.json')
  writeFileSync(about, readFileSync(about, 'utf8').padEnd(1 << 20))
  expect(await checkIso(folder, staged.key, address)).toMatchObject({ sha256 })
  writeFileSync(about, readFileSync(about, 'utf8').padEnd((1 << 20) + 1))
  await expect(checkIso(folder, staged.key, address)).rejects.toThrow(/^about\.json is larger than 1 MiB$/)
})

test.each(['null', '5', '[]', '{}'])('an ISO whose description is %s is a miss', async (text) => {
  const staged = stageIso(address, join(dir, 'staged'), iso, sha256)
  const folder = join(staged.dir, entryFolder)
  writeFileSync(join(folder, 'about.json'), text)
  expect(await checkIso(folder, staged.key, address)).toBe('its contents belong to another key')
})

test('what was staged before in the same folder is gone', () => {
  stageIso(address, join(dir, 'staged'), iso, sha256)
  const { dir: place } = stageIso(address, join(dir, 'staged'), iso, sha256.toUpperCase())
  expect(readdirSync(join(place, entryFolder)).sort()).toEqual(['about.json', 'iso'])
  expect(JSON.parse(readFileSync(join(place, entryFolder, 'about.json'), 'utf8'))).toMatchObject({ sha256, size: content.length })
})

test("an ISO that doesn't belong to its key is a miss with one line", async () => {
  const other = { sha256: 'ab'.repeat(32) }
  const staged = stageIso(other, join(dir, 'staged'), iso, sha256)
  await save(staged)
  service().swap(staged.key, stageIso(address, join(dir, 'not-saved'), iso, sha256).key)
  const { found, lines } = await restore(address)
  expect([found, lines]).toEqual([
    undefined,
    [expect.stringMatching(/^The ISO in the Actions cache is ignored: its contents belong to another key; delete/)],
  ])
  expect(readdirSync(join(dir, 'restored'))).toEqual([])
})

unless(noOtherFilesystem).test('an ISO on another filesystem is copied by the process that saves it', async () => {
  const other = mkdtempSync(`${otherFilesystem}/xenserver-ddk-test-`)
  try {
    writeFileSync(join(other, 'ddk.iso'), content)
    const staged = stageIso({ sha256 }, join(dir, 'staged'), join(other, 'ddk.iso'), sha256)
    expect(lstatSync(join(staged.dir, entryFolder, 'iso')).isSymbolicLink()).toBe(true)
    await save(staged)
    expect((await restore({ sha256 })).found).toMatchObject({ sha256 })
  } finally {
    rmSync(other, { recursive: true })
  }
})

/** Instead of writing into the file, which has another name. */
function overwrite(file: string, bytes: Buffer): void {
  rmSync(file)
  writeFileSync(file, bytes)
}

async function save(staged: CacheEntry): Promise<string[]> {
  const lines: string[] = []
  startSaving([staged], join(dir, 'save'), (line) => lines.push(line))
  await awaitSaving(join(dir, 'save'), 30_000, (line) => lines.push(line))
  return lines
}

async function restore(identity: IsoIdentity): Promise<{ found: CachedIso | undefined; lines: string[] }> {
  const lines: string[] = []
  const found = await restoreIso(identity, join(dir, 'restored'), { say: (line) => lines.push(line) })
  return { found, lines }
}
