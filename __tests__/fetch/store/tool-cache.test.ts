import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { arch, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as toolkit from '@actions/tool-cache'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openStore, type Store } from '../../../src/fetch/store/tool-cache.ts'
import { ownerTag } from '../../../src/host/owner.ts'
import { noMounts, noOtherUser } from '../../support/machine.ts'
import { hideDebugLines } from '../../support/quiet-toolkit.ts'
import { unless } from '../../support/skip.ts'
import { asNobody, sh, until } from '../../support/tools.ts'
import { startFetching } from '../fetching.ts'
import { type Handler, noise, sendFile, sha256, withServer } from '../server.ts'

hideDebugLines()

const iso = noise(2_000_000)
const other = noise(2_000_000, 'other')
const pinned = sha256(iso)

let dir = ''
let toolCache = ''
let said: string[] = []
let noticed: string[] = []
let store: Store
const start = (args: readonly string[], as: readonly string[] = []) => startFetching(args, { RUNNER_TEMP: join(dir, 'temp') }, as)
const never = new AbortController().signal
const options = {
  signal: never,
  say: (line: string) => void said.push(line),
  warn: (line: string) => void said.push(line),
  pace: { stall: 60_000, attempts: 3, delay: 10 },
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-store-'))
  chmodSync(dir, 0o755)
  toolCache = join(dir, 'tools')
  said = []
  noticed = []
  store = openStore({ say: options.say, notice: (line) => noticed.push(line), toolCache, temp: join(dir, 'temp') })
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const sound: Handler = (request, response) => sendFile(request, response, iso, { etag: '"1"' })
const root = () => join(toolCache, 'xenserver-ddk-iso')
const version = { numbers: [6, 5], build: '90233c' }
const headers = new Map<string, string>()
const headersFor = new Set<string>()

/** All that is in the tool cache but the folders of entries. */
function tree(): string[] {
  return existsSync(root()) ? (readdirSync(root(), { recursive: true }) as string[]).sort() : []
}

const entryOf = (semver: string) => [semver, `${semver}/${arch()}`, `${semver}/${arch()}.complete`, `${semver}/${arch()}/iso.json`]

function useToolkit<T>(use: () => T): T {
  const before = process.env.RUNNER_TOOL_CACHE
  process.env.RUNNER_TOOL_CACHE = toolCache
  try {
    return use()
  } finally {
    if (before === undefined) delete process.env.RUNNER_TOOL_CACHE
    else process.env.RUNNER_TOOL_CACHE = before
  }
}

describe('what was fetched', () => {
  test('lies where the toolkit looks for tools, and nothing else is left', async () => {
    await withServer(sound, async ({ origin }) => {
      const got = await store.fetch({ urls: [`${origin}/XenServer-6.5.0-DDK.iso?token=hush`], headers, headersFor }, version, options)
      expect(got).toMatchObject({ sha256: pinned, size: iso.length, etag: '"1"' })
      expect(readFileSync(got.path).equals(iso)).toBe(true)
      const semver = '6.5.0-90233c'
      expect(tree()).toEqual([...entryOf(semver), `${semver}/${arch()}/XenServer-6.5.0-DDK.iso`].sort())
      expect(useToolkit(() => toolkit.find('xenserver-ddk-iso', semver))).toBe(dirname(got.path))
      expect(useToolkit(() => toolkit.findAllVersions('xenserver-ddk-iso'))).toEqual([semver])
      const description = readFileSync(join(dirname(got.path), 'iso.json'), 'utf8')
      expect(JSON.parse(description)).toMatchObject({
        sha256: pinned,
        size: iso.length,
        etag: '"1"',
        url: `${origin}/XenServer-6.5.0-DDK.iso`,
      })
      expect(description).not.toContain('hush')
      expect(noticed).toEqual([])
    })
  })

  test('is found again by each of its properties', async () => {
    await withServer(sound, async ({ origin, requests }) => {
      const url = `${origin}/ddk`
      const { path } = await store.fetch({ urls: [url], headers, headersFor }, undefined, options)
      expect(path).toMatch(/\/0\.0\.0-[0-9a-f]{16}\/\w+\/ddk\.iso$/)
      expect(useToolkit(() => toolkit.find('xenserver-ddk-iso', basename(dirname(dirname(path)))))).toBe(dirname(path))
      for (const wanted of [{ sha256: pinned }, { url }, { url, etag: '"1"', size: iso.length }, { sha256: pinned, version }]) {
        expect(await store.find(wanted, never)).toMatchObject({ path })
      }
      for (const wanted of [{ sha256: sha256(other) }, { url: `${url}2` }, { url, etag: '"2"' }, { url, size: 1 }, { version }, {}]) {
        expect(await store.find(wanted, never)).toBeUndefined()
      }
      await store.fetch({ urls: [url], headers, headersFor, sha256: pinned }, version, options)
      expect(requests.length).toBe(1)
    })
  })

  test('takes the place of an older one from the same address', async () => {
    let bytes = iso
    await withServer(
      (q, r) => sendFile(q, r, bytes, { etag: `"${bytes.length}${sha256(bytes)}"` }),
      async ({ origin }) => {
        const address = { urls: [`${origin}/ddk.iso`], headers, headersFor }
        const first = await store.fetch(address, version, options)
        bytes = other
        await sleep(50)
        const second = await store.fetch(address, version, options)
        expect([second.path, second.sha256]).toEqual([first.path, sha256(other)])
        expect(readFileSync(second.path).equals(other)).toBe(true)
        expect(tree().length).toBe(5)
      },
    )
  })

  test('by another job after this one has looked for it, is taken', async () => {
    await withServer(sound, async ({ origin, requests }) => {
      const address = { urls: [`${origin}/ddk.iso`], headers, headersFor }
      expect(await store.find({ url: address.urls[0]!, version }, never)).toBeUndefined()
      const job = openStore({ say: options.say, notice() {}, toolCache, temp: join(dir, 'temp') })
      const fetched = await job.fetch(address, version, options)
      // Filesystems round times down.
      await sleep(50)
      expect(await store.fetch(address, version, options)).toEqual(fetched)
      expect(requests.length).toBe(1)
    })
  })

  test.each([
    [
      'a folder',
      (entry: string) => {
        mkdirSync(entry, { recursive: true })
        writeFileSync(join(entry, 'junk'), '')
      },
    ],
    [
      'a file',
      (entry: string) => {
        mkdirSync(dirname(entry), { recursive: true })
        writeFileSync(entry, '')
      },
    ],
  ])('takes the place of something that is no ISO: %s', async (_, put) => {
    const entry = join(root(), '6.5.0-90233c', arch())
    put(entry)
    await withServer(sound, async ({ origin }) => {
      const { path } = await store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
      expect([path, readdirSync(entry).sort()]).toEqual([join(entry, 'ddk.iso'), ['ddk.iso', 'iso.json']])
      expect(tree().length).toBe(5)
    })
  })

  test('is known by its date, too', async () => {
    const lastModified = 'Tue, 13 Jan 2015 10:00:00 GMT'
    await withServer(
      (q, r) => sendFile(q, r, iso, { lastModified }),
      async ({ origin }) => {
        const url = `${origin}/ddk.iso`
        const { path } = await store.fetch({ urls: [url], headers, headersFor }, version, options)
        expect(await store.find({ url, lastModified }, never)).toMatchObject({ path, lastModified })
        expect(await store.find({ url, lastModified: 'now' }, never)).toBeUndefined()
      },
    )
  })

  test('leaves another one of the same version alone', async () => {
    await withServer(
      (q, r) => sendFile(q, r, q.url!.startsWith('/a.iso') ? iso : other, { etag: '"1"' }),
      async ({ origin }) => {
        const a = await store.fetch({ urls: [`${origin}/a.iso`], headers, headersFor }, version, options)
        const b = await store.fetch({ urls: [`${origin}/b.iso`], headers, headersFor }, version, options)
        expect(sha256(readFileSync(a.path))).toBe(a.sha256)
        expect(sha256(readFileSync(b.path))).toBe(b.sha256)
        expect(b.sha256).toBe(sha256(other))
        expect(await store.find({ version, url: `${origin}/b.iso` }, never)).toMatchObject({ path: b.path })
        expect(useToolkit(() => toolkit.findAllVersions('xenserver-ddk-iso').length)).toBe(2)
        const content = `i${sha256(other).slice(0, 16)}`
        expect(b.path).toBe(join(root(), `6.5.0-90233c.${content}`, arch(), 'b.iso'))
        // A semantic version has one hyphen.
        const plain = { numbers: [6, 5] }
        await store.fetch({ urls: [`${origin}/a.iso?again`], headers, headersFor }, plain, options)
        const c = await store.fetch({ urls: [`${origin}/b.iso?again`], headers, headersFor }, plain, options)
        expect(c.path).toBe(join(root(), `6.5.0-${content}`, arch(), 'b.iso'))
      },
    )
  })
})

test.each([
  ['6.5.0', [6, 5], undefined],
  ['7.0.0', [7], undefined],
  ['6.5.0-90233c', [6, 5, 0], '90233c'],
  ['6.5.0-b0123', [6, 5, 0], '0123'],
  ['6.5.0-1.90233c', [6, 5, 0, 1], '90233c'],
])('an ISO is stored as %s, which the toolkit finds', async (semver, numbers, build) => {
  await withServer(sound, async ({ origin }) => {
    const named = { numbers, ...(build !== undefined && { build }) }
    const { path } = await store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor, sha256: pinned }, named, options)
    expect(useToolkit(() => toolkit.find('xenserver-ddk-iso', semver))).toBe(dirname(path))
    expect(toolkit.isExplicitVersion(semver)).toBe(true)
  })
})

