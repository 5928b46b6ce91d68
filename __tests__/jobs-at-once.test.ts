import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { describeEngines } from './engine/engines.ts'
import { type Server, sendFile, serve } from './fetch/server.ts'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { bundle } from './support/cli.ts'
import { makeRunner } from './support/runner.ts'
import { run, sh } from './support/tools.ts'

// Several jobs of the bundle at once, with one engine and one tool cache, as on a machine with several runners. script/fleet has twenty.

let dir = ''
let server: Server
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-jobs-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  const iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  const bytes = readFileSync(iso)
  server = await serve((request, response) => sendFile(request, response, bytes, { etag: '"1"' }))
})
afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})

describeEngines(['docker', 'podman'], ({ command, env, stop }) => {
  afterAll(stop)

  test('jobs that start at the same time download and convert once, and all have the image', async () => {
    server.requests.length = 0
    const folder = mkdtempSync(join(dir, 'runner-'))
    const jobs = Array.from({ length: 4 }, () => makeRunner(folder, join(dir, 'dist/main.cjs'), env))
    const name = `ddk-jobs-at-once-${process.pid}:1`
    const inputs = { iso: `${server.origin}/ddk.iso`, engine: command, image: name, cache: 'none', network: 'none' }
    const ended = await Promise.all(jobs.map((job) => job.main(inputs)))
    expect(ended.map(({ code, stdout }) => (code === 0 ? '' : stdout))).toEqual(['', '', '', ''])
    const did = (line: string) => ended.filter(({ stdout }) => stdout.includes(line)).length
    expect([did('::group::Make the image'), did('::group::Load the image into'), did(`${command} already has the image:`)]).toEqual([
      1, 1, 3,
    ])
    expect(server.requests.filter(({ method }) => method === 'GET')).toHaveLength(1)
    expect(new Set(jobs.map((job) => job.outputs()['image-id'])).size).toBe(1)
    await Promise.all(jobs.map((job) => job.post()))
    expect(readdirSync(join(folder, 'tool-cache', 'xenserver-ddk-images')).filter((entry) => !entry.endsWith('.json'))).toEqual([])
    run(command, ['image', 'rm', '--force', name], { env: { ...process.env, ...env } })
  })
})
