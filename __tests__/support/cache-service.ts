import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { until } from './tools.ts'

/** What goes wrong; each is looked at when its request comes. */
export interface Faults {
  /** Status of the answer to a lookup, 0 for none at all; and how often, -1 for always. */
  lookup?: { status: number; times: number }
  /** Milliseconds until a lookup is answered. */
  delay?: number
  /** How a reservation ends. */
  reserve?: 'conflict' | 'denied' | 'not ok' | 'error'
  /** How an upload ends. */
  upload?: 'refused' | 'stalled'
  finalize?: 'not ok'
  /** What happens to the archive on its way back. */
  download?: 'stalled' | 'trickling' | 'truncated' | 'short' | 'flipped' | 'missing'
}

interface Stored {
  readonly key: string
  readonly version: string
  readonly blocks: Map<string, Buffer>
  archive?: Buffer
  complete: boolean
}

export interface CacheService {
  /** What the runner gives an action for it, of either version. */
  readonly env: Readonly<Record<'v1' | 'v2', NodeJS.ProcessEnv>>
  readonly faults: Faults
  /** Lines such as `POST CreateCacheEntry`, in the order of their arrival. */
  readonly requests: string[]
  /** What requests came with as their authorization, each once. */
  tokens(): string[]
  /** The keys that can be found. */
  keys(): string[]
  /** The stored archive of a key, to look at or to replace. */
  archive(key: string): Buffer
  replace(key: string, archive: Buffer): void
  /** Copies an entry under another key, as nobody but an attacker does. */
  swap(from: string, to: string): void
  /** Is told the number of each request, before it is answered; one for which it returns false never is. */
  atRequest(told: ((count: number) => boolean) | undefined): void
  /** Resolves when a request like this has come. */
  heard(line: RegExp): Promise<void>
  /** Removes entries, by their keys. */
  forget(which: (key: string) => boolean): void
  forgetAll(): void
  close(): Promise<void>
}

/**
 * GitHub's cache service on loopback, as far as `@actions/cache` speaks with it: version 2 (twirp, and Azure's Put Blob, Put Block and Put
 * Block List), and version 1 (`_apis/artifactcache`) that GitHub Enterprise Server has. What was uploaded is found only when it was finalized.
 */