test.each([
  ['/XenServer%20DDK.ISO', 'XenServer_DDK.ISO'],
  ['/folder/', 'ddk.iso'],
  ['/.iso', 'iso.iso'],
  ['/..-ddk.xva.gz', 'ddk.xva.gz'],
  ['/$(id);ddk', '__id__ddk.iso'],
  ['/ddk.img.txt', 'ddk.img.txt.iso'],
  [`/${'a'.repeat(200)}.vhd`, `${'a'.repeat(96)}.vhd`],
])('the file of the address %s has a name that needs no quotation marks: %s', async (path, name) => {
  await withServer(sound, async ({ origin }) => {
    const got = await store.fetch({ urls: [`${origin}${path}`], headers, headersFor }, version, options)
    expect(basename(got.path)).toBe(name)
  })
})

describe('the checksum of what an address gave', () => {
  test('is known even if the ISO is gone, for this address only, which is not recorded', async () => {
    await withServer(sound, async ({ origin }) => {
      const url = `${origin}/ddk.iso?token=hush`
      await store.fetch({ urls: [url], headers, headersFor }, version, options)
      rmSync(root(), { recursive: true })
      expect([store.checksumBefore(url), store.checksumBefore(`${url}2`)]).toEqual([pinned, undefined])
      const records = readdirSync(toolCache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      expect(records.map(({ name }) => name)).toEqual([sha256(Buffer.from(url))])
      const [record] = records.map(({ parentPath, name }) => join(parentPath, name))
      expect(readFileSync(record!, 'utf8')).toBe(`${pinned}\n`)
      writeFileSync(record!, `${pinned}0\n`)
      expect(store.checksumBefore(url)).toBeUndefined()
    })
  })

  test('is known from the ISO if only that is there', async () => {
    await withServer(sound, async ({ origin }) => {
      const url = `${origin}/ddk.iso`
      await store.fetch({ urls: [url], headers, headersFor }, version, options)
      rmSync(join(toolCache, 'xenserver-ddk-checksums'), { recursive: true })
      expect([store.checksumBefore(url), store.checksumBefore(`${url}2`)]).toEqual([pinned, undefined])
    })
  })

  test('follows the address', async () => {
    let bytes = iso
    await withServer(
      (q, r) => sendFile(q, r, bytes),
      async ({ origin }) => {
        const address = { urls: [`${origin}/ddk.iso`], headers, headersFor }
        await store.fetch(address, version, options)
        bytes = other
        await store.fetch({ ...address, sha256: sha256(other) }, version, options)
        expect(store.checksumBefore(address.urls[0]!)).toBe(sha256(other))
      },
    )
  })

  test('of a stored ISO is told without reading it, as long as there is a file', async () => {
    await withServer(sound, async ({ origin }) => {
      const url = `${origin}/ddk.iso`
      const { path } = await store.fetch({ urls: [url], headers, headersFor }, version, options)
      writeFileSync(path, '')
      expect([store.recorded({ url }), store.recorded({ url: `${url}2` }), said]).toEqual([pinned, undefined, [expect.any(String)]])
      rmSync(path)
      expect(store.recorded({ url })).toBeUndefined()
    })
  })
})

test.each([undefined, '/elsewhere'])('the tool cache of the steps stays the same: %s', async (before) => {
  const { RUNNER_TOOL_CACHE: runners } = process.env
  const set = (value: string | undefined) => {
    if (value === undefined) delete process.env.RUNNER_TOOL_CACHE
    else process.env.RUNNER_TOOL_CACHE = value
  }
  set(before)
  try {
    expect(await store.find({ version }, never)).toBeUndefined()
    expect(process.env.RUNNER_TOOL_CACHE).toBe(before)
  } finally {
    set(runners)
  }
})

describe('an ISO that has changed is removed, and fetched again', () => {
  test.each<[string, (path: string) => void, string]>([
    [
      'a flipped bit',
      (path) => writeFileSync(path, Buffer.concat([iso.subarray(0, 999), Buffer.from([iso[999]! ^ 1]), iso.subarray(1000)])),
      `but ${pinned} is expected; it is damaged, or another ISO`,
    ],
    ['cut short', (path) => writeFileSync(path, iso.subarray(0, 999)), 'it has 999 bytes, not 2000000'],
    ['missing', (path) => rmSync(path), 'the file is missing'],
  ])('%s', async (_, spoil, flaw) => {
    await withServer(sound, async ({ origin, requests }) => {
      const address = { urls: [`${origin}/ddk.iso`], headers, headersFor, sha256: pinned }
      const { path } = await store.fetch(address, version, options)
      spoil(path)
      expect(await store.find({ sha256: pinned }, never)).toBeUndefined()
      expect(said.at(-1)).toContain(`The ISO ${path} in the tool cache has changed: `)
      expect(said.at(-1)).toContain(`${flaw}. It is removed and downloaded again`)
      expect(tree()).toEqual(['6.5.0-90233c'])
      expect(useToolkit(() => toolkit.find('xenserver-ddk-iso', '6.5.0-90233c'))).toBe('')
      expect(await store.fetch(address, version, options)).toMatchObject({ path, sha256: pinned })
      expect(requests.length).toBe(2)
    })
  })

  test('but not if another job has put a good one there meanwhile', async () => {
    await withServer(sound, async ({ origin }) => {
      const address = { urls: [`${origin}/ddk.iso`], headers, headersFor, sha256: pinned }
      const { path } = await store.fetch(address, version, options)
      const good = join(dir, 'good')
      cpSync(dirname(path), good, { recursive: true })
      writeFileSync(path, iso.subarray(0, 999))
      const replaced = openStore({
        say() {
          rmSync(dirname(path), { recursive: true })
          renameSync(good, dirname(path))
        },
        notice() {},
        toolCache,
        temp: join(dir, 'temp'),
      })
      expect(await replaced.find({ sha256: pinned }, never)).toBeUndefined()
      expect(existsSync(good)).toBe(false)
      expect(await replaced.find({ sha256: pinned }, never)).toMatchObject({ path })
    })
  })

  test('but not if the job ends while it is verified', async () => {
    await withServer(sound, async ({ origin }) => {
      const { path } = await store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
      await expect(store.find({ sha256: pinned }, AbortSignal.abort(new Error('Stopped')))).rejects.toThrow('Stopped')
      expect(await store.find({ sha256: pinned }, never)).toMatchObject({ path })
    })
  })

  test('an unreadable description', async () => {
    await withServer(sound, async ({ origin }) => {
      const address = { urls: [`${origin}/ddk.iso`], headers, headersFor }
      const { path } = await store.fetch(address, version, options)
      writeFileSync(join(dirname(path), 'iso.json'), '{')
      expect(await store.find({ url: address.urls[0]! }, never)).toBeUndefined()
      expect(await store.fetch(address, version, options)).toMatchObject({ path, sha256: pinned })
    })
  })

  test('a description that names a file elsewhere', async () => {
    await withServer(sound, async ({ origin }) => {
      const address = { urls: [`${origin}/ddk.iso`], headers, headersFor }
      const { path } = await store.fetch(address, version, options)
      const description = join(dirname(path), 'iso.json')
      writeFileSync(join(dir, 'elsewhere.iso'), iso)
      writeFileSync(description, JSON.stringify({ ...JSON.parse(readFileSync(description, 'utf8')), file: '../../../../elsewhere.iso' }))
      expect(await store.find({ sha256: pinned }, never)).toBeUndefined()
      expect(await store.fetch(address, version, options)).toMatchObject({ path })
    })
  })

  test.each([{ sha256: 'none' }, { file: '' }, { file: 'two words.iso' }])('a description that cannot be right: %j', async (wrong) => {
    await withServer(sound, async ({ origin }) => {
      const { path } = await store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
      const description = join(dirname(path), 'iso.json')
      writeFileSync(description, JSON.stringify({ ...JSON.parse(readFileSync(description, 'utf8')), ...wrong }))
      expect(await store.find({ version }, never)).toBeUndefined()
      expect(said).toEqual([expect.stringContaining('was downloaded over plain http')])
    })
  })

  test('a missing marker is written later', async () => {
    await withServer(sound, async ({ origin }) => {
      const { path } = await store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
      rmSync(`${dirname(path)}.complete`)
      expect(await store.find({ version }, never)).toMatchObject({ path })
      expect(useToolkit(() => toolkit.find('xenserver-ddk-iso', '6.5.0-90233c'))).toBe(dirname(path))
    })
  })
})

/** Sends the file in ten pieces, one every `pause` milliseconds. */
function slow(pause: number): Handler {
  return async (request, response) => {
    const from = Number(/\d+/.exec(request.headers.range ?? '0')![0])
    const type = { etag: '"1"', 'content-length': iso.length - from }
    if (from === 0) response.writeHead(200, type)
    else response.writeHead(206, { ...type, 'content-range': `bytes ${from}-${iso.length - 1}/${iso.length}` })
    for (let at = from; at < iso.length; at += 200_000) {
      response.write(iso.subarray(at, at + 200_000))
      await sleep(pause)
    }
    response.end()
  }
}

/** Sends the beginning of the file, and nothing more, to the first who asks; to all others what they want. */
function stalling(): Handler {
  let first = true
  return (request, response) => {
    sendFile(request, response, iso, { etag: '"1"', ...(first && { stallAfter: 600_000 }) })
    first = false
  }
}

/** Until what has been fetched so far is more than nothing. */
async function partHasBytes(): Promise<void> {
  const size = (name: string) => statSync(join(root(), name), { throwIfNoEntry: false })?.size ?? 0
  await until(() => tree().some((name) => /\.partial(\.[\w-]+)?\/\w+\.iso$/.test(name) && size(name) > 0))
}

describe('several processes on one tool cache', () => {
  test('fetch once, and all have it', async () => {
    await withServer(slow(100), async ({ origin, requests }) => {
      const all = [1, 2, 3].map(() => start([toolCache, `${origin}/ddk.iso`]))
      for (const { ended } of all) {
        const { code, out, log } = await ended
        expect([code, out.sha256]).toEqual([0, pinned])
        // Whoever waits says so once.
        expect(log.match(/Another job/g)?.length ?? 0).toBeLessThanOrEqual(1)
      }
      expect(requests.length).toBe(1)
      expect(tree()).toEqual([...entryOf('6.5.0'), `6.5.0/${arch()}/ddk.iso`].sort())
    })
  })

  test('one that is killed leaves its part to the one that waits, which has the same bytes in the end', async () => {
    await withServer(stalling(), async ({ origin, requests }) => {
      const url = `${origin}/ddk.iso`
      const first = start([toolCache, url])
      await partHasBytes()
      const second = start([toolCache, url])
      await second.says('Another job on this machine is fetching this ISO; waiting for it')
      first.kill('SIGKILL')
      await first.ended
      const { out, log } = await second.ended
      expect([out.sha256, sha256(readFileSync(String(out.path)))]).toEqual([pinned, pinned])
      expect(log).toContain('Resuming after ')
      expect(requests[1]!.headers.range).toMatch(/^bytes=[1-9]\d+-$/)
      expect(tree()).toEqual([...entryOf('6.5.0'), `6.5.0/${arch()}/ddk.iso`].sort())
    })
  })

  test('one that is told to stop does so at once, and the next goes on', async () => {
    await withServer(stalling(), async ({ origin, requests }) => {
      const url = `${origin}/ddk.iso`
      const first = start([toolCache, url])
      await partHasBytes()
      first.kill('SIGTERM')
      expect(await first.ended).toMatchObject({ code: 1, out: { error: 'Stopped' } })
      // It neither waited for more nor asked again.
      expect(requests).toHaveLength(1)
      expect(useToolkit(() => toolkit.find('xenserver-ddk-iso', '6.5.0'))).toBe('')
      expect(await store.find({ url }, never)).toBeUndefined()
      expect(await start([toolCache, url]).ended).toMatchObject({ code: 0, out: { sha256: pinned } })
      expect(requests[1]!.headers.range).toMatch(/^bytes=[1-9]\d+-$/)
    })
  })

  test('one that loses its folder, because another takes it for dead, ends', async () => {
    await withServer(stalling(), async ({ origin }) => {
      const fetching = store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
      const taken = partHasBytes().then(() => {
        const name = tree().find((name) => /\.partial\.[\w-]+$/.test(name))!
        renameSync(join(root(), name), join(dir, 'taken'))
      })
      await expect(fetching).rejects.toThrow(/ was taken away by another job; run the job again$/)
      await taken
    })
  })

  test('one that expects another file from the same address waits for no other', async () => {
    await withServer(stalling(), async ({ origin }) => {
      const url = `${origin}/ddk.iso`
      const first = start([toolCache, url])
      await partHasBytes()
      expect(await start([toolCache, url, pinned]).ended).toMatchObject({ code: 0, out: { sha256: pinned }, log: '' })
      first.kill('SIGKILL')
      await first.ended
    })
  })

  test('one that is killed at any moment leaves nothing that is taken for whole, and the last one has the right bytes', async () => {
    await withServer(slow(60), async ({ origin }) => {
      const url = `${origin}/ddk.iso`
      for (let moment = 0; moment < 8; moment++) {
        const killed = start([toolCache, url])
        await Promise.race([sleep(250 + moment * 75), killed.ended])
        killed.kill('SIGKILL')
        await killed.ended
        const found = await store.find({ url }, never)
        if (found) expect(sha256(readFileSync(found.path))).toBe(pinned)
        else expect(useToolkit(() => toolkit.find('xenserver-ddk-iso', '6.5.0'))).toBe('')
      }
      const { out } = await start([toolCache, url]).ended
      expect([out.sha256, sha256(readFileSync(String(out.path)))]).toEqual([pinned, pinned])
      expect(tree()).toEqual([...entryOf('6.5.0'), `6.5.0/${arch()}/ddk.iso`].sort())
      expect(said).toEqual([])
    })
  })
})

describe('a .part file of another user', () => {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replace(/[-\n]/g, '').slice(0, 12)
  const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')

  /** Stops a fetch midway, and gives its part to the owner with this tag. Gives the folder's path then. */
  async function leavePart(url: string, tag: string): Promise<string> {
    const abort = new AbortController()
    partHasBytes().then(() => abort.abort(new Error('Stopped')))
    await expect(store.fetch({ urls: [url], headers, headersFor }, version, { ...options, signal: abort.signal })).rejects.toThrow(
      'Stopped',
    )
    const part = join(root(), tree().find((name) => name.endsWith('.partial'))!)
    renameSync(part, `${part}.${tag}`)
    return `${part}.${tag}`
  }

  const goOn = (url: string, signal = never) => store.fetch({ urls: [url], headers, headersFor }, version, { ...options, signal })

  test.each([
    ['a process that has ended', `${boot}-${namespace}-${spawnSync('true').pid}-1-x`],
    ['a process whose number is now another one’s', `${boot}-${namespace}-${process.pid}-1-x`],
  ])('%s, is continued at once', async (_, tag) => {
    await withServer(stalling(), async ({ origin, requests }) => {
      await leavePart(`${origin}/ddk.iso`, tag)
      expect(await goOn(`${origin}/ddk.iso`)).toMatchObject({ sha256: pinned })
      expect(requests[1]!.headers.range).toMatch(/^bytes=[1-9]\d+-$/)
      expect(said).not.toContainEqual(expect.stringContaining('Another job'))
    })
  })

  test('and whatever else dead owners have left of it, is gone in the end', async () => {
    await withServer(stalling(), async ({ origin }) => {
      const dead = `${boot}-${namespace}-${spawnSync('true').pid}-1-x`
      const part = await leavePart(`${origin}/ddk.iso`, dead)
      cpSync(part, `${part}2`, { recursive: true })
      cpSync(part, part.slice(0, -dead.length - 1), { recursive: true })
      await goOn(`${origin}/ddk.iso`)
      expect(tree().filter((name) => name.includes('partial'))).toEqual([])
    })
  })

  test.each([
    ['in another container', `${boot}-1-${process.pid}-1-x`],
    ['on another machine', `ffffffffffff-${namespace}-${process.pid}-1-x`],
  ])('%s, is awaited as long as its owner is alive', async (_, tag) => {
    await withServer(stalling(), async ({ origin, requests }) => {
      const part = await leavePart(`${origin}/ddk.iso`, tag)
      utimesSync(part, new Date(), new Date())
      const abort = new AbortController()
      const going = goOn(`${origin}/ddk.iso`, abort.signal)
      await until(() => said.includes('Another job on this machine is fetching this ISO; waiting for it'))
      abort.abort(new Error('Stopped'))
      await expect(going).rejects.toThrow('Stopped')
      utimesSync(part, new Date(), new Date(Date.now() - 61_000))
      expect(await goOn(`${origin}/ddk.iso`)).toMatchObject({ sha256: pinned })
      expect(requests.length).toBe(2)
    })
  })

  unless(noOtherUser).test('who has other rights, is not taken: this one fetches all of it', async () => {
    await withServer(stalling(), async ({ origin, requests }) => {
      const url = `${origin}/ddk.iso`
      const abort = new AbortController()
      partHasBytes().then(() => abort.abort(new Error('Stopped')))
      const stopped = store.fetch({ urls: [url], headers, headersFor }, { numbers: [6, 5] }, { ...options, signal: abort.signal })
      await expect(stopped).rejects.toThrow('Stopped')
      sh(`find '${toolCache}' -type d -exec chmod 777 {} +`)
      const { code, out } = await start([toolCache, url], asNobody).ended
      expect([code, out.sha256, String(out.path).startsWith(toolCache)]).toEqual([0, pinned, true])
      expect(requests[1]!.headers.range).toBeUndefined()
    })
  })

  test('long ago, of another ISO, is removed', async () => {
    await withServer(stalling(), async ({ origin }) => {
      const part = await leavePart(`${origin}/old.iso`, `ffffffffffff-${namespace}-1-1-x`)
      const eightDaysAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000)
      utimesSync(part, eightDaysAgo, eightDaysAgo)
      await goOn(`${origin}/ddk.iso`)
      expect(existsSync(part)).toBe(false)
    })
  })
})

