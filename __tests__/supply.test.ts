import { randomUUID } from 'node:crypto'
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { configDigest } from '../src/image/archive/archive.ts'
import { configOf } from '../src/image/description.ts'
import { shellLabel } from '../src/shell/container.ts'
import { startEngine } from './engine/start-engine.ts'
import { type Server, serve } from './fetch/server.ts'
import { makeDdkIso } from './fixtures/ddk-iso.ts'
import { makeXva } from './fixtures/xva.ts'
import { type CacheService, startCacheService } from './support/cache-service.ts'
import { bundle } from './support/cli.ts'
import { makeRunner, type Runner } from './support/runner.ts'
import { unless } from './support/skip.ts'
import { run, sh, until } from './support/tools.ts'

// Where an image comes from, cheapest first: the bundle as the runner starts it, a web server that has the ISO, a cache service, an engine.

const docker = startEngine('docker')
if ('env' in docker) Object.assign(process.env, docker.env)
// Jest's process.env isn't the one that programs inherit by themselves.
const dockerCli = (...args: string[]) => run('docker', args, { env: process.env })

let dir = ''
let iso = ''
let isoSha256 = ''
let server: Server
let service: CacheService
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-supply-'))
  bundle(join(dir, 'dist'))
  sh(`cp -r matchers '${dir}'`)
  iso = join(dir, 'ddk.iso')
  await makeDdkIso({ iso })
  isoSha256 = run('sha256sum', [iso]).split(' ')[0]!
  server = await serve((request, response) => {
    const file = { '/ddk.iso': iso, '/export?uuid=1': join(dir, 'exported'), '/XenServer-ddk.zip': join(dir, 'ddk.zip') }[request.url!]
    if (file === undefined) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-length': statSync(file).size, etag: '"one"', 'accept-ranges': 'bytes' })
    if (request.method === 'HEAD') response.end()
    else createReadStream(file).pipe(response)
  })
  service = await startCacheService()
})
afterAll(async () => {
  await Promise.all([server?.close(), service?.close()])
  if ('stop' in docker) docker.stop()
  rmSync(dir, { recursive: true, force: true })
})

const fetches = () => server.requests.filter(({ method }) => method === 'GET').length
/** A machine that nothing is known of. */
const freshMachine = () => makeRunner(mkdtempSync(join(dir, 'machine-')), join(dir, 'dist/main.cjs'), service.env.v2)
const address = () => ({ iso: `${server.origin}/ddk.iso` })

/** @param said what the post step says */
async function job(runner: Runner, inputs: Record<string, string>, said: unknown = expect.anything()): Promise<Record<string, string>> {
  const main = await runner.main({ engine: 'none', ...inputs })
  expect([main.code, main.stdout, main.stderr]).toEqual([0, expect.anything(), ''])
  const post = await runner.post()
  expect([post.code, post.stdout, post.stderr]).toEqual([0, said, ''])
  return runner.outputs()
}

describe.each([
  ['an address', () => ({})],
  ['an address with a checksum', () => ({ 'iso-sha256': isoSha256 })],
])('of %s', (_name, more) => {
  test('cold, then from the Actions cache of another machine, from its ISO, from the tool cache', async () => {
    service.forgetAll()
    const before = fetches()
    const inputs = { ...address(), ...more() }
    const machine = freshMachine()
    const cold = await job(machine, inputs)
    expect(cold).toMatchObject({ source: 'download', 'cache-hit': 'false', 'iso-sha256': isoSha256 })
    expect(fetches()).toBe(before + 1)
    // Without a known checksum, the one that it had is kept as well.
    expect(service.keys()).toHaveLength('iso-sha256' in inputs ? 2 : 3)
    expect(service.keys()).toContain(cold['cache-key'])

    const warm = await job(freshMachine(), inputs)
    expect(warm).toMatchObject({
      source: 'cache',
      'cache-hit': 'true',
      'image-id': cold['image-id'],
      'iso-sha256': isoSha256,
      'iso-path': '',
    })

    const fromIso = await job(freshMachine(), { ...inputs, cache: 'iso', uname: 'host' })
    expect(fromIso).toMatchObject({ source: 'iso-cache', 'cache-hit': 'false', 'iso-sha256': isoSha256 })

    const kept = await job(machine.nextJob(), { ...inputs, cache: 'none' })
    expect(kept).toMatchObject({ source: 'tool-cache', 'cache-hit': 'false', 'image-id': cold['image-id'], 'iso-path': cold['iso-path'] })
    expect(fetches()).toBe(before + 1)
  })

  test.each(['truncated', 'flipped', 'missing'] as const)('an entry that comes back %s is as if it were not there', async (fault) => {
    service.forgetAll()
    const inputs = { ...address(), ...more() }
    const cold = await job(freshMachine(), inputs)
    service.faults.download = fault
    try {
      const next = await job(freshMachine(), inputs)
      expect(next).toMatchObject({ source: 'download', 'image-id': cold['image-id'] })
    } finally {
      delete service.faults.download
    }
  })
})

