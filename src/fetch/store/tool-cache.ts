import { mkdirSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs'
import { arch, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { find, findAllVersions } from '@actions/tool-cache'
import { sha256Of } from '../../bytes/digest.ts'
import { systemMessage } from '../../bytes/errors.ts'
import type { Version } from '../../catalog/version.ts'
import { NoRoom } from '../../host/free-space.ts'
import { sentenceOf } from '../../host/system-error.ts'
import type { Address } from '../http/address.ts'
import { type DownloadOptions, download } from '../http/download.ts'
import { type Claim, claim, removeAbandoned, sweep } from './claim.ts'
import { markWhole, publish, verified } from './entry.ts'
import { cameAfter, describeIso, type StoredIso, type Wanted } from './stored-iso.ts'

/**
 * ISOs that outlive a job, where the toolkit's tool cache has its tools: TOOL_CACHE/xenserver-ddk-iso/SEMVER/ARCH/FILE.iso,
 * with `iso.json` beside it, and the marker ARCH.complete.
 */
export interface Store {
  /** Looks for an ISO and verifies it by its SHA-256; one that isn't what it was when it came is removed, with a line. */
  find(wanted: Wanted & { readonly version?: Version | undefined }, signal: AbortSignal): Promise<StoredIso | undefined>
  /** Downloads into the store; or gives what another job put there meanwhile. */
  fetch(address: Address, version: Version | undefined, options: DownloadOptions): Promise<StoredIso>
}

const toolName = 'xenserver-ddk-iso'

/**
 * @param say for a line of the log; `notice` for one that the user shall see: the ISO won't be there for the next job
 */
export function openStore({
  say,
  notice,
  toolCache = process.env.RUNNER_TOOL_CACHE,
  temp = process.env.RUNNER_TEMP,
}: {
  readonly say: (line: string) => void
  readonly notice: (line: string) => void
  readonly toolCache?: string | undefined
  readonly temp?: string | undefined
}): Store {
  const fallback = resolve(temp || tmpdir(), 'xenserver-ddk-tool-cache')
  const runners = toolCache ? [resolve(toolCache)] : []
  // One that can't be written may still hold the ISO: a runner's image can bring it along.
  const toolCaches = [...runners, fallback]
  return {
    find: (wanted, signal) => findIn(toolCaches, wanted, say, signal),
    async fetch(address, version, options) {
      const semver = semverOf(version, address.urls[0]!)
      const [chosen = fallback] = runners
      const fetchToFallback = (why: string) => {
        notice(`The ISO is kept for this job only, in ${join(fallback, toolName)}: ${why}`)
        return fetchTo(fallback, address, semver, options)
      }
      const why = chosen === fallback ? 'RUNNER_TOOL_CACHE is not set' : whyNotWritable(join(chosen, toolName, semver))
      if (why !== undefined) return fetchToFallback(why)
      try {
        return await fetchTo(chosen, address, semver, options)
      } catch (error) {
        if (!isNoRoom(error)) throw error
        const sentence = sentenceOf(error)
        return fetchToFallback(`${sentence[0]?.toLowerCase()}${sentence.slice(1)}`)
      }
    },
  }
}

/**
 * The name of a version in the tool cache, which takes semantic versions only: `6.5.0`, `6.5.0-90233c`;
 * without a version one from the hash of the address.
 */
export function semverOf(version: Version | undefined, url: string): string {
  const [major = 0, minor = 0, patch = 0, ...rest] = version?.numbers ?? []
  const details = version ? [...rest.map(String), ...(version.build ? [version.build] : [])] : [sha256Of(url).slice(0, 16)]
  // A number in a semantic version has no zero in front.
  const legal = details.map((detail) => (/^0\d+$/.test(detail) ? `b${detail}` : detail))
  return `${major}.${minor}.${patch}${legal.length > 0 ? `-${legal.join('.')}` : ''}`
}

/** Found out before a byte is fetched if the server says how many there are, else when the disk is full. */
function isNoRoom(error: unknown): boolean {
  return error instanceof NoRoom || ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function whyNotWritable(dir: string): string | undefined {
  try {
    mkdirSync(dir, { recursive: true })
    rmdirSync(mkdtempSync(join(dir, '.try-')))
    return undefined
  } catch (error) {
    return `${dir} can't be written (${systemMessage(error)})`
  }
}

async function findIn(
  toolCaches: readonly string[],
  wanted: Parameters<Store['find']>[0],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<StoredIso | undefined> {
  for (const toolCache of toolCaches) {
    for (const entry of entriesIn(toolCache, wanted)) {
      const iso = await verified(entry, wanted, say, signal)
      if (iso) return iso
    }
  }
  return undefined
}

/** The folders of a tool cache in which the ISO may be: with a checksum or an address, it may lie under any version. */
function entriesIn(toolCache: string, { version, sha256, url }: Parameters<Store['find']>[0]): string[] {
  // A job can have ended before it could write the marker, without which the toolkit sees no entry.
  for (const name of namesIn(join(toolCache, toolName))) markWhole(join(toolCache, toolName, name, arch()))
  return lookIn(toolCache, () => {
    const versions = sha256 === undefined && url === undefined ? [] : findAllVersions(toolName).sort()
    const entries = [...(version ? [semverOf(version, '')] : []), ...versions].map((semver) => find(toolName, semver))
    return [...new Set(entries)].filter((entry) => entry !== '')
  })
}

/** What `look` finds by the toolkit, which knows one tool cache only: that of RUNNER_TOOL_CACHE. Nothing if it can't be read. */
function lookIn(toolCache: string, look: () => string[]): string[] {
  const { RUNNER_TOOL_CACHE: before } = process.env
  process.env.RUNNER_TOOL_CACHE = toolCache
  try {
    return look()
  } catch {
    return []
  } finally {
    if (before === undefined) delete process.env.RUNNER_TOOL_CACHE
    else process.env.RUNNER_TOOL_CACHE = before
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort()
  } catch {
    return []
  }
}

async function fetchTo(toolCache: string, address: Address, semver: string, options: DownloadOptions): Promise<StoredIso> {
  const url = address.urls[0]!
  const start = Date.now()
  const root = join(toolCache, toolName)
  const entry = join(root, semver, arch())
  const wanted = address.sha256 === undefined ? { url } : { sha256: address.sha256 }
  /** What is there already, unless it may be what the caller didn't want. */
  const findFetched = async () => {
    for (const dir of new Set([entry, ...entriesIn(toolCache, wanted)])) {
      if (address.sha256 === undefined && !cameAfter(dir, start)) continue
      const iso = await verified(dir, wanted, options.say, options.signal)
      if (iso) return iso
    }
    return undefined
  }
  // What another user of the machine left couldn't be written to.
  const key = sha256Of(JSON.stringify([url, address.sha256 ?? '', process.getuid?.() ?? '']))
  const partial = `${entry}.${key.slice(0, 16)}.partial`
  const claimed = await claim(partial, findFetched, options)
  if ('path' in claimed) return claimed
  try {
    const iso = await fillAndPublish(claimed, entry, address, options)
    sweep(partial)
    for (const name of namesIn(root)) tryTo(() => removeAbandoned(join(root, name)))
    return iso
  } finally {
    claimed.release()
  }
}

/** Other users' leftovers can't be removed, and needn't. */
function tryTo(tidy: () => void): void {
  try {
    tidy()
  } catch {
    // They take up room, and nothing else.
  }
}

async function fillAndPublish({ dir, lost }: Claim, entry: string, address: Address, options: DownloadOptions): Promise<StoredIso> {
  const url = address.urls[0]!
  const file = fileNameOf(url)
  const signal = AbortSignal.any([options.signal, lost])
  const downloaded = await download(address, join(dir, file), { ...options, signal })
  describeIso(dir, file, url, downloaded)
  return publish(dir, entry, options)
}

/** The last part of an address's path, with nothing in it that a shell or a reader could stumble over. */
function fileNameOf(url: string): string {
  const name = (new URL(url).pathname.split('/').at(-1) ?? '')
    .replace(/%[0-9a-f]{2}|[^\w.-]/gi, '_')
    .replace(/^[.-]+/, '')
    .slice(-100)
  return /.\.(iso|xva|vhd|img)$/i.test(name) ? name : `${name || 'ddk'}.iso`
}