describe('a .part file of another ISO stays', () => {
  const oneDayAgo = new Date(Date.now() - 24 * 3600 * 1000)
  const eightDaysAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000)
  test.each([
    ['for some days after its owner has died, so that its download can be resumed', () => `ffffffffffff-1-1-1-x`, oneDayAgo],
    ['as long as its owner lives, however long it has had no byte', () => ownerTag(), eightDaysAgo],
  ])('%s', async (_, tag, touched) => {
    await withServer(sound, async ({ origin }) => {
      const part = join(root(), '6.5.0-90233c', `${arch()}.0123456789abcdef.partial.${tag()}`)
      mkdirSync(part, { recursive: true })
      utimesSync(part, touched, touched)
      await store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
      expect(existsSync(part)).toBe(true)
    })
  })
})

describe('what jobs have left in the tool cache', () => {
  const ago = (days: number) => new Date(Date.now() - days * 24 * 3600 * 1000)
  /** Fetches an ISO while there is such a folder, and says whether it is still there then. */
  async function stays(semver: string, name: string, touched: Date): Promise<boolean> {
    const left = join(root(), semver, name)
    mkdirSync(left, { recursive: true })
    writeFileSync(join(left, 'ddk.iso'), '')
    utimesSync(left, touched, touched)
    await withServer(sound, ({ origin }) => store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options))
    return existsSync(left)
  }

  test.each([`${arch()}.0123456789abcdef.partial`, `${arch()}.0b0e4c0e-0000-4000-8000-000000000000.removed`])(
    'is removed after some days, whatever its version: %s',
    async (name) => {
      expect(await stays('6.2.0', name, ago(8))).toBe(false)
      expect(await stays('6.2.0', name, ago(6))).toBe(true)
    },
  )

  test.each([arch(), `${arch()}.partially`])('stays if it is something else, however old: %s', async (name) => {
    expect(await stays('6.2.0', name, ago(800))).toBe(true)
  })
})

