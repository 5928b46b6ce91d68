import { createReadStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startCacheService } from '../support/cache-service.ts'
import { makeRunner, type Runner } from '../support/runner.ts'
import { run } from '../support/tools.ts'

// node __tests__/bench/temperatures.ts ISO MAIN WORK
// How long the action takes with an engine, from everything that it may find: nothing, the Actions cache, the tool cache, the engine itself.
// MAIN is the bundle; WORK a folder with room. Needs a Docker daemon. Prints a table.

const [iso, main, work] = process.argv.slice(2) as [string, string, string]

let sent = 0
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-length': statSync(iso).size, etag: '"bench"', 'accept-ranges': 'bytes' })
  if (request.method === 'HEAD') return void response.end()
  createReadStream(iso)
    .on('data', (piece) => {
      sent += piece.length
    })
    .pipe(response)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ddk.iso`
const service = await startCacheService()
const dir = mkdtempSync(join(work, 'xenserver-ddk-bench-'))

/** What is left of a job when all its steps are done. */
function leftIn(folder: string): number {
  return readdirSync(folder).filter((name) => name !== 'xenserver-ddk-shells').length
}

const image = 'xenserver-ddk-bench:1'

/** Ours, and no other. */
function removeImage(): void {
  if (run('docker', ['images', '--quiet', image]) !== '') run('docker', ['image', 'rm', '--force', image])
}

const rows: string[] = []

async function measure(what: string, runner: Runner, inputs: Record<string, string>, source: string): Promise<void> {
  sent = 0
  const start = Date.now()
  const ended = await runner.main({ iso: address, engine: 'docker', image, network: 'none', ...inputs })
  const seconds = (Date.now() - start) / 1000
  if (ended.code !== 0 || runner.outputs().source !== source) throw new Error(`${what}: ${ended.stdout}${ended.stderr}`)
  const load = /^Loaded .* in ([\d.]+ s)/m.exec(ended.stdout)?.[1] ?? '-'
  const saving = Date.now()
  await runner.post()
  const left = leftIn(runner.temp)
  rows.push(
    `${what.padEnd(24)} ${seconds.toFixed(1).padStart(7)} ${load.padStart(9)} ${((Date.now() - saving) / 1000).toFixed(1).padStart(7)} ${(sent / 1e6).toFixed(0).padStart(13)} ${String(left).padStart(6)}`,
  )
}

try {
  const machine = makeRunner(dir, main, service.env.v2)
  await measure('cold', machine, { cache: 'all' }, 'download')
  await measure('engine', machine.nextJob(), { cache: 'all' }, 'engine')
  removeImage()
  await measure('Actions cache', makeRunner(mkdtempSync(join(dir, 'other-')), main, service.env.v2), { cache: 'all' }, 'cache')
  removeImage()
  await measure('tool cache', machine.nextJob(), { cache: 'none' }, 'tool-cache')
} finally {
  removeImage()
  server.close()
  await service.close()
  rmSync(dir, { recursive: true, force: true })
}
console.log(
  `${'image from'.padEnd(24)} ${'seconds'.padStart(7)} ${'of them'.padStart(9)} ${'post'.padStart(7)} ${'MB downloaded'.padStart(13)} ${'files'.padStart(6)}`,
)
console.log(`${''.padEnd(24)} ${''.padStart(7)} ${'load'.padStart(9)} ${'step'.padStart(7)} ${''.padStart(13)} ${'left'.padStart(6)}`)
console.log(rows.join('\n'))
