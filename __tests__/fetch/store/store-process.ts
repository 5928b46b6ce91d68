// A process that fetches into a store and says what it got, for tests of two at once and of ones that are killed.
// Usage: node store-process.ts TOOL_CACHE URL [SHA256]
import { openStore } from '../../../src/fetch/store/tool-cache.ts'

const [toolCache, url, sha256] = process.argv.slice(2)
const say = (line: string) => console.error(line)
const abort = new AbortController()
process.on('SIGTERM', () => abort.abort(new Error('Stopped')))
try {
  const store = openStore({ say, notice: (line) => say(`notice: ${line}`), toolCache, temp: process.env.RUNNER_TEMP })
  const options = { signal: abort.signal, say, warn: say, pace: { stall: 60_000, attempts: 3, delay: 50 } }
  const address = { urls: [url!], headers: new Map(), headersFor: new Set<string>(), ...(sha256 && { sha256 }) }
  const version = { numbers: [6, 5] }
  const iso =
    (await store.find({ version, url: url!, ...(sha256 && { sha256 }) }, abort.signal)) ?? (await store.fetch(address, version, options))
  console.log(JSON.stringify(iso))
} catch (error) {
  console.log(JSON.stringify({ error: (error as Error).message }))
  process.exitCode = 1
}