describe("a tool cache that can't be used", () => {
  test('because there is none: the ISO is kept for this job, with a notice', async () => {
    const temporary = openStore({ say: options.say, notice: (line) => noticed.push(line), toolCache: '', temp: join(dir, 'temp') })
    await withServer(sound, async ({ origin }) => {
      const { path } = await temporary.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
      expect(path.startsWith(join(dir, 'temp'))).toBe(true)
      expect(noticed).toEqual([expect.stringMatching(/^The ISO is kept for this job only, in .*: RUNNER_TOOL_CACHE is not set$/)])
      expect(await temporary.find({ version }, never)).toMatchObject({ path })
    })
  })

  unless(noOtherUser).test('because something in the place of the ISO cannot be removed: says what to do', async () => {
    for (const semver of ['6.5.0', `6.5.0-i${pinned.slice(0, 16)}`]) {
      mkdirSync(join(root(), semver, arch(), 'of root'), { recursive: true })
      // Whoever may write there can still not rename what belongs to others.
      chmodSync(join(root(), semver), 0o1777)
    }
    await withServer(sound, async ({ origin }) => {
      const { code, out } = await start([toolCache, `${origin}/ddk.iso`], asNobody).ended
      expect([code, out.error]).toEqual([
        1,
        `${join(root(), '6.5.0', arch())} is taken by something that can't be removed; remove it by hand, or give the runner's user permission to`,
      ])
      expect(tree().filter((name) => name.endsWith('.complete'))).toEqual([])
    })
  })

  unless(noOtherUser).test('because it is another user’s: the ISO is kept for this job, and one that is there is used', async () => {
    await withServer(sound, async ({ origin, requests }) => {
      const url = `${origin}/ddk.iso`
      mkdirSync(toolCache, { mode: 0o755 })
      mkdirSync(join(dir, 'temp'))
      chmodSync(join(dir, 'temp'), 0o777)
      const first = await start([toolCache, url], asNobody).ended
      expect(first).toMatchObject({ code: 0, out: { sha256: pinned } })
      expect(String(first.out.path).startsWith(join(dir, 'temp'))).toBe(true)
      expect(first.log).toMatch(/notice: The ISO is kept for this job only, .* can't be written \(permission denied\)/)
      const { path } = await store.fetch({ urls: [url], headers, headersFor }, version, options)
      rmSync(join(dir, 'temp'), { recursive: true })
      expect(await start([toolCache, url], asNobody).ended).toMatchObject({ code: 0, out: { path, sha256: pinned } })
      expect(requests.length).toBe(2)
    })
  })

  const withoutLength: Handler = (_, response) => void response.writeHead(200).end(iso)
  const full = {
    before: [/the ISO needs 2.0 MB of disk at .*, but only 1.0 MB are free/, sound],
    meanwhile: [/the disk was full after 1\.\d MB of ddk.iso, which have been removed/, withoutLength],
  } as const
  /** Where `place` is, a small disk. */
  async function withSmallDisk(place: string, use: () => Promise<void>, megabytes = 1): Promise<void> {
    mkdirSync(place, { recursive: true })
    sh(`mount -t tmpfs -o size=${megabytes}m tmpfs '${place}'`)
    try {
      await use()
    } finally {
      sh(`umount '${place}'`)
    }
  }

  unless(noMounts).test.each(['before', 'meanwhile'] as const)(
    'because its disk is full: it is kept for this job (seen %s)',
    async (when) => {
      const [figures, handler] = full[when]
      await withSmallDisk(toolCache, () =>
        withServer(handler, async ({ origin }) => {
          const { path, sha256: found } = await store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
          expect([path.startsWith(join(dir, 'temp')), found, sha256(readFileSync(path))]).toEqual([true, pinned, pinned])
          expect(noticed).toEqual([
            expect.stringMatching(/^The ISO is kept for this job only, in .*\/temp\/xenserver-ddk-tool-cache\/xenserver-ddk-iso: /),
          ])
          expect(noticed[0]).toMatch(figures)
          expect(tree().filter((name) => name.endsWith('.iso'))).toEqual([])
        }),
      )
    },
  )

  unless(noMounts).test.each(['before', 'meanwhile'] as const)(
    'and RUNNER_TEMP is full as well: says so with figures (seen %s)',
    async (when) => {
      const [figures, handler] = full[when]
      await withSmallDisk(toolCache, () =>
        withSmallDisk(join(dir, 'temp'), () =>
          withServer(handler, async ({ origin }) => {
            const failing = store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
            await expect(failing).rejects.toThrow(new RegExp(`${figures.source}; free some space or use a larger disk$`, 'i'))
            expect(tree().filter((name) => name.endsWith('.iso'))).toEqual([])
          }),
        ),
      )
    },
  )

  unless(noMounts).test('because something else fills its disk meanwhile: says how much of the ISO there was', async () => {
    let full = false
    const filling: Handler = async (request, response) => {
      if (full) return sound(request, response)
      response.writeHead(200, { 'content-length': iso.length }).write(iso.subarray(0, 1_000_000))
      const partial = () => tree().find((name) => name.endsWith('/ddk.iso'))
      await until(() => partial() !== undefined && statSync(join(root(), partial()!)).size === 1_000_000)
      full = true
      expect(() => writeFileSync(join(toolCache, 'other'), Buffer.alloc(4 << 20))).toThrow('ENOSPC')
      response.end(iso.subarray(1_000_000))
    }
    await withSmallDisk(
      toolCache,
      () =>
        withServer(filling, async ({ origin }) => {
          const { path } = await store.fetch({ urls: [`${origin}/ddk.iso`], headers, headersFor }, version, options)
          expect(path.startsWith(join(dir, 'temp'))).toBe(true)
          expect(noticed).toEqual([
            expect.stringContaining(': the disk was full after 1.0 MB of 2.0 MB of ddk.iso, which have been removed; '),
          ])
        }),
      4,
    )
  })
})
