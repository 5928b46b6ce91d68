import { existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs'
import { arch, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { find, findAllVersions } from '@actions/tool-cache'
import { sha256Of } from '../../bytes/digest.ts'
import { systemMessage } from '../../bytes/errors.ts'
import type { Version } from '../../catalog/version.ts'
import type { Claim } from '../../host/claim.ts'
import { NoRoom } from '../../host/free-space.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { sentenceOf } from '../../host/system-error.ts'
import { type Address, identifyingUrl } from '../http/address.ts'
import { type DownloadOptions, download } from '../http/download.ts'
import { markWhole, publish, verified } from './entry.ts'
import { knownChecksum, rememberChecksum } from './known-checksums.ts'
import { claim, removeAbandoned, sweep } from './partial-claim.ts'
import { cameAfter, describeIso, isWanted, readIso, type StoredIso, type Wanted } from './stored-iso.ts'

export interface WantedIso extends Wanted {
  readonly version?: Version | undefined
}

/**
 * ISOs that outlive a job, in the toolkit's layout of the tool cache: TOOL_CACHE/xenserver-ddk-iso/SEMVER/ARCH/FILE.iso, with `iso.json`
 * beside the ISO, and the marker ARCH.complete.
 */
export interface Store {
  /** Looks for an ISO and verifies its SHA-256. If it has changed since it was stored, it is removed, with a line in the log. */
  find(wanted: WantedIso, signal: AbortSignal): Promise<StoredIso | undefined>
  /** SHA-256 that an ISO had when it was stored, if its file is still there. The file isn't read: whoever needs it has to find it. */
  recorded(wanted: WantedIso): string | undefined
  /** SHA-256 of an ISO that was fetched from an address before, even if its file is gone. */
  checksumBefore(url: string): string | undefined
  /** Downloads into the store, or returns what another job has stored meanwhile. */
  fetch(address: Address, version: Version | undefined, options: DownloadOptions): Promise<StoredIso>
}

const toolName = 'xenserver-ddk-iso'

/**
 * @param say writes a line to the log
 * @param notice shows a line to the user: the ISO won't be there for the next job
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
  // A read-only tool cache may still contain the ISO, e.g. from the runner's image.
  const toolCaches = [...runners, fallback]
  /** When the store was last searched. */
  let searched: number | undefined
  return {
    checksumBefore(url) {
      const recorded = toolCaches.map((toolCache) => knownChecksum(toolCache, url)).find((sha256) => sha256 !== undefined)
      return recorded ?? storedIn(toolCaches, { url })[0]?.sha256
    },
    recorded(wanted) {
      searched = Date.now()
      return storedIn(toolCaches, wanted).find(({ path }) => existsSync(path))?.sha256
    },
    find(wanted, signal) {
      searched = Date.now()
      return findIn(toolCaches, wanted, say, signal)
    },
    async fetch(address, version, options) {
      const since = searched ?? Date.now()
      const semver = semverOf(version, identifyingUrl(address))
      const [chosen = fallback] = runners
      const fetchToFallback = (why: string) => {
        notice(`The ISO is kept for this job only, in ${join(fallback, toolName)}: ${why}`)
        return fetchTo(fallback, address, semver, since, options)
      }
      const why = chosen === fallback ? 'RUNNER_TOOL_CACHE is not set' : whyNotWritable(join(chosen, toolName, semver))
      if (why !== undefined) return fetchToFallback(why)
      try {
        return await fetchTo(chosen, address, semver, since, options)
      } catch (error) {
        if (!isNoRoom(error)) throw error
        const sentence = sentenceOf(error)
        return fetchToFallback(`${sentence[0]?.toLowerCase()}${sentence.slice(1)}`)
      }
    },
  }
}

/**
 * Name of a version in the tool cache, which accepts only semantic versions: `6.5.0`, `6.5.0-90233c`. Without a version, it is made from
 * the hash of the address.
 */
function semverOf(version: Version | undefined, url: string): string {
  const [major = 0, minor = 0, patch = 0, ...rest] = version?.numbers ?? []
  const details = version ? [...rest.map(String), ...(version.build ? [version.build] : [])] : [sha256Of(url).slice(0, 16)]
  // A number in a semantic version has no leading zero.
  const legal = details.map((detail) => (/^0\d+$/.test(detail) ? `b${detail}` : detail))
  return `${major}.${minor}.${patch}${legal.length > 0 ? `-${legal.join('.')}` : ''}`
}

/** Detected before the download if the server states the size, else when the disk is full. */
function isNoRoom(error: unknown): boolean {
  return error instanceof NoRoom || ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function whyNotWritable(dir: string): string | undefined {
  try {
    makeFolder(dir)
    rmdirSync(mkdtempSync(join(dir, '.try-')))
    return undefined
  } catch (error) {
    return `${dir} can't be written (${systemMessage(error)})`
  }
}

/** What is recorded about the wanted ISOs, whose files may be gone. */
function storedIn(toolCaches: readonly string[], wanted: WantedIso): StoredIso[] {
  const isos = toolCaches.flatMap((toolCache) => entriesIn(toolCache, wanted).map(readIso))
  return isos.filter((iso) => iso !== undefined).filter((iso) => isWanted(iso, wanted))
}

async function findIn(
  toolCaches: readonly string[],
  wanted: WantedIso,
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

/** The folders of a tool cache that may contain the ISO: with a checksum or an address, it may be under any version. */
function entriesIn(toolCache: string, { version, sha256, url }: WantedIso): string[] {
  // A job may have ended before it could write the marker, without which the toolkit doesn't see the entry.
  for (const name of namesIn(join(toolCache, toolName))) markWhole(join(toolCache, toolName, name, arch()))
  return lookIn(toolCache, () => {
    const versions = sha256 === undefined && url === undefined ? [] : findAllVersions(toolName).sort()
    const entries = [...(version ? [semverOf(version, '')] : []), ...versions].map((semver) => find(toolName, semver))
    return [...new Set(entries)].filter((entry) => entry !== '')
  })
}

/** Returns what `look` finds with the toolkit, which only knows the tool cache in RUNNER_TOOL_CACHE. Finds nothing if it can't be read. */
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

/** @param since time in milliseconds; without a checksum, what was stored before is what the caller has found and rejected */
async function fetchTo(toolCache: string, address: Address, semver: string, since: number, options: DownloadOptions): Promise<StoredIso> {
  const url = identifyingUrl(address)
  const root = join(toolCache, toolName)
  const entry = join(root, semver, arch())
  const wanted = address.sha256 === undefined ? { url } : { sha256: address.sha256 }
  /** An ISO that is already there, unless it may be the one that the caller rejected. */
  const findFetched = async () => {
    for (const dir of new Set([entry, ...entriesIn(toolCache, wanted)])) {
      if (address.sha256 === undefined && !cameAfter(dir, since)) continue
      const iso = await verified(dir, wanted, options.say, options.signal)
      if (iso) return iso
    }
    return undefined
  }
  // The key contains the user, because another user's partial file couldn't be written to.
  const key = sha256Of(JSON.stringify([url, address.sha256 ?? '', process.getuid?.() ?? '']))
  const partial = `${entry}.${key.slice(0, 16)}.partial`
  const claimed = await claim(partial, findFetched, options)
  if ('path' in claimed) return claimed
  try {
    const iso = await fillAndPublish(claimed, entry, address, options)
    // It is what the address gave before, or the user has vouched for it.
    rememberChecksum(toolCache, url, iso.sha256)
    sweep(partial)
    for (const name of namesIn(root)) tryTo(() => removeAbandoned(join(root, name)))
    return iso
  } finally {
    claimed.release()
  }
}

/** Runs `remove`, and ignores errors: files of other users can't be removed, and only take up space. */
function tryTo(remove: () => void): void {
  try {
    remove()
  } catch {
    // See above.
  }
}

async function fillAndPublish({ dir, lost }: Claim, entry: string, address: Address, options: DownloadOptions): Promise<StoredIso> {
  const url = identifyingUrl(address)
  const file = fileNameOf(url)
  const signal = AbortSignal.any([options.signal, lost])
  const downloaded = await download(address, join(dir, file), { ...options, signal })
  describeIso(dir, file, url, downloaded)
  return publish(dir, entry, options)
}

/** The last part of an address's path, without characters that need quoting. */
function fileNameOf(url: string): string {
  const name = (new URL(url).pathname.split('/').at(-1) ?? '')
    .replace(/%[0-9a-f]{2}|[^\w.-]/gi, '_')
    .replace(/^[.-]+/, '')
    .slice(-100)
  return /.\.(iso|xva|vhd|img|raw|zip|gz|zst)$/i.test(name) ? name : `${name || 'ddk'}.iso`
}