test('what an address gives is recognized by its content: an exported machine, and a zip', async () => {
  const disk = join(dir, 'ddk.img')
  await makeDdkIso({ iso: join(dir, 'same.iso'), disk })
  makeXva(disk, join(dir, 'exported'), join(dir, 'xva'), { maker: 'xenserver-8', compression: 'zstd' })
  sh('zip -q ddk.zip ddk.iso', { cwd: dir })
  const { 'image-id': imageId } = await job(freshMachine(), { iso, cache: 'none' })
  const layersOf = (archive: string) => JSON.parse(run('tar', ['-xOf', archive, 'manifest.json']))[0].Layers
  const layers: unknown[] = []
  for (const [path, name] of [
    ['export?uuid=1', 'export.iso'],
    ['XenServer-ddk.zip', 'XenServer-ddk.zip'],
  ] as const) {
    const outputs = await job(freshMachine(), { iso: `${server.origin}/${path}`, cache: 'none', archive: join(dir, `${name}.tar`) })
    expect(outputs).toMatchObject({ source: 'download', 'xenserver-version': '6.5.0', 'build-number': '90233c' })
    expect(outputs['iso-path']).toMatch(new RegExp(`/${name}$`))
    // The configuration has the checksum of the input.
    expect(outputs['image-id']).not.toBe(imageId)
    layers.push(layersOf(outputs.archive!))
  }
  const fromIso = await job(freshMachine(), { iso, cache: 'none', archive: join(dir, 'iso.tar') })
  expect(layers).toEqual([layersOf(fromIso.archive!), layersOf(fromIso.archive!)])
})

test('an image that was made of another ISO is not used, though it lies under the right key', async () => {
  service.forgetAll()
  const other = join(dir, 'other.iso')
  await makeDdkIso({ iso: other, version: '7.0.0', build: '125380c' })
  const wrong = await job(freshMachine(), { iso: other })
  const right = await job(freshMachine(), { iso })
  service.replace(right['cache-key']!, service.archive(wrong['cache-key']!))
  const next = await job(freshMachine(), { iso })
  expect(next).toMatchObject({ source: 'file', 'xenserver-version': '6.5.0', 'image-id': right['image-id'] })
})

test('what the cache has under one name can be had under another', async () => {
  service.forgetAll()
  const first = await job(freshMachine(), { iso, image: 'vendor/ddk:one' })
  const second = await job(freshMachine(), { iso, image: 'vendor/ddk:two' })
  expect(second).toMatchObject({ source: 'cache', image: 'vendor/ddk:two', 'image-id': first['image-id'] })
})

