import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '../fetch/server.ts'
import { makeRunner } from '../support/runner.ts'
import { type Comparison, timed } from './compare.ts'
import { recipe, repository, type Setting } from './setting.ts'

const bytesPerSecond = 20e6
const step = 1 << 20

/** How long it takes from the last byte of a download to the archive. */
export async function fromServer(setting: Setting): Promise<Comparison> {
  const { iso, work } = setting
  const bytes = readFileSync(iso)
  let lastByte = 0
  const server = await serve((request, response) => {
    response.writeHead(200, { 'content-length': bytes.length, etag: '"bench"' })
    if (request.method === 'HEAD') response.end()
    else void send(response, bytes).then(() => (lastByte = performance.now()))
  })
  const machines = mkdtempSync(join(work, 'machines-'))
  return {
    title: `Last byte of a download at ${bytesPerSecond / 1e6} MB/s to archive`,
    ways: [
      { name: 'recipe', run: () => timed(recipe(setting, 'zstd', '-q', '-T0', '-f', '-o', join(work, 'archive'))) },
      {
        name: 'this action',
        async run() {
          const machine = mkdtempSync(join(machines, 'machine-'))
          const runner = makeRunner(machine, join(repository, 'dist/main.cjs'))
          const ended = await runner.main({ iso: `${server.origin}/ddk.iso`, engine: 'none', cache: 'none' })
          const seconds = (performance.now() - lastByte) / 1000
          if (ended.code !== 0) throw new Error(ended.stdout + ended.stderr)
          rmSync(machine, { recursive: true })
          return { seconds }
        },
      },
    ],
    async close() {
      await server.close()
      rmSync(machines, { recursive: true, force: true })
    },
  }
}

async function send(response: ServerResponse, bytes: Buffer): Promise<void> {
  const start = performance.now()
  for (let at = 0; at < bytes.length; at += step) {
    await sleep(Math.max(0, start + (at / bytesPerSecond) * 1000 - performance.now()))
    if (!response.write(bytes.subarray(at, at + step))) await new Promise((resolve) => response.once('drain', resolve))
  }
  response.end()
}