export async function startCacheService(): Promise<CacheService> {
  const entries: Stored[] = []
  const faults: Faults = {}
  const requests: string[] = []
  const tokens = new Set<string>()
  let told: ((count: number) => boolean) | undefined
  let base = ''

  const find = (keys: readonly string[], version: string) =>
    entries.find((entry) => entry.complete && entry.version === version && keys.includes(entry.key))
  const taken = (key: string, version: string) => entries.some((entry) => entry.key === key && entry.version === version)
  const reserve = (key: string, version: string) => entries.push({ key, version, blocks: new Map(), complete: false }) - 1
  const stored = (key: string) => {
    const entry = entries.find((candidate) => candidate.key === key)
    if (!entry) throw new Error(`nothing is stored for ${key}`)
    return entry
  }
  const denied = 'cache write denied: this run may only read'

  function twirp(method: string, body: { key: string; version: string }): [number, object] {
    switch (method) {
      case 'GetCacheEntryDownloadURL': {
        const entry = find([body.key], body.version)
        return [
          200,
          entry ? { ok: true, signed_download_url: `${base}blob/${entries.indexOf(entry)}?sig=s`, matched_key: entry.key } : { ok: false },
        ]
      }
      case 'CreateCacheEntry':
        if (faults.reserve === 'denied') return [200, { ok: false, message: denied }]
        if (faults.reserve === 'not ok') return [200, { ok: false }]
        if (faults.reserve === 'error') return [400, { msg: 'the reservation failed' }]
        if (faults.reserve === 'conflict' || taken(body.key, body.version))
          return [409, { code: 'already_exists', msg: 'cache entry already exists' }]
        return [200, { ok: true, signed_upload_url: `${base}account/cache/${reserve(body.key, body.version)}?sig=s` }]
      case 'FinalizeCacheEntryUpload': {
        if (faults.finalize === 'not ok') return [200, { ok: false, message: 'the entry could not be finalized' }]
        const index = entries.findIndex((entry) => entry.key === body.key && entry.version === body.version)
        entries[index]!.complete = true
        return [200, { ok: true, entry_id: String(index + 1) }]
      }
      default:
        return [404, { msg: method }]
    }
  }

  async function azure(request: IncomingMessage, response: ServerResponse, index: number, query: URLSearchParams): Promise<void> {
    const entry = entries[index]!
    if (faults.upload === 'refused') return void response.writeHead(403).end()
    if (faults.upload === 'stalled') return
    const bytes = await bytesOf(request)
    if (query.get('comp') === 'block') entry.blocks.set(query.get('blockid')!, bytes)
    else if (query.get('comp') === 'blocklist') {
      const ids = [...bytes.toString().matchAll(/<Latest>(.*?)<\/Latest>/g)].map(([, id]) => id!)
      entry.archive = Buffer.concat(ids.map((id) => entry.blocks.get(id)!))
    } else entry.archive = bytes
    response.writeHead(201, { etag: '"1"', 'last-modified': new Date(0).toUTCString(), 'x-ms-request-id': '1' }).end()
  }

  function download(response: ServerResponse, { archive }: Stored): void {
    if (!archive || faults.download === 'missing') return void response.writeHead(404).end()
    const middle = archive.length >> 1
    if (faults.download === 'flipped') {
      const flipped = Buffer.from(archive)
      flipped[middle]! ^= 1
      response.writeHead(200, { 'content-length': flipped.length }).end(flipped)
    } else if (faults.download === 'truncated') {
      response.writeHead(200, { 'content-length': middle }).end(archive.subarray(0, middle))
    } else if (faults.download === 'trickling') {
      response.writeHead(200, { 'content-length': archive.length })
      let at = 0
      const timer = setInterval(() => {
        response.write(archive.subarray(at, at + 1000))
        at += 1000
      }, 100)
      response.on('close', () => clearInterval(timer))
    } else if (faults.download === 'short' || faults.download === 'stalled') {
      response.writeHead(200, { 'content-length': archive.length })
      response.write(archive.subarray(0, middle), () => faults.download === 'short' && response.destroy())
    } else response.writeHead(200, { 'content-length': archive.length }).end(archive)
  }

  /** Version 1, below `_apis/artifactcache/`. */
  async function artifactCache(request: IncomingMessage, response: ServerResponse, path: string, query: URLSearchParams): Promise<void> {
    const answer = (status: number, body?: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body))
    }
    if (request.method === 'GET' && path === 'cache') {
      const entry = find(query.get('keys')!.split(','), query.get('version')!)
      return entry ? answer(200, { cacheKey: entry.key, archiveLocation: `${base}blob/${entries.indexOf(entry)}?sig=s` }) : answer(204)
    }
    if (request.method === 'POST' && path === 'caches') {
      const { key, version } = JSON.parse(await textOf(request)) as { key: string; version: string }
      if (faults.reserve === 'denied') return answer(403, { message: denied })
      if (faults.reserve || taken(key, version)) return answer(409, { message: 'Cache already exists.' })
      return answer(201, { cacheId: reserve(key, version) + 1 })
    }
    const entry = entries[Number(path.split('/')[1]) - 1]!
    if (request.method === 'PATCH') {
      if (faults.upload === 'refused') return answer(403, { message: 'no' })
      entry.blocks.set(/bytes (\d+)-/.exec(request.headers['content-range']!)![1]!, await bytesOf(request))
      return answer(204)
    }
    entry.archive = Buffer.concat([...entry.blocks].sort(([a], [b]) => Number(a) - Number(b)).map(([, bytes]) => bytes))
    entry.complete = true
    return answer(204)
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, base)
    const [, first, ...rest] = pathname.split('/')
    if (request.headers.authorization !== undefined) tokens.add(request.headers.authorization)
    const lookup = pathname.endsWith('/GetCacheEntryDownloadURL') || pathname.endsWith('/artifactcache/cache')
    requests.push(
      `${request.method} ${first === 'blob' ? 'blob' : first === 'account' ? `upload ${searchParams.get('comp') ?? 'whole'}` : rest.at(-1)}`,
    )
    if (told?.(requests.length) === false) return
    if (lookup && faults.delay) await new Promise((resolve) => setTimeout(resolve, faults.delay))
    if (lookup && faults.lookup && faults.lookup.times !== 0) {
      faults.lookup.times--
      if (faults.lookup.status === 0) return
      response.writeHead(faults.lookup.status, { 'content-type': 'application/json' }).end('{"msg":"trouble"}')
    } else if (first === 'twirp') {
      const [status, body] = twirp(rest.at(-1)!, JSON.parse(await textOf(request)) as { key: string; version: string })
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    } else if (first === 'account') await azure(request, response, Number(rest[1]), searchParams)
    else if (first === 'blob') download(response, entries[Number(rest[0])]!)
    else if (first === '_apis') await artifactCache(request, response, rest.slice(1).join('/'), searchParams)
    else response.writeHead(404).end()
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const ACTIONS_RUNTIME_TOKEN = 'token'
  return {
    env: {
      v1: { ACTIONS_CACHE_URL: base, ACTIONS_RUNTIME_TOKEN },
      v2: { ACTIONS_RESULTS_URL: base, ACTIONS_CACHE_SERVICE_V2: 'True', ACTIONS_RUNTIME_TOKEN },
    },
    faults,
    requests,
    tokens: () => [...tokens],
    keys: () => entries.filter(({ complete }) => complete).map(({ key }) => key),
    archive: (key) => stored(key).archive!,
    replace(key, archive) {
      stored(key).archive = archive
    },
    swap(from, to) {
      entries.push({ ...stored(from), key: to })
    },
    atRequest(use) {
      told = use
    },
    heard: (line) => until(() => requests.some((request) => line.test(request))),
    forget(which) {
      for (let index = entries.length; index-- > 0; ) if (which(entries[index]!.key)) entries.splice(index, 1)
    },
    forgetAll() {
      for (const name of Object.keys(faults)) delete faults[name as keyof Faults]
      entries.length = 0
      requests.length = 0
      tokens.clear()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}