test('problems with the cache service fail no step', async () => {
  service.forgetAll()
  service.faults.lookup = { status: 500, times: 1 }
  service.faults.reserve = 'denied'
  try {
    const said = expect.stringMatching(/^::endgroup::\n1 of 1 entries weren't saved to the Actions cache; the group above says why \(/m)
    expect(await job(freshMachine(), { iso }, said)).toMatchObject({ source: 'file' })
    expect(service.keys()).toEqual([])
  } finally {
    delete service.faults.lookup
    delete service.faults.reserve
  }
})

test('an ISO that was fetched before is used if the server is gone', async () => {
  const machine = freshMachine()
  const passing = await serve((request, response) => {
    response.writeHead(200, { 'content-length': statSync(iso).size, etag: '"one"' })
    if (request.method === 'HEAD') response.end()
    else createReadStream(iso).pipe(response)
  })
  const inputs = { iso: `${passing.origin}/ddk.iso`, cache: 'none' }
  await job(machine, inputs)
  await passing.close()
  expect(await job(machine.nextJob(), inputs)).toMatchObject({ source: 'tool-cache' })
})

test('a catalog of the user gives the address and the checksum', async () => {
  const catalog = join(dir, 'catalog.json')
  const release = { version: '6.5.0', build: '90233c', urls: [`${server.origin}/ddk.iso`], sha256: isoSha256 }
  writeFileSync(catalog, JSON.stringify({ releases: [release] }))
  const outputs = await job(freshMachine(), { catalog, 'xenserver-version': '6.5', cache: 'none' })
  expect(outputs).toMatchObject({ source: 'download', 'xenserver-version': '6.5.0', 'iso-sha256': isoSha256 })
})

test('a job that is cancelled during the download ends soon, and the next one goes on where it stopped', async () => {
  let slow = true
  let resumedFrom: string | undefined
  const trickle = await serve((request, response) => {
    const bytes = readFileSync(iso)
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (request.method === 'GET') resumedFrom = request.headers.range
    const common = { etag: '"one"', 'accept-ranges': 'bytes', 'content-length': bytes.length - start }
    if (start > 0) response.writeHead(206, { ...common, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` })
    else response.writeHead(200, common)
    if (request.method === 'HEAD') response.end()
    else if (slow) response.write(bytes.subarray(0, 400_000))
    else response.end(bytes.subarray(start))
  })
  try {
    const machine = freshMachine()
    const inputs = { iso: `${trickle.origin}/ddk.iso`, cache: 'none' }
    const stop = new AbortController()
    const running = machine.main({ engine: 'none', ...inputs }, stop.signal)
    await until(() => sizesBelow(machine.toolCache).includes(400_000))
    stop.abort()
    const ended = await running
    // It didn't wait until it may ask a server again that sends nothing any more.
    expect(trickle.requests.filter(({ method }) => method === 'GET')).toHaveLength(1)
    expect([ended.code, ended.stdout]).toEqual([1, expect.stringContaining('::error::Cancelled (SIGINT)')])
    await machine.post()
    expect(readdirSync(machine.temp)).toEqual([])
    slow = false
    expect(await job(machine.nextJob(), inputs)).toMatchObject({ source: 'download', 'iso-sha256': isoSha256 })
    expect(resumedFrom).toBe('bytes=400000-')
  } finally {
    await trickle.close()
  }
})

test('whenever a run is killed, the next one on the machine takes nothing partial for whole', async () => {
  service.forgetAll()
  const whole = await job(freshMachine(), { ...address(), cache: 'none' })
  const began = Date.now()
  await job(freshMachine(), { ...address(), cache: 'none' })
  const usual = Date.now() - began
  let machine = freshMachine()
  for (let moment = 1; moment <= 10; moment++) {
    const archive = join(machine.workspace, 'image.tar')
    const ended = await machine.main(
      { engine: 'none', archive, ...address() },
      AbortSignal.timeout(Math.round((usual * moment) / 10)),
      'SIGKILL',
    )
    const outputs = machine.outputs()
    if (existsSync(archive)) expect(run('skopeo', ['inspect', `docker-archive:${archive}`])).toContain(whole['iso-sha256'])
    if (ended.code === 0) expect(outputs['image-id']).toBe(whole['image-id'])
    machine = machine.nextJob()
    const next = await job(machine, { ...address(), cache: 'iso' })
    expect(next).toMatchObject({ 'image-id': whole['image-id'], 'iso-sha256': isoSha256 })
    // So that the next killed run has something to fetch again.
    if (moment % 2 === 0) rmSync(machine.toolCache, { recursive: true })
    machine = machine.nextJob()
  }
})

const { test: withDocker } = unless('skip' in docker ? docker.skip : undefined)

withDocker('the engine is asked first, and a step of the job runs in the image', async () => {
  // Unlike any that the daemon may have from another run.
  const number = randomUUID()
  const name = `xenserver-ddk-test:supply-${number}`
  const own = join(dir, 'own.iso')
  await makeDdkIso({ iso: own, label: `XenServer DDK 6.5.0-90233c, ${number}` })
  const machine = freshMachine()
  const inputs = { iso: own, engine: 'docker', image: name, cache: 'none', network: 'none' }
  try {
    const first = await machine.main(inputs)
    expect([first.code, first.stdout]).toEqual([0, expect.stringContaining(`Loaded ${name}`)])
    expect(machine.outputs()).toMatchObject({ source: 'file', archive: '' })

    const script = join(machine.temp, 'step.sh')
    writeFileSync(script, '/usr/local/bin/uname -r\ncat /etc/redhat-release\necho made >"$GITHUB_WORKSPACE/made"\n')
    const env = { ...process.env, PATH: `${machine.path().join(':')}:${process.env.PATH}`, GITHUB_WORKSPACE: machine.workspace }
    const said = run('ddk.sh', [script], { cwd: machine.workspace, env })
    expect(said).toBe('3.10.0+2\nXenServer DDK release 6.5.0-90233c (xenenterprise)\n')
    expect(existsSync(join(machine.workspace, 'made'))).toBe(true)

    const second = machine.nextJob()
    expect((await second.main({ ...inputs, image: `${name}-again` })).code).toBe(0)
    expect(second.outputs()).toMatchObject({ source: 'engine', 'cache-hit': 'true', 'kernel-version': '3.10.0+2' })
    for (const job of [machine, second]) {
      expect((await job.post()).code).toBe(0)
      expect(readdirSync(job.temp).filter((entry) => entry !== 'xenserver-ddk-shells' && entry !== 'step.sh')).toEqual([])
    }
    const filters = ['--filter', `label=${shellLabel}`, '--filter', `ancestor=${name}`]
    expect(dockerCli('ps', '--all', '--quiet', ...filters)).toBe('')
  } finally {
    dockerCli('image', 'rm', '--force', name, `${name}-again`)
  }
})

withDocker('two jobs at once on one machine and one engine both get the image, and the ISO is fetched once', async () => {
  const number = randomUUID()
  const name = `xenserver-ddk-test:both-${number}`
  const own = join(dir, 'both.iso')
  await makeDdkIso({ iso: own, label: `XenServer DDK 6.5.0-90233c, ${number}` })
  let gets = 0
  const origin = await serve((request, response) => {
    response.writeHead(200, { 'content-length': statSync(own).size, etag: '"both"' })
    if (request.method === 'HEAD') return void response.end()
    gets++
    createReadStream(own).pipe(response)
  })
  try {
    const one = freshMachine()
    const other = one.nextJob()
    const inputs = { iso: `${origin.origin}/ddk.iso`, engine: 'docker', image: name, cache: 'none', network: 'none' }
    const ends = await Promise.all([one, other].map((runner) => runner.main(inputs)))
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    expect(one.outputs()['image-id']).toBe(other.outputs()['image-id'])
    expect(gets).toBe(1)
    for (const runner of [one, other]) expect((await runner.post()).code).toBe(0)
  } finally {
    await origin.close()
    dockerCli('image', 'rm', '--force', name)
  }
})

withDocker('an entry that a job without an engine saved serves every Docker, also one that knows no zstd', async () => {
  service.forgetAll()
  const number = randomUUID()
  const name = `xenserver-ddk-test:shared-${number}`
  const own = join(dir, 'shared.iso')
  await makeDdkIso({ iso: own, label: `XenServer DDK 6.5.0-90233c, ${number}` })
  const first = await job(freshMachine(), { iso: own, cache: 'image' })
  try {
    const machine = freshMachine()
    const { code, stdout } = await machine.main({ iso: own, engine: 'docker', image: name, cache: 'image', network: 'none' })
    expect([code, stdout]).toEqual([0, expect.stringContaining(`Loaded ${name}`)])
    expect(machine.outputs()).toMatchObject({ source: 'cache', 'cache-hit': 'true', 'cache-key': first['cache-key'] })
    expect((await machine.post()).code).toBe(0)
  } finally {
    dockerCli('image', 'rm', '--force', name)
  }
})

withDocker(
  'an image from the cache whose layer is not the described one is made anew, however well it fits its own description',
  async () => {
    service.forgetAll()
    const number = randomUUID()
    const name = `xenserver-ddk-test:forged-${number}`
    const own = join(dir, 'forged.iso')
    await makeDdkIso({ iso: own, label: `XenServer DDK 6.5.0-90233c, ${number}` })
    const inputs = { iso: own, engine: 'docker', image: name, cache: 'image', network: 'none' }
    const first = await job(freshMachine(), inputs)
    try {
      service.replace(first['cache-key']!, withForgedDiffId(service.archive(first['cache-key']!)))
      dockerCli('image', 'rm', '--force', first['image-id']!)
      const machine = freshMachine()
      const { code, stdout } = await machine.main(inputs)
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/The image in the Actions cache is ignored: a layer should hold sha256:0{64}, but holds/),
      ])
      expect(machine.outputs()).toMatchObject({ source: 'file', 'cache-hit': 'false', 'image-id': first['image-id'] })
      expect((await machine.post()).code).toBe(0)
    } finally {
      dockerCli('image', 'rm', '--force', name)
    }
  },
)

function sizesBelow(folder: string): number[] {
  return readdirSync(folder, { recursive: true }).flatMap(
    (name) => statSync(join(folder, String(name)), { throwIfNoEntry: false })?.size ?? [],
  )
}

/** An entry of the cache with another layer's diffId, and all that is derived from it, as only a forger would make it. */
function withForgedDiffId(entry: Buffer): Buffer {
  const work = mkdtempSync(join(dir, 'forge-'))
  writeFileSync(join(work, 'entry'), entry)
  sh(`cd '${work}'; tar --zstd -xf entry`)
  const file = join(work, 'xenserver-ddk/about.json')
  const image = JSON.parse(readFileSync(file, 'utf8'))
  image.description.layers[0].diffId = `sha256:${'0'.repeat(64)}`
  image.configDigest = configDigest(configOf(image.description))
  writeFileSync(file, JSON.stringify(image))
  sh(`cd '${work}'; tar --zstd --sort=name -cf forged xenserver-ddk`)
  return readFileSync(join(work, 'forged'))
}
